import test from 'ava';
import fc from 'fast-check';
import { valueBucketOf, valueBuckets, valueBucketUpper, valueQuantile } from '../../../runtime/shared/value-buckets.ts';

const inRange = fc
  .tuple(fc.double({ min: 1, max: 2, noNaN: true }), fc.integer({ min: -20, max: 43 }))
  .map(([mantissa, log2]) => mantissa * 2 ** log2);

test('a value lies over the bound below its bucket and not over its own; a bound belongs to the bucket that it ends', (t) => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (value) => {
      const bucket = valueBucketOf(value);
      t.true(bucket >= 0 && bucket < valueBuckets);
      t.true(value <= valueBucketUpper(bucket));
      if (bucket > 0) t.true(value > valueBucketUpper(bucket - 1));
    }),
    { numRuns: 500 },
  );
  for (let bucket = 0; bucket < valueBuckets - 1; bucket++) t.is(valueBucketOf(valueBucketUpper(bucket)), bucket);
});

test('a bucket is at most a quarter of its values wide', (t) => {
  for (let bucket = 1; bucket < valueBuckets - 1; bucket++) {
    const lower = valueBucketUpper(bucket - 1);
    t.true(valueBucketUpper(bucket) - lower <= lower / 4);
  }
});

test('from 2^-20 to 2^44, a quantile is at most an eighth off the true one', (t) => {
  fc.assert(
    fc.property(
      fc.array(inRange, { minLength: 1, maxLength: 60 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, share) => {
        const counts = new Float64Array(valueBuckets);
        for (const value of values) counts[valueBucketOf(value)]! += 1;
        const sorted = values.toSorted((left, right) => left - right);
        const exact = sorted[Math.max(0, Math.ceil(share * values.length) - 1)]!;
        const found = valueQuantile(counts, share, sorted[0]!, sorted.at(-1)!);
        t.true(Math.abs(found - exact) <= exact / 8, `${found} for ${exact}`);
      },
    ),
  );
});

test('zero and what is below it share the first bucket, whose quantile is the minimum; above the last, the maximum', (t) => {
  t.is(valueBucketOf(0), 0);
  t.is(valueBucketOf(-5), 0);
  t.is(valueBucketOf(2 ** -20), 0);
  t.is(valueBucketOf(1e300), valueBuckets - 1);
  const counts = new Float64Array(valueBuckets);
  counts[0] = 2;
  counts[valueBuckets - 1] = 2;
  t.is(valueQuantile(counts, 0.5, -5, 1e300), -5);
  t.is(valueQuantile(counts, 0.51, -5, 1e300), 1e300);
  t.is(valueQuantile(new Float64Array(valueBuckets), 0.5, 0, 0), Number.NaN);
});
