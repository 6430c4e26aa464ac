// LogBell: how the log thread sleeps and is woken, and how main waits for it. The log thread has nothing to do but to
// write, so it sleeps on a word of shared memory instead of an event loop: a logging thread pays one load per line, and
// a wake-up only when the log thread really sleeps.

import { add, load, store, swapIf } from './atomics.ts';

const stateWord = 0;
const roundsWord = 1;
const closingWord = 2;

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
}
