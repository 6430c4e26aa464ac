// Board: the rows of all threads, one SharedArrayBuffer for the process: who is parked, who is dead, what runs now.

import { add, load, store, swapIf } from './atomics.ts';
import { boardRowWords, board as boardWord, boardWords, fates, looksBit, threadNumberMax } from './layout.ts';

/** How soon after the stack was left a rejection is still told of, ms. */
const leftJustNowMs = 1;

/** User code on a thread's stack. */
export interface Running {
  /** Index in the process's method table. */
  method: number;
  fiber: number;
  /** `bodyHash` of its request. */
  body: number;
  /** When its turn on the thread began, ms. */
  sinceMs: number;
}

export class Board {
  readonly memory: SharedArrayBuffer;
  readonly words: Int32Array;
  readonly #doubles: Float64Array;

  constructor(memory = new SharedArrayBuffer(boardWords * 4)) {
    this.memory = memory;
    this.words = new Int32Array(memory);
    this.#doubles = new Float64Array(memory);
  }

  /** One of `fates`. Stored by main before anything of a thread is settled; read before each reply to it. */
  fate(thread: number): number {
    return load(this.words, thread * boardRowWords + boardWord.fate);
  }

  setFate(thread: number, fate: number): void {
    store(this.words, thread * boardRowWords + boardWord.fate, fate);
  }

  isGone(thread: number): boolean {
    return this.fate(thread) !== fates.alive;
  }

  /** Before a number is used (again): nobody on its stack, awake, all gauges 0. */
  resetRow(thread: number): void {
    const row = thread * boardRowWords;
    for (let word = row; word < row + boardRowWords; word++)
      if (word !== row + boardWord.fate) store(this.words, word, 0);
  }

  /**
   * Owner: says that it is about to sleep and for what. Whoever parks must look once more at everything, then sleep.
   * `looks`: once woken it will look at its queues (see `looksBit`).
   */
  park(thread: number, wantBits: number, looks = false): void {
    // Pairs with the load in takeBell(): the parker stores and then looks, the ringer publishes and then loads.
    store(this.words, thread * boardRowWords + boardWord.park, looks ? wantBits | looksBit : wantBits);
  }

  /** Owner: it is awake. Who no longer `looks` must look at its queues after this: pairs with the load in looks(). */
  unpark(thread: number, looks = false): void {
    store(this.words, thread * boardRowWords + boardWord.park, looks ? looksBit : 0);
  }

  /** Whether a thread lives, is awake or rung, and looks at its queues again soon. Asked after a put, which it then sees. */
  looks(thread: number): boolean {
    // Pairs with the stores in park() and unpark().
    return load(this.words, thread * boardRowWords + boardWord.park) === looksBit && !this.isGone(thread);
  }

  /** How long user code has been on the stack of a thread, ms; 0: none is. A hint. */
  visitMs(thread: number, nowMs: number): number {
    const row = thread * boardRowWords;
    return this.words[row + boardWord.method]! > 0 ? nowMs - this.#doubles[(row + boardWord.since) >> 1]! : 0;
  }

  /** Ringer, after it published: true when `thread` sleeps for one of `wantBits` and this caller is the one to ring it. */
  takeBell(thread: number, wantBits: number): boolean {
    const at = thread * boardRowWords + boardWord.park;
    // Pairs with the store in park().
    const parked = load(this.words, at);
    return (parked & wantBits) !== 0 && swapIf(this.words, at, parked, parked & looksBit);
  }

  /** An asker took back a request that `thread` runs. Pairs with the load in cancels(). */
  addCancel(thread: number): void {
    add(this.words, thread * boardRowWords + boardWord.cancels, 1);
  }

  cancels(thread: number): number {
    return load(this.words, thread * boardRowWords + boardWord.cancels);
  }

  /** Owner: what is on the stack now, with its `bodyHash`. */
  setRunning(thread: number, method: number, fiber: number, body: number, sinceMs: number): void {
    const row = thread * boardRowWords;
    this.words[row + boardWord.fiber] = fiber | 0;
    this.words[row + boardWord.body] = body;
    this.#doubles[(row + boardWord.since) >> 1] = sinceMs;
    store(this.words, row + boardWord.method, method + 1);
  }

  /** Owner: user code has left the stack. What it was stays readable for `blameLeft`. */
  leaveRunning(thread: number, nowMs: number): void {
    const row = thread * boardRowWords;
    this.#doubles[(row + boardWord.since) >> 1] = nowMs;
    store(this.words, row + boardWord.method, -Math.abs(this.words[row + boardWord.method]!));
  }

  /**
   * Owner: a promise was rejected and nobody handles it, of which Node tells right after the stack was left: whatever has
   * left it within the last millisecond stands there again.
   */
  blameLeft(thread: number, nowMs: number): boolean {
    const row = thread * boardRowWords;
    const word = this.words[row + boardWord.method]!;
    if (word >= 0 || nowMs - this.#doubles[(row + boardWord.since) >> 1]! > leftJustNowMs) return false;
    store(this.words, row + boardWord.method, -word);
    return true;
  }

  /** What is on a thread's stack, or was when it died. While it lives it may change as this reads. */
  running(thread: number): Running | undefined {
    const row = thread * boardRowWords;
    const method = load(this.words, row + boardWord.method) - 1;
    if (method < 0) return undefined;
    return {
      method,
      fiber: this.words[row + boardWord.fiber]!,
      body: this.words[row + boardWord.body]!,
      sinceMs: this.#doubles[(row + boardWord.since) >> 1]!,
    };
  }

  /** Owner, at each turn. A plain write: nothing is ordered by it, and whoever looks sees it soon enough. */
  noteTurn(thread: number, turns: number): void {
    this.words[thread * boardRowWords + boardWord.turns] = turns | 0;
  }

  /** Owner: one of the gauges of `board` in layout.ts. */
  setGauge(thread: number, word: number, value: number): void {
    store(this.words, thread * boardRowWords + word, value | 0);
  }

  /** The same, of what is only counted: a plain write, like `noteTurn`. What is 0 at rest is told by the gauge of fibers. */
  noteGauge(thread: number, word: number, value: number): void {
    this.words[thread * boardRowWords + word] = value | 0;
  }

  gauge(thread: number, word: number): number {
    return load(this.words, thread * boardRowWords + word);
  }

  /** The sum of one gauge over all numbers in use, the dead ones' until they are settled, mod 2^32. */
  sum(word: number): number {
    let total = 0;
    for (let thread = 1; thread <= threadNumberMax; thread++) {
      if (this.fate(thread) !== fates.unused) total = (total + this.gauge(thread, word)) >>> 0;
    }
    return total;
  }
}
