// rejection: the HeddleError that a promise ends with.

import { HeddleError } from '../../runtime/errors.ts';

export async function rejection(promise: Promise<unknown>): Promise<HeddleError> {
  try {
    await promise;
  } catch (reason) {
    if (reason instanceof HeddleError) return reason;
    throw reason;
  }
  throw new Error('it did not fail');
}
