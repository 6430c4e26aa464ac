// request-errors: what the RequestRunner says of requests that it does not run to their end.

import { HeddleError } from '../runtime/errors.ts';
import type { RunningRequest } from './running-request.ts';

export function unwanted(request: RunningRequest, nowMs: number): HeddleError {
  if (request.deadlineMs <= nowMs) return new HeddleError('DEADLINE_EXCEEDED', `${request.name}: its deadline passed`);
  return new HeddleError('CANCELLED', `${request.name}: the caller no longer wants the answer`);
}

export function cutOff(): HeddleError {
  return new HeddleError('UNAVAILABLE', 'the process stopped before this request was finished (stop.timeout)');
}

/** A nested call that finds no fiber on any thread of the pool. */
export function nestedFull(pool: string, maxNested: number): HeddleError {
  return new HeddleError(
    'RESOURCE_EXHAUSTED',
    `pool ${pool} runs ${maxNested} nested calls on each of its threads (maxNested): calls wait for each other in a circle, or the bound is too small`,
  );
}
