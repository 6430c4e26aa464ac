// RunWindow: how the runs of one strategy on one thread went in the last ten seconds: how many, how many failed, and how
// long they took. A few additions per run; whole seconds leave at a tick, about once a second.

import { LatencyBuckets } from '../../runtime/shared/latency-buckets.ts';

/** Whole seconds that the window holds, the one under way included. */
export const windowSeconds = 10;

/** A bucket is at most 1/16 of its latency wide; 512 of them, 22 KiB per window. */
const buckets = new LatencyBuckets(4);

export class RunWindow {
  /** The second under way: that of the last tick. Runs are added to it. */
  #second: number;
  /** Slices by second, modulo their count: runs, failures, latencies by bucket. */
  readonly #runs = new Uint32Array(windowSeconds);
  readonly #failures = new Uint32Array(windowSeconds);
  readonly #latencies = new Uint32Array(windowSeconds * buckets.count);
  /** The sums of all slices. */
  #runsTotal = 0;
  #failuresTotal = 0;
  readonly #latenciesTotal = new Uint32Array(buckets.count);

  constructor(nowMs: number) {
    this.#second = Math.floor(nowMs / 1000);
  }

  /** A run has ended. */
  add(latencyMs: number, isFailed: boolean): void {
    const slice = this.#second % windowSeconds;
    const bucket = buckets.bucketOf(latencyMs);
    this.#runs[slice]!++;
    this.#runsTotal++;
    this.#latencies[slice * buckets.count + bucket]!++;
    this.#latenciesTotal[bucket]!++;
    if (!isFailed) return;
    this.#failures[slice]!++;
    this.#failuresTotal++;
  }

  /** Goes on to the second of `nowMs`, and forgets those that are too old. A time before the last tick's changes nothing. */
  tick(nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    const from = Math.max(this.#second + 1, second - windowSeconds + 1);
    for (let entered = from; entered <= second; entered++) this.#forget(entered % windowSeconds);
    this.#second = Math.max(second, this.#second);
  }

  get runs(): number {
    return this.#runsTotal;
  }

  get failures(): number {
    return this.#failuresTotal;
  }

  /** The latency below which 99 of 100 runs ended, at most 1/16 too high, ms; 0 without runs. */
  p99Ms(): number {
    return buckets.quantileMs(this.#latenciesTotal, 0.99);
  }

  #forget(slice: number): void {
    this.#runsTotal -= this.#runs[slice]!;
    this.#failuresTotal -= this.#failures[slice]!;
    this.#runs[slice] = 0;
    this.#failures[slice] = 0;
    const start = slice * buckets.count;
    for (let bucket = 0; bucket < buckets.count; bucket++) {
      this.#latenciesTotal[bucket]! -= this.#latencies[start + bucket]!;
    }
    this.#latencies.fill(0, start, start + buckets.count);
  }
}
