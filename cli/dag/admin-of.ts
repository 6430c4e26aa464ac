// adminOf: which process that a command of `heddle dag` asks.

import { type AdminTarget, adminTarget } from '../top/address.ts';
import { ofFile } from './usage.ts';

/**
 * `written`: of `--address` or `--config`. A config may be what is wrong with it, so that is a failure and no wrong usage:
 * throws FAILED_PRECONDITION, and commands end as `heddle admin` does.
 */
export function adminOf(written: string | undefined): AdminTarget {
  return ofFile(() => adminTarget(written, process.env));
}
