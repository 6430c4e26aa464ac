// orUsage: a command of `heddle dag` whose arguments say what can't be: that is wrong usage, and not a failure.

import { HeddleError } from '../../runtime/errors.ts';
import { exitCodes } from '../exit-codes.ts';

/** Resolves with the command's exit code, or with that of wrong usage when it throws INVALID_ARGUMENT. */
export async function orUsage(command: () => Promise<number> | number): Promise<number> {
  try {
    return await command();
  } catch (reason) {
    if (!(reason instanceof HeddleError && reason.code === 'INVALID_ARGUMENT')) throw reason;
    process.stderr.write(`heddle: ${reason.message}\n`);
    return exitCodes.usage;
  }
}

/** What `read` says of a file that some argument names: that it is wrong is no wrong usage. */
export function ofFile<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (reason) {
    if (!(reason instanceof HeddleError && reason.code === 'INVALID_ARGUMENT')) throw reason;
    throw new HeddleError('FAILED_PRECONDITION', reason.message, { retry: 'no' });
  }
}

/** What orUsage takes for wrong usage. */
export function wrongUsage(what: string): HeddleError {
  return new HeddleError('INVALID_ARGUMENT', what, { retry: 'no' });
}
