// Latencies: a histogram of how long requests took, as fine as a benchmark wants it. Log-linear: each doubling is cut into
// 128 equal steps, so a bucket is at most 1/128 (0.8 %) of its latency wide, from a microsecond to over an hour. The
// buckets are the leading bits of the number itself: to record one is a few instructions and allocates nothing.

const stepsLog2 = 7;
const stepsPerDoubling = 2 ** stepsLog2;
/** 2^-10 ms: 0.98 µs. What is shorter counts as that. */
const doublingMin = -10;
/** 2^22 ms: 70 minutes. What is longer lies in the last bucket. */
const doublingMax = 22;
const bucketCount = (doublingMax - doublingMin) * stepsPerDoubling;

// A double is sign, 11 bits of exponent, 52 of mantissa; its high word has 20 of these.
const bits = new DataView(new ArrayBuffer(8));
const droppedBits = 20 - stepsLog2;
const exponentBias = 1023;
const firstBits = (doublingMin + exponentBias) << stepsLog2;

export interface LatencyBucket {
  /** Included. */
  fromMs: number;
  /** Not included. */
  toMs: number;
  count: number;
}

export class Latencies {
  readonly #counts = new Float64Array(bucketCount);
  #count = 0;
  #sumMs = 0;
  #minMs = Number.POSITIVE_INFINITY;
  #maxMs = 0;

  get count(): number {
    return this.#count;
  }

  /** Exact; 0 when there is none, like all that follow. */
  get minMs(): number {
    return this.#count === 0 ? 0 : this.#minMs;
  }

  /** Exact. */
  get maxMs(): number {
    return this.#maxMs;
  }

  /** Exact. */
  get meanMs(): number {
    return this.#count === 0 ? 0 : this.#sumMs / this.#count;
  }

  /** Below 0 (a clock that went back) counts as 0. `times`: so many took that long. */
  record(latencyMs: number, times = 1): void {
    const ms = Math.max(latencyMs, 0);
    if (times === 0) return;
    this.#counts[bucketOf(ms)]! += times;
    this.#count += times;
    this.#sumMs += ms * times;
    if (ms < this.#minMs) this.#minMs = ms;
    if (ms > this.#maxMs) this.#maxMs = ms;
  }

  /**
   * The latency that the share `quantile` (0..1) did not exceed: the end of its bucket, at most 0.8 % too high, and never
   * beyond the longest. 1: the longest.
   */
  quantileMs(quantile: number): number {
    if (this.#count === 0) return 0;
    const wanted = Math.max(1, quantile * this.#count);
    let seen = 0;
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      seen += this.#counts[bucket]!;
      // Shares are sums of fractions: 0.3 * 10 must not ask for a fourth.
      if (seen >= wanted - 1e-9 * this.#count) return clamp(lowerMs(bucket + 1), this.#minMs, this.#maxMs);
    }
    return this.#maxMs;
  }

  /** Those that are not empty, in order. */
  buckets(): LatencyBucket[] {
    const found: LatencyBucket[] = [];
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      const count = this.#counts[bucket]!;
      if (count > 0) found.push({ fromMs: lowerMs(bucket), toMs: lowerMs(bucket + 1), count });
    }
    return found;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#sumMs = 0;
    this.#minMs = Number.POSITIVE_INFINITY;
    this.#maxMs = 0;
  }
}

function bucketOf(ms: number): number {
  bits.setFloat64(0, ms);
  const bucket = (bits.getUint32(0) >>> droppedBits) - firstBits;
  return bucket < 0 ? 0 : bucket < bucketCount ? bucket : bucketCount - 1;
}

/** Where a bucket begins. */
function lowerMs(bucket: number): number {
  const doubling = doublingMin + Math.floor(bucket / stepsPerDoubling);
  return 2 ** doubling * (1 + (bucket % stepsPerDoubling) / stepsPerDoubling);
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
