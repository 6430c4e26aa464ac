// RollCall (main): waits until each of some threads has answered or has ended, or until the bound is over. RollCalls asks
// threads whether they have taken in all that they were told.

import type { Clock } from '../../runtime/clock.ts';

export class RollCall {
  readonly #waiting: Set<number>;
  readonly #clock: Clock;
  readonly #over = Promise.withResolvers<readonly number[]>();
  readonly #timer: unknown;

  /** `threads`: their numbers. `maxMs`: how long they are waited for. */
  constructor(threads: Iterable<number>, maxMs: number, clock: Clock) {
    this.#waiting = new Set(threads);
    this.#clock = clock;
    this.#timer = clock.setTimer(maxMs, () => this.end());
    if (this.#waiting.size === 0) this.end();
  }

  /** Resolves with the threads that were still waited for when it ended; none: all have answered or are gone. */
  get over(): Promise<readonly number[]> {
    return this.#over.promise;
  }

  /** The thread has answered, or has ended. */
  off(thread: number): void {
    this.#waiting.delete(thread);
    if (this.#waiting.size === 0) this.end();
  }

  /** Nobody waits any longer. */
  end(): void {
    this.#clock.clearTimer(this.#timer);
    this.#over.resolve([...this.#waiting]);
  }
}

export class RollCalls {
  readonly #calls = new Map<number, RollCall>();
  #last = 0;
  #isClosed = false;

  /**
   * Calls those threads, each by `tell`, which must reach it after all that it was told before. Resolves with those that had
   * not answered `onAnswer` after `maxMs`, or when the calls were closed.
   */
  async call(
    threads: readonly number[],
    tell: (thread: number, call: number) => void,
    maxMs: number,
    clock: Clock,
  ): Promise<readonly number[]> {
    if (this.#isClosed) return threads;
    const number = ++this.#last;
    const call = new RollCall(threads, maxMs, clock);
    this.#calls.set(number, call);
    for (const thread of threads) tell(thread, number);
    const silent = await call.over;
    this.#calls.delete(number);
    return silent;
  }

  onAnswer(thread: number, call: number): void {
    this.#calls.get(call)?.off(thread);
  }

  onGone(thread: number): void {
    for (const call of this.#calls.values()) call.off(thread);
  }

  close(): void {
    this.#isClosed = true;
    for (const call of this.#calls.values()) call.end();
  }
}
