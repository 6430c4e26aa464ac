// CanaryRuns: while a canary lasts (net/server/canary.ts), how long the requests of each method run on this thread, counted for
// the side whose code it has. What callers wait for tells too little: new code has few of the calls, so they do not wait for a
// thread, and code that takes much longer may look no worse than the old. The RequestRunner tells it of rows and of ends.

import type { FiberExit } from '../runtime/fiber/context.ts';
import { canarySides, type Trial, trialOf } from '../runtime/shared/canary-counts.ts';
import type { MethodRow } from '../runtime/thread-control.ts';
import type { RunningRequest } from './running-request.ts';

export class CanaryRuns {
  readonly #queue: string;
  readonly #thread: number;
  /** By method index; undefined: it is in no canary, or this thread has neither of its codes. */
  readonly #trials: (Trial | undefined)[] = [];

  /** `queue`: that the thread takes from. */
  constructor(queue: string, thread: number) {
    this.#queue = queue;
    this.#thread = thread;
  }

  setRow({ index, queue, canary }: MethodRow): void {
    const isOld = this.#queue === queue;
    const isHere = canary !== undefined && (isOld || this.#queue === canary.queue);
    const side = isOld ? canarySides.old : canarySides.new;
    this.#trials[index] = isHere ? trialOf(canary, side, this.#thread) : undefined;
  }

  /** One that its caller took back says nothing about how long it would have taken; one that was late does. */
  ended({ method, startedMs, deadlineMs }: RunningRequest, { how, atMs }: FiberExit<unknown>): void {
    const trial = this.#trials[method];
    if (trial === undefined || (how === 'cancelled' && atMs < deadlineMs)) return;
    trial.ran(atMs - startedMs);
  }
}
