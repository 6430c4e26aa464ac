// CanaryCounts: what became of the calls to both sides of a canary (net/server/canary.ts), and how long they ran, in memory of
// its own for as long as it lasts. Each thread counts in a row of its number, which it alone writes, what it asks for and what
// it runs; main sums them up. Made by main, one for all methods of a roll.

import { codeNumber } from '../errors.ts';
import { threadNumberMax } from './layout.ts';
import { methodBuckets } from './method-counters.ts';
import { type Refusal, refusalReasons } from './refusal.ts';

/** Methods that are counted one by one; those beyond are counted together, in row 0. */
export const canaryMethodsMax = 256;

/** The code in use, and the new one. */
export const canarySides = { old: 0, new: 1 } as const;
export type CanarySide = (typeof canarySides)[keyof typeof canarySides];

/*
 * Calls are told apart by when they were made, in spans that grow with the age of the canary: a span ends at 250 ms times a
 * power of the third root of 2, so that one is a quarter as long as all before it. 48 of them reach over four hours.
 */
const spanCount = 48;
const spanFirstMs = 250;
const spansPerDoubling = 3;

/** In front of all cells, as a float64: when the canary began, on the process's clock. */
const headWords = 2;
/*
 * A cell, in words: calls, answers, those of them that were errors, calls that were cancelled, requests that were run, calls
 * that were put by span, those of them that have no answer yet by span, then the histograms of latencies and of runs. None
 * lasts long enough to wrap.
 */
const answersWord = 1;
const errorsWord = 2;
const cancelledWord = 3;
const runsWord = 4;
const putWord = 5;
const openWord = putWord + spanCount;
const histogramWord = openWord + spanCount;
const runHistogramWord = histogramWord + methodBuckets.count;
const cellWords = runHistogramWord + methodBuckets.count;

const cancelled = codeNumber('CANCELLED');

/** Sums over threads; all but `open` only grow. */
export interface SideCounts {
  /** All but those that were cancelled. */
  answers: number;
  errors: number;
  /** Calls that their callers took back before an answer came, and answers that say so. */
  cancelled: number;
  /** Calls that were put into the queue, by the span in which that was (`spanEndMs`). */
  put: Float64Array;
  /** Those of them that have no answer yet, and were not cancelled. */
  open: Float64Array;
  /** By bucket of `methodBuckets`; answers that were refused at once have none. */
  latency: Float64Array;
  /** How long the threads of this side ran them, by bucket of `methodBuckets`: without any wait for a thread. */
  run: Float64Array;
}

/** Refusals that are about the queue of one side. All others are of the door, which both sides share. */
const ownRefusals: readonly (number | undefined)[] = [refusalReasons.indexOf('queue'), refusalReasons.indexOf('down')];

/** Of refusals by index of their reason, those of the door. */
export function doorRefusals(refused: Float64Array): number {
  return refused.reduce((sum, count, reason) => (ownRefusals.includes(reason) ? sum : sum + count), 0);
}

/** Where one thread counts the calls of one method to one side, and what it runs of them. */
export class Trial {
  readonly #words: Uint32Array;
  readonly #at: number;
  readonly #beganMs: number;

  constructor(words: Uint32Array, at: number, beganMs: number) {
    this.#words = words;
    this.#at = at;
    this.#beganMs = beganMs;
  }

  /** A call was put; one of `answered` and `cancelled` follows, with the same time. */
  put(atMs: number): void {
    const span = this.#at + spanOf(atMs - this.#beganMs);
    this.#words[this.#at]! += 1;
    this.#words[span + putWord]! += 1;
    this.#words[span + openWord]! += 1;
  }

  answered(code: number, putAtMs: number, latencyMs: number): void {
    if (code === cancelled) {
      this.cancelled(putAtMs);
      return;
    }
    this.#close(putAtMs);
    this.#count(code);
    this.#words[this.#at + histogramWord + methodBuckets.bucketOf(latencyMs)]! += 1;
  }

  cancelled(putAtMs: number): void {
    this.#close(putAtMs);
    this.#words[this.#at + cancelledWord]! += 1;
  }

  /** A call was answered without being put: it has no latency. What the door refuses says nothing about the code of a side. */
  refused({ code, reason }: Pick<Refusal, 'code' | 'reason'>): void {
    if (!ownRefusals.includes(reason)) return;
    this.#words[this.#at]! += 1;
    this.#count(code);
  }

  /** This thread has run one. */
  ran(runMs: number): void {
    this.#words[this.#at + runsWord]! += 1;
    this.#words[this.#at + runHistogramWord + methodBuckets.bucketOf(runMs)]! += 1;
  }

  #count(code: number): void {
    this.#words[this.#at + answersWord]! += 1;
    if (code !== 0) this.#words[this.#at + errorsWord]! += 1;
  }

  #close(putAtMs: number): void {
    this.#words[this.#at + spanOf(putAtMs - this.#beganMs) + openWord]! -= 1;
  }
}

function spanOf(ageMs: number): number {
  if (ageMs < spanFirstMs) return 0;
  return Math.min(spanCount - 1, 1 + Math.floor(Math.log2(ageMs / spanFirstMs) * spansPerDoubling));
}

/** When a span of `SideCounts` ends, ms since the canary began. */
export function spanEndMs(span: number): number {
  return spanFirstMs * 2 ** (span / spansPerDoubling);
}

export class CanaryCounts {
  readonly memory: SharedArrayBuffer;
  /** Of each thread: row 0, and one for each method. */
  readonly rows: number;
  /** When the canary began, on the process's clock. */
  readonly beganMs: number;
  readonly #words: Uint32Array;

  /** `rows`: of the method table, row 0 included. What is not used takes no memory. */
  static allocate(rows: number, beganMs: number): SharedArrayBuffer {
    const words = headWords + (threadNumberMax + 1) * Math.min(rows, canaryMethodsMax) * 2 * cellWords;
    const memory = new SharedArrayBuffer(words * 4);
    new Float64Array(memory, 0, 1)[0] = beganMs;
    return memory;
  }

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#words = new Uint32Array(memory);
    this.rows = (this.#words.length - headWords) / ((threadNumberMax + 1) * 2 * cellWords);
    this.beganMs = new Float64Array(memory, 0, 1)[0]!;
  }

  trial(thread: number, row: number, side: CanarySide): Trial {
    return new Trial(this.#words, this.#at(thread, row, side), this.beganMs);
  }

  /** Row 0: of all methods beyond the bound. */
  read(row: number, side: CanarySide): SideCounts {
    const sums = noCounts();
    for (let thread = 1; thread <= threadNumberMax; thread++) {
      const at = this.#at(thread, row, side);
      if (this.#words[at] === 0 && this.#words[at + runsWord] === 0) continue;
      sums.answers += this.#words[at + answersWord]!;
      sums.errors += this.#words[at + errorsWord]!;
      sums.cancelled += this.#words[at + cancelledWord]!;
      this.#addTo(sums.put, at + putWord);
      this.#addTo(sums.open, at + openWord);
      this.#addTo(sums.latency, at + histogramWord);
      this.#addTo(sums.run, at + runHistogramWord);
    }
    return sums;
  }

  /** Main, when the owner of the row has died and before its number has another: nobody waits for what it has put. */
  settle(thread: number): void {
    const words = this.#words;
    for (let cell = 0; cell < this.rows * 2; cell++) {
      const at = this.#at(thread, 0, canarySides.old) + cell * cellWords;
      for (let span = 0; span < spanCount; span++) {
        words[at + putWord + span]! -= words[at + openWord + span]!;
        words[at + openWord + span] = 0;
      }
    }
  }

  /** The row in which a method is counted. */
  rowOf(method: number): number {
    return method < this.rows ? method : 0;
  }

  #at(thread: number, row: number, side: CanarySide): number {
    return headWords + ((thread * this.rows + this.rowOf(row)) * 2 + side) * cellWords;
  }

  #addTo(sums: Float64Array, at: number): void {
    for (let word = 0; word < sums.length; word++) sums[word]! += this.#words[at + word]!;
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

export function noCounts(): SideCounts {
  return {
    answers: 0,
    errors: 0,
    cancelled: 0,
    put: new Float64Array(spanCount),
    open: new Float64Array(spanCount),
    latency: new Float64Array(methodBuckets.count),
    run: new Float64Array(methodBuckets.count),
  };
}
