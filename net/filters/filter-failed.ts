// filterFailed: what a call fails with whose filters threw: a HeddleError passes, anything else is INTERNAL.

import { HeddleError } from '../../runtime/errors.ts';

export function filterFailed(fullName: string, reason: unknown): HeddleError {
  return HeddleError.from(reason, `a filter around the call of ${fullName} failed; its cause says why`);
}
