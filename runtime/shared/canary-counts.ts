// CanaryCounts: what became of the calls to both sides of a canary (net/server/canary.ts), in memory of its own for as long
// as it lasts. Each thread that asks counts in a row of its number, which it alone writes; main sums them up. Made by main,
// one for all methods of a roll.

import { codeNumber } from '../errors.ts';
import { threadNumberMax } from './layout.ts';
import { methodBuckets } from './method-counters.ts';

/** Methods that are counted one by one; those beyond are counted together, in row 0. */
export const canaryMethodsMax = 256;

/** The code in use, and the new one. */
export const canarySides = { old: 0, new: 1 } as const;
export type CanarySide = (typeof canarySides)[keyof typeof canarySides];

/** A cell, in words: answers, those of them that were errors, then the histogram of latencies. None lasts long enough to wrap. */
const errorsWord = 1;
const histogramWord = 2;
const cellWords = histogramWord + methodBuckets.count;

const cancelled = codeNumber('CANCELLED');

/** Sums over threads; they only grow. */
export interface SideCounts {
  /** All but those that were cancelled. */
  answers: number;
  errors: number;
  /** By bucket of `methodBuckets`; answers that were refused at once have none. */
  latency: Float64Array;
}

/** Where one thread counts the calls of one method to one side. */
export class Trial {
  readonly #words: Uint32Array;
  readonly #at: number;

  constructor(words: Uint32Array, at: number) {
    this.#words = words;
    this.#at = at;
  }

  /** `latencyMs` below 0: it never ran, and has none. */
  count(code: number, latencyMs: number): void {
    if (code === cancelled) return;
    const words = this.#words;
    const at = this.#at;
    words[at]! += 1;
    if (code !== 0) words[at + errorsWord]! += 1;
    if (latencyMs >= 0) words[at + histogramWord + methodBuckets.bucketOf(latencyMs)]! += 1;
  }
}

export class CanaryCounts {
  readonly memory: SharedArrayBuffer;
  /** Of each thread: row 0, and one for each method. */
  readonly rows: number;
  readonly #words: Uint32Array;

  /** `rows`: of the method table, row 0 included. What is not used takes no memory. */
  static allocate(rows: number): SharedArrayBuffer {
    return new SharedArrayBuffer((threadNumberMax + 1) * Math.min(rows, canaryMethodsMax) * 2 * cellWords * 4);
  }

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#words = new Uint32Array(memory);
    this.rows = this.#words.length / ((threadNumberMax + 1) * 2 * cellWords);
  }

  trial(thread: number, row: number, side: CanarySide): Trial {
    return new Trial(this.#words, this.#at(thread, row, side));
  }

  /** Row 0: of all methods beyond the bound. */
  read(row: number, side: CanarySide): SideCounts {
    const sums: SideCounts = { answers: 0, errors: 0, latency: new Float64Array(methodBuckets.count) };
    for (let thread = 1; thread <= threadNumberMax; thread++) {
      const at = this.#at(thread, row, side);
      const answers = this.#words[at]!;
      if (answers === 0) continue;
      sums.answers += answers;
      sums.errors += this.#words[at + errorsWord]!;
      for (let bucket = 0; bucket < sums.latency.length; bucket++) {
        sums.latency[bucket]! += this.#words[at + histogramWord + bucket]!;
      }
    }
    return sums;
  }

  /** The row in which a method is counted. */
  rowOf(method: number): number {
    return method < this.rows ? method : 0;
  }

  #at(thread: number, row: number, side: CanarySide): number {
    return ((thread * this.rows + this.rowOf(row)) * 2 + side) * cellWords;
  }
}

/** Where the thread of this number counts the calls of a row to one side; undefined: nobody wants to know. */
export function trialOf(
  { counts, row }: { counts?: SharedArrayBuffer | undefined; row: number },
  side: CanarySide,
  thread: number,
): Trial | undefined {
  return counts === undefined ? undefined : new CanaryCounts(counts).trial(thread, row, side);
}
