// callDeadlineOf: when a call or a run that a fiber makes has to be over: its own time, within that of the fiber.

import { HeddleError } from '../errors.ts';
import type { HostedFiber } from './host.ts';

/** Absolute, ms. `timeoutMs` undefined: the fiber's. Throws INVALID_ARGUMENT for what is no time. */
export function callDeadlineOf({ callDeadlineMs, host }: HostedFiber, timeoutMs: number | undefined): number {
  if (timeoutMs === undefined) return callDeadlineMs;
  if (!(timeoutMs >= 0)) {
    throw new HeddleError('INVALID_ARGUMENT', `timeoutMs must be a number of milliseconds from 0, not ${timeoutMs}`);
  }
  return Math.min(callDeadlineMs, host.clock.nowMs() + timeoutMs);
}
