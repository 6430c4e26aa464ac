// Buckets of latency histograms, as in HdrHistogram (Tene): each doubling of a microsecond is cut into equal steps, so a
// bucket is at most 1/steps of its latency wide (or 1 µs).

/** Doublings of a microsecond: 71 minutes. */
const doublings = 32;

export class LatencyBuckets {
  readonly count: number;
  readonly #stepsLog2: number;
  readonly #steps: number;

  /** Each doubling is cut into `2 ** stepsLog2` steps. */
  constructor(stepsLog2: number) {
    this.#stepsLog2 = stepsLog2;
    this.#steps = 1 << stepsLog2;
    this.count = doublings * this.#steps;
  }

  bucketOf(latencyMs: number): number {
    const whole = Math.min(0xffff_ffff, Math.max(0, Math.floor(latencyMs * 1000)));
    if (whole < this.#steps) return whole;
    const doubling = 31 - Math.clz32(whole);
    const step = (whole >>> (doubling - this.#stepsLog2)) & (this.#steps - 1);
    return Math.min(this.count - 1, (doubling - this.#stepsLog2 + 1) * this.#steps + step);
  }

  /** Where a bucket begins, ms. */
  lowerMs(bucket: number): number {
    return bucket === 0 ? 0 : this.upperMs(bucket - 1);
  }

  /** Where a bucket ends, ms. */
  upperMs(bucket: number): number {
    if (bucket < this.#steps) return (bucket + 1) / 1000;
    const doubling = Math.floor(bucket / this.#steps) + this.#stepsLog2 - 1;
    return (2 ** doubling + ((bucket % this.#steps) + 1) * 2 ** (doubling - this.#stepsLog2)) / 1000;
  }

  /** The latency below which the share `quantile` (0..1) of the counts lies, ms; 0 when nothing was counted. */
  quantileMs(counts: Uint32Array | Float64Array, quantile: number): number {
    const bucket = this.quantileBucket(counts, quantile);
    return bucket < 0 ? 0 : this.upperMs(bucket);
  }

  /** The bucket of that latency; -1 when nothing was counted. */
  quantileBucket(counts: Uint32Array | Float64Array, quantile: number): number {
    let total = 0;
    for (let bucket = 0; bucket < counts.length; bucket++) total += counts[bucket]!;
    if (total === 0) return -1;
    let seen = 0;
    for (let bucket = 0; bucket < counts.length; bucket++) {
      seen += counts[bucket]!;
      if (seen >= quantile * total) return bucket;
    }
    return counts.length - 1;
  }
}
