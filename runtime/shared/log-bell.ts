// LogBell: how the log thread sleeps and is woken, and how main waits for it. The log thread has nothing to do but to
// write, so it sleeps on a word of shared memory instead of an event loop: a logging thread pays one load per line, and
// a wake-up only when the log thread really sleeps. With plugins on it, it sleeps on the same word without blocking
// (`…Async`), so that their event loop turns; who rings sees no difference.

import { add, load, store, swapIf } from './atomics.ts';

const stateWord = 0;
const roundsWord = 1;
const closingWord = 2;
const sinksBusyWord = 3;

/** awake: looks at every ring before it sleeps. lingers: lets lines gather; only an urgent ring ends that. parked: any does. */
const state = { awake: 0, lingers: 1, parked: 2 } as const;

export function allocateLogBell(): SharedArrayBuffer {
  return new SharedArrayBuffer(64);
}

export class LogBell {
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  /**
   * Any thread, after it has published. Pairs with the stores in park() and linger(): either this sees them sleeping, or
   * their last look sees the line. Never waits.
   */
  ring(urgent: boolean): void {
    const now = load(this.#words, stateWord);
    if (now !== state.parked && !(now === state.lingers && urgent)) return;
    if (swapIf(this.#words, stateWord, now, state.awake)) Atomics.notify(this.#words, stateWord);
  }

  /** Log thread: sleeps until anybody rings, unless `hasWork` (the last look) finds something. */
  park(hasWork: () => boolean): void {
    this.#sleep(state.parked, Number.POSITIVE_INFINITY, hasWork);
  }

  /** Log thread: sleeps for `waitMs` or until an urgent ring, unless `isUrgent` (the last look) finds something. */
  linger(waitMs: number, isUrgent: () => boolean): void {
    this.#sleep(state.lingers, waitMs, isUrgent);
  }

  /** Log thread: sleeps for `waitMs` whoever rings: for a destination that takes nothing at the moment. */
  pause(waitMs: number): void {
    Atomics.wait(this.#words, stateWord, state.awake, waitMs);
  }

  /** As park(), and the event loop turns meanwhile. */
  parkAsync(hasWork: () => boolean): Promise<void> {
    return this.#sleepAsync(state.parked, Number.POSITIVE_INFINITY, hasWork);
  }

  /** As linger(), and the event loop turns meanwhile. */
  lingerAsync(waitMs: number, isUrgent: () => boolean): Promise<void> {
    return this.#sleepAsync(state.lingers, waitMs, isUrgent);
  }

  /** As pause(), and the event loop turns meanwhile. */
  async pauseAsync(waitMs: number): Promise<void> {
    await Atomics.waitAsync(this.#words, stateWord, state.awake, waitMs).value;
  }

  /** Log thread: one look at all rings is over and what it found is written. Pairs with awaitRound(). */
  endRound(): void {
    add(this.#words, roundsWord, 1);
    Atomics.notify(this.#words, roundsWord);
  }

  get rounds(): number {
    return load(this.#words, roundsWord);
  }

  /** Main: waits until a round has ended since `rounds` was read, `waitMs` at most. Blocks the thread. */
  awaitRound(rounds: number, waitMs: number): void {
    Atomics.wait(this.#words, roundsWord, rounds, waitMs);
  }

  /**
   * Log thread: whether sinks of plugins have lines that they have not written. Set before the lines are released from
   * their ring, so whoever sees them gone there sees this. Pairs with awaitSinks().
   */
  setSinksBusy(busy: boolean): void {
    store(this.#words, sinksBusyWord, busy ? 1 : 0);
    if (!busy) Atomics.notify(this.#words, sinksBusyWord);
  }

  /** Main: waits until the sinks of plugins have written once what they had, `waitMs` at most. Blocks the thread. */
  awaitSinks(waitMs: number): void {
    Atomics.wait(this.#words, sinksBusyWord, 1, waitMs);
  }

  /** Main: asks the log thread to write what there is and end. */
  close(): void {
    store(this.#words, closingWord, 1);
    this.ring(true);
  }

  get closing(): boolean {
    return load(this.#words, closingWord) === 1;
  }

  #sleep(how: number, waitMs: number, lastLook: () => boolean): void {
    // Pairs with ring(): it publishes and then loads the state; this stores the state and then looks.
    store(this.#words, stateWord, how);
    if (!lastLook()) Atomics.wait(this.#words, stateWord, how, waitMs);
    store(this.#words, stateWord, state.awake);
  }
  async #sleepAsync(how: number, waitMs: number, lastLook: () => boolean): Promise<void> {
    // As in #sleep(): waitAsync looks at the word in one step with its place among those who wait, as wait does, so a ring
    // between the look and the wait is seen as another value.
    store(this.#words, stateWord, how);
    const sleep = lastLook() ? undefined : Atomics.waitAsync(this.#words, stateWord, how, waitMs);
    if (sleep?.async) await sleep.value;
    store(this.#words, stateWord, state.awake);
    // It did not sleep, and might not for long under a flood: others on this thread must have their turn all the same.
    if (!sleep?.async) await new Promise((resolve) => setImmediate(resolve));
  }
}
