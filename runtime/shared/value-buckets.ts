// Buckets for values of any unit (seconds, bytes, scores): each doubling between 2^-20 and 2^44 is cut into four equal
// steps, so a bucket is at most a quarter of its values wide. A bucket holds its upper bound, as Prometheus's `le` means it.

/** Values up to 2^-20 (about 0.000001), zero and those below zero too, share the first bucket. */
const lowestLog2 = -20;
/** Values over 2^44 (about 17,600,000,000,000) share the last. */
const highestLog2 = 44;
const lowest = 2 ** lowestLog2;
const highest = 2 ** highestLog2;

const stepsLog2 = 2;
const steps = 1 << stepsLog2;
/** Bits of the upper half of a double below those that name its step. */
const restBits = 20 - stepsLog2;
/** The step of the smallest value over `lowest`, in those bits. */
const firstStep = (1023 + lowestLog2) * steps;

export const valueBuckets = (highestLog2 - lowestLog2) * steps + 2;
const lastBucket = valueBuckets - 1;

// A double's exponent and its step are neighbouring bits: no logarithm is needed.
const double = new Float64Array([1]);
const halves = new Int32Array(double.buffer);
const upperHalf = halves[1] === 0 ? 0 : 1;
const lowerHalf = 1 - upperHalf;

/** Not for NaN. */
export function valueBucketOf(value: number): number {
  if (value <= lowest) return 0;
  if (value > highest) return lastBucket;
  double[0] = value;
  // The double just below, so that a bound itself belongs to the bucket that it ends.
  const upper = halves[lowerHalf] === 0 ? halves[upperHalf]! - 1 : halves[upperHalf]!;
  return (upper >>> restBits) - firstStep + 1;
}

/** The largest value of a bucket; Infinity for the last one. */
export function valueBucketUpper(bucket: number): number {
  if (bucket >= lastBucket) return Number.POSITIVE_INFINITY;
  return 2 ** (lowestLog2 + Math.floor(bucket / steps)) * (1 + (bucket % steps) / steps);
}

/**
 * The value below which the share `quantile` (0..1) of the counts lies: the middle of its bucket, so at most an eighth off;
 * `min` in the first bucket, `max` in the last. NaN when nothing was counted.
 */
export function valueQuantile(counts: Float64Array, quantile: number, min: number, max: number): number {
  let total = 0;
  for (const count of counts) total += count;
  if (total === 0) return Number.NaN;
  if (quantile <= 0) return min;
  if (quantile >= 1) return max;
  let seen = 0;
  for (let bucket = 0; bucket < lastBucket; bucket++) {
    seen += counts[bucket]!;
    if (seen < quantile * total) continue;
    if (bucket === 0) return min;
    const middle = (valueBucketUpper(bucket - 1) + valueBucketUpper(bucket)) / 2;
    return Math.min(max, Math.max(min, middle));
  }
  return max;
}
