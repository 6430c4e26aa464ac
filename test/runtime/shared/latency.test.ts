// The latency histogram: quantiles near enough to the exact ones, and readings that may be subtracted for ever.

import test from 'ava';
import fc from 'fast-check';
import {
  LatencyHistogram,
  latencyBetween,
  latencyBuckets,
  latencyQuantileMs,
} from '../../../runtime/shared/latency.ts';
import { threadNumberMax } from '../../../runtime/shared/layout.ts';

const maxMs = (2 ** 32 - 1) / 1000;
/** Even over the decades, from 1 µs to the end of the scale. */
const latencyMs = fc.double({ min: -3, max: Math.log10(maxMs), noNaN: true }).map((decade) => 10 ** decade);

const probe = new LatencyHistogram();
const probeRow = new Int32Array(probe.memory, latencyBuckets * 4, latencyBuckets);

/** The bucket that a latency is counted in. */
function bucketOf(ms: number): number {
  probeRow.fill(0);
  probe.record(1, ms);
  return probeRow.indexOf(1);
}

test('a quantile is at most 1/16 over the exact one, give or take a microsecond, and never under it', (t) => {
  fc.assert(
    fc.property(
      fc.array(latencyMs, { minLength: 1, maxLength: 300, size: 'max' }),
      fc.constantFrom(0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1),
      (latencies, quantile) => {
        const histogram = new LatencyHistogram();
        for (const [index, ms] of latencies.entries()) histogram.record(1 + (index % threadNumberMax), ms);
        const sorted = latencies.toSorted((left, right) => left - right);
        const exact = sorted[Math.ceil(quantile * sorted.length) - 1]!;
        const found = latencyQuantileMs(histogram.read(), quantile);
        if (found < exact || found > (17 / 16) * exact + 0.001) throw new Error(`${found} for ${exact}`);
      },
    ),
    { numRuns: 200 },
  );
  t.pass();
});

test('a longer latency is never counted in a lower bucket', (t) => {
  fc.assert(
    fc.property(latencyMs, latencyMs, (one, other) => {
      const [short, long] = one < other ? [one, other] : [other, one];
      if (bucketOf(short) > bucketOf(long)) throw new Error(`${short} lies above ${long}`);
    }),
  );
  t.pass();
});

test('each bucket ends where the next one begins', (t) => {
  const histogram = new LatencyHistogram();
  const counts = histogram.read();
  let previousMs = 0;
  for (let bucket = 0; bucket < latencyBuckets && previousMs < maxMs; bucket++) {
    counts.fill(0)[bucket] = 1;
    const endMs = latencyQuantileMs(counts, 1);
    t.true(endMs > previousMs);
    t.is(bucketOf(previousMs + 0.0001), bucket);
    if (endMs < maxMs) t.is(bucketOf(endMs + 0.0001), bucket + 1);
    previousMs = endMs;
  }
  t.true(previousMs >= maxMs);
});

test('what is off the scale is counted at its ends', (t) => {
  t.is(bucketOf(-5), 0);
  t.is(bucketOf(0), 0);
  t.is(bucketOf(1e12), bucketOf(maxMs));
  t.is(bucketOf(Number.POSITIVE_INFINITY), bucketOf(maxMs));
});

test('without a count every quantile is 0', (t) => {
  t.is(latencyQuantileMs(new LatencyHistogram().read(), 0.99), 0);
});

test('a reading sums all threads', (t) => {
  const histogram = new LatencyHistogram();
  for (let thread = 1; thread <= threadNumberMax; thread++) histogram.record(thread, 3);
  histogram.record(threadNumberMax, maxMs);
  const counts = histogram.read();
  t.is(counts[bucketOf(3)], threadNumberMax);
  t.is(counts[bucketOf(maxMs)], 1);
  t.is(
    counts.reduce((sum, count) => sum + count, 0),
    threadNumberMax + 1,
  );
});

test('the difference of two readings is right where a counter or their sum passes 2^31 and 2^32', (t) => {
  for (const border of [2 ** 31, 2 ** 32]) {
    const histogram = new LatencyHistogram();
    const words = new Int32Array(histogram.memory);
    const bucket = bucketOf(3);
    words[1 * latencyBuckets + bucket] = border - 2;
    words[2 * latencyBuckets + bucket] = border / 2;
    const before = histogram.read();
    for (let count = 0; count < 5; count++) histogram.record(1, 3);
    histogram.record(2, 3);
    const between = latencyBetween(before, histogram.read());
    t.is(between[bucket], 6);
    t.is(latencyQuantileMs(between, 1), latencyQuantileMs(between, 0.01));
  }
});
