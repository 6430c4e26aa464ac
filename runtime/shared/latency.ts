// LatencyHistogram: how long requests from sockets took, a row of counters for each thread that answers sockets, written
// by it alone. A bucket is at most 1/16 of its latency wide (or 1 µs), from 1 µs to over an hour.

import { load } from './atomics.ts';
import { LatencyBuckets } from './latency-buckets.ts';
import { threadNumberMax } from './layout.ts';

const buckets = new LatencyBuckets(4);
export const latencyBuckets = buckets.count;

export class LatencyHistogram {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(memory = new SharedArrayBuffer((threadNumberMax + 1) * latencyBuckets * 4)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
  }

  /** Owner of the row only. A plain write: nothing is ordered by it. */
  record(thread: number, latencyMs: number): void {
    this.#words[thread * latencyBuckets + buckets.bucketOf(latencyMs)]! += 1;
  }

  /** The counters of all threads, summed; each mod 2^32, so that two readings may be subtracted. */
  read(): Uint32Array {
    const sums = new Uint32Array(latencyBuckets);
    for (let at = 0; at < this.#words.length; at++) {
      const count = load(this.#words, at);
      if (count !== 0) sums[at % latencyBuckets]! += count;
    }
    return sums;
  }
}

/** What was counted between two readings. */
export function latencyBetween(before: Uint32Array, after: Uint32Array): Uint32Array {
  return after.map((count, bucket) => count - before[bucket]!);
}

/** The latency below which the share `quantile` (0..1) of the counts lies, ms; 0 when nothing was counted. */
export function latencyQuantileMs(counts: Uint32Array, quantile: number): number {
  return buckets.quantileMs(counts, quantile);
}
