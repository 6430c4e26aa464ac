// Relayed errors: those that a call of a fiber ended in, as against those that a handler makes itself. When one leaves
// through the handler, its hint must not: `yes` would say that the handler has not run, and whoever repeats on top of a
// layer that has repeated already multiplies the load of a service that fails.

import type { HeddleError } from './errors.ts';

const relayed = new WeakSet<HeddleError>();

/** For whoever ends a fiber's call with the error. */
export function markRelayed(error: HeddleError): HeddleError {
  relayed.add(error);
  return error;
}

export function isRelayed(error: HeddleError): boolean {
  return relayed.has(error);
}
