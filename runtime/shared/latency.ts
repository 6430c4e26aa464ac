// LatencyHistogram: how long requests from sockets took, a row of counters for each thread that answers sockets, written
// by it alone. Buckets are as in HdrHistogram (Tene): each doubling is cut into 16 equal steps, so a bucket is at most
// 1/16 of its latency wide (or 1 µs), from 1 µs to over an hour.

import { load, store } from './atomics.ts';
import { threadNumberMax } from './layout.ts';

const stepsLog2 = 4;
const steps = 1 << stepsLog2;
/** 32 doublings of a microsecond: 71 minutes. */
export const latencyBuckets = 32 * steps;

export class LatencyHistogram {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(memory = new SharedArrayBuffer((threadNumberMax + 1) * latencyBuckets * 4)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
  }

  /** Owner of the row only. */
  record(thread: number, latencyMs: number): void {
    const at = thread * latencyBuckets + bucketOf(latencyMs * 1000);
    store(this.#words, at, this.#words[at]! + 1);
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
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return 0;
  let seen = 0;
  for (let bucket = 0; bucket < counts.length; bucket++) {
    seen += counts[bucket]!;
    if (seen >= quantile * total) return upperUs(bucket) / 1000;
  }
  return upperUs(counts.length - 1) / 1000;
}

function bucketOf(us: number): number {
  const whole = Math.min(0xffff_ffff, Math.max(0, Math.floor(us)));
  if (whole < steps) return whole;
  const doubling = 31 - Math.clz32(whole);
  const step = (whole >>> (doubling - stepsLog2)) & (steps - 1);
  return Math.min(latencyBuckets - 1, (doubling - stepsLog2 + 1) * steps + step);
}

/** Where a bucket ends, µs. */
function upperUs(bucket: number): number {
  if (bucket < steps) return bucket + 1;
  const doubling = Math.floor(bucket / steps) + stepsLog2 - 1;
  return 2 ** doubling + ((bucket % steps) + 1) * 2 ** (doubling - stepsLog2);
}
