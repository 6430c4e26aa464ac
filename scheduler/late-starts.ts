// LateStarts: which requests of a thread are not started because they could not finish any more. The RequestRunner asks it
// before each start and tells it of each end; method-times.ts has the rule.

import type { FiberExit } from '../runtime/fiber/context.ts';
import type { MethodRow } from '../runtime/thread-control.ts';
import { MethodTimes } from './method-times.ts';
import type { FailedReply } from './reply-form.ts';
import type { RunningRequest } from './running-request.ts';

export class LateStarts {
  /** By method index; offloaded functions are in no row: what one takes says nothing about the next. */
  readonly #isJudged: boolean[] = [];
  /** Of judged methods that have run here. */
  readonly #times: (MethodTimes | undefined)[] = [];

  setRow({ index, startLate }: MethodRow): void {
    this.#isJudged[index] = startLate !== true;
    if (startLate === true) this.#times[index] = undefined;
  }

  /** Undefined: it may start. */
  refusal({ method, name, deadlineMs }: RunningRequest, nowMs: number): FailedReply | undefined {
    const times = this.#times[method];
    if (times === undefined) return undefined;
    const leftMs = deadlineMs - nowMs;
    if (leftMs >= times.medianMs || times.mayStartLate(leftMs, nowMs)) return undefined;
    return notStarted(name, leftMs, times.medianMs);
  }

  /** One that its caller took back says nothing about how long it would have taken; one that was late does. */
  ended({ method, startedMs, deadlineMs }: RunningRequest, { how, atMs }: FiberExit<unknown>): void {
    if (this.#isJudged[method] !== true || (how === 'cancelled' && atMs < deadlineMs)) return;
    const times = this.#times[method] ?? new MethodTimes(startedMs);
    this.#times[method] = times;
    times.ended(startedMs, deadlineMs, atMs);
  }
}

/** Plain: there may be many at once, and the stack of an error costs more than all the rest. */
function notStarted(name: string, leftMs: number, medianMs: number): FailedReply {
  const message = `${name} was not started: ${leftMs.toFixed(1)} ms of its time are left, and its recent runs take ${medianMs.toFixed(1)} ms or more (median); it has not run`;
  return { code: 'DEADLINE_EXCEEDED', message, retry: 'yes', retryAfterMs: 0 };
}
