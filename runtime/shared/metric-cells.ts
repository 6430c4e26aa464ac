// MetricCells: what one thread has counted, set and observed, in memory of its own number that goes on from owner to owner
// and is never reset: a sum over all numbers never falls. One writer; any thread reads. In 64-bit numbers:
//
//   0..15  values that were dropped, by reason
//   16..   the cells, in the order of the MetricDirectory and as long as their kind needs, so that all threads agree where
//          each begins:
//
//   counter    sum
//   gauge      sequence │ value │ time (ms)
//   histogram  sequence │ sum │ min │ max │ buckets
//
// The sequence is 0 before the first value, odd while a value is being written, and even between two. A reader that meets
// an odd or a moving one tries again, a bounded number of times, and then takes what stands there:
//
//   - Its writer has died in the middle, or is held up by the machine. Then a histogram's sum, minimum and maximum may
//     include one value that no bucket has, and a gauge may have a new value with the time of the one before. The next
//     owner of the number makes it even again (mend), and that one value stays as it is; of a very first value nothing is
//     kept.
//   - Its writer lives and observes back to back, so that each look met a write. Then the copy is of several instants:
//     sum, minimum and maximum may differ from the buckets by all the values that came while it was made, a few as a rule. No
//     value is lost: the next reading, or the one after the last value, has them.

import { add, load, store } from './atomics.ts';
import { valueBucketOf, valueBuckets } from './value-buckets.ts';

/** Why a value goes nowhere; the reason's place in the head of the memory. */
export const dropReasons = ['series', 'labels', 'label-length', 'value'] as const;
export type DropReason = (typeof dropReasons)[number];

export const metricKinds = ['counter', 'gauge', 'histogram'] as const;
export type MetricKind = (typeof metricKinds)[number];

const headCells = 16;
const sequenceCell = 0;
const gaugeCell = { value: 1, atMs: 2 } as const;
const histogramCell = { sum: 1, min: 2, max: 3, buckets: 4 } as const;

/** Cells that one series takes. */
export const cellsOf: Readonly<Record<MetricKind, number>> = {
  counter: 1,
  gauge: 3,
  histogram: histogramCell.buckets + valueBuckets,
};

/** Where the first series begins. */
export const firstCell = headCells;

/**
 * From this size on (32 MiB in glibc) memory comes as pages of its own, which take no room until they are written. Less may
 * come from a heap, which is cleared: about 130 KiB for each thread, used or not.
 */
const freshBytes = 33 * 2 ** 20;

/** Looks at a cell before a reader takes what stands there: some microseconds, far longer than a write. */
const looksMax = 100;

/** Sums of a histogram over threads. */
export interface HistogramSums {
  count: number;
  sum: number;
  /** Infinity and -Infinity when nothing was observed. */
  min: number;
  max: number;
  buckets: Float64Array;
}

export function emptyHistogram(): HistogramSums {
  return {
    count: 0,
    sum: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    buckets: new Float64Array(valueBuckets),
  };
}

export interface GaugeReading {
  value: number;
  /** On the process's clock; -Infinity: it was never set. */
  atMs: number;
}

export class MetricCells {
  readonly #doubles: Float64Array;
  readonly #words: Int32Array;
  /** A histogram as it was at one instant. */
  readonly #copied = new Float64Array(cellsOf.histogram);

  /** Pages that no value has come to are never touched. */
  static memoryFor(series: number): SharedArrayBuffer {
    return new SharedArrayBuffer(Math.max(freshBytes, (headCells + series * cellsOf.histogram) * 8));
  }

  constructor(memory: SharedArrayBuffer) {
    this.#doubles = new Float64Array(memory);
    this.#words = new Int32Array(memory);
  }

  // The owner only. `at`: where the series begins.

  addTo(at: number, value: number): void {
    this.#doubles[at]! += value;
  }

  setGauge(at: number, value: number, nowMs: number): void {
    const sequence = this.#begin(at);
    this.#doubles[at + gaugeCell.value] = value;
    this.#doubles[at + gaugeCell.atMs] = nowMs;
    this.#end(at, sequence);
  }

  observe(at: number, value: number): void {
    const sequence = this.#begin(at);
    const doubles = this.#doubles;
    const isFirst = sequence === 0;
    doubles[at + histogramCell.sum]! += value;
    if (isFirst || value < doubles[at + histogramCell.min]!) doubles[at + histogramCell.min] = value;
    if (isFirst || value > doubles[at + histogramCell.max]!) doubles[at + histogramCell.max] = value;
    doubles[at + histogramCell.buckets + valueBucketOf(value)]! += 1;
    this.#end(at, sequence);
  }

  drop(reason: DropReason): void {
    this.#doubles[dropReasons.indexOf(reason)]! += 1;
  }

  /** Called by a new owner for each gauge and histogram: what the one before left half written. */
  mend(at: number, kind: MetricKind): void {
    if (kind === 'counter') return;
    const sequence = this.#words[at * 2]!;
    if ((sequence & 1) === 0) return;
    if (sequence === 1) {
      for (let cell = at + 1; cell < at + cellsOf[kind]; cell++) this.#doubles[cell] = 0;
      store(this.#words, at * 2, 0);
    } else {
      this.#end(at, sequence - 1);
    }
  }

  // Readers, on any thread.

  sum(at: number): number {
    return this.#doubles[at]!;
  }

  /** Reads into `into` what is newer than it. */
  readGauge(at: number, into: GaugeReading): void {
    for (let look = 0; look < looksMax; look++) {
      // Pairs with the store in #end(): who sees it sees what was written before.
      const sequence = load(this.#words, at * 2);
      if (isEmpty(sequence)) return;
      const value = this.#doubles[at + gaugeCell.value]!;
      const atMs = this.#doubles[at + gaugeCell.atMs]!;
      if (!this.#isStill(at, sequence) && look < looksMax - 1) continue;
      if (atMs <= into.atMs) return;
      into.value = value;
      into.atMs = atMs;
      return;
    }
  }

  addHistogram(at: number, into: HistogramSums): void {
    const copied = this.#copied;
    for (let look = 0; look < looksMax; look++) {
      // Pairs with the store in #end(): who sees it sees what was written before.
      const sequence = load(this.#words, at * 2);
      if (isEmpty(sequence)) return;
      for (let cell = 1; cell < copied.length; cell++) copied[cell] = this.#doubles[at + cell]!;
      if (this.#isStill(at, sequence)) break;
    }
    into.sum += copied[histogramCell.sum]!;
    into.min = Math.min(into.min, copied[histogramCell.min]!);
    into.max = Math.max(into.max, copied[histogramCell.max]!);
    for (let bucket = 0; bucket < valueBuckets; bucket++) {
      const count = copied[histogramCell.buckets + bucket]!;
      into.buckets[bucket]! += count;
      into.count += count;
    }
  }

  dropped(reason: DropReason): number {
    return this.#doubles[dropReasons.indexOf(reason)]!;
  }

  /** The sequence before. */
  #begin(at: number): number {
    const sequence = this.#words[at * 2 + sequenceCell]!;
    // Pairs with the add in #isStill(): a reader that saw any of what follows sees this, and looks again.
    store(this.#words, at * 2 + sequenceCell, sequence + 1);
    return sequence;
  }

  #end(at: number, before: number): void {
    // 0 means that nothing was ever written: it is left out when the sequence wraps.
    const after = (before + 2) | 0;
    // Pairs with the loads of the readers.
    store(this.#words, at * 2 + sequenceCell, after === 0 ? 2 : after);
  }

  /** Whether nothing was written since the sequence was seen. Adding 0 keeps the reads before it before it; a load does not. */
  #isStill(at: number, sequence: number): boolean {
    return (sequence & 1) === 0 && add(this.#words, at * 2 + sequenceCell, 0) === sequence;
  }
}

/** Nothing was written, or a first value is on its way. */
function isEmpty(sequence: number): boolean {
  return sequence === 0 || sequence === 1;
}
