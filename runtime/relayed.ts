// Relayed errors: those that a call of a fiber ended in, as against those that a handler makes itself. When one leaves
// through the handler, its hint must not: `yes` would say that the handler has not run, and whoever repeats on top of a
// layer that has repeated already multiplies the load of a service that fails.

import type { HeddleError, RetryHint } from './errors.ts';

const relayed = new WeakSet<HeddleError>();

/** For whoever ends a fiber's call with the error. */
export function markRelayed(error: HeddleError): HeddleError {
  relayed.add(error);
  return error;
}

/** The hint with which an error leaves through a handler. */
export function hintOf(error: HeddleError): RetryHint {
  if (!relayed.has(error)) return error.retry;
  // Clients repeat by themselves what is unavailable, and so has the handler's.
  if (error.code === 'UNAVAILABLE') return 'no';
  return error.retry === 'yes' ? 'if-idempotent' : error.retry;
}
