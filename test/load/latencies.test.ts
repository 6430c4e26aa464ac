import test from 'ava';
import fc from 'fast-check';
import { Latencies } from '../../load/latencies.ts';

const times = fc.array(fc.double({ min: 0.001, max: 4_000_000, noNaN: true }), { minLength: 1, maxLength: 300 });

function latenciesOf(values: readonly number[]): Latencies {
  const latencies = new Latencies();
  for (const ms of values) latencies.record(ms);
  return latencies;
}

test('a quantile is at most 0.8 % above the exact one, and never below', (t) => {
  fc.assert(
    fc.property(times, fc.double({ min: 0, max: 1, noNaN: true }), (values, quantile) => {
      const sorted = values.toSorted((left, right) => left - right);
      const exact = sorted[Math.max(0, Math.ceil(quantile * sorted.length - 1e-9) - 1)]!;
      const found = latenciesOf(values).quantileMs(quantile);
      return found >= exact && found <= exact * (1 + 1 / 128) + 1e-9;
    }),
  );
  t.pass();
});

test('each time lies in a bucket that holds it, and none is lost', (t) => {
  fc.assert(
    fc.property(times, (values) => {
      const buckets = latenciesOf(values).buckets();
      const total = buckets.reduce((sum, { count }) => sum + count, 0);
      const holds = (ms: number) => buckets.some(({ fromMs, toMs }) => fromMs <= ms && ms < toMs);
      return total === values.length && values.every(holds);
    }),
  );
  t.pass();
});

test('shortest, longest and mean are exact', (t) => {
  const latencies = latenciesOf([3, 1, 2]);
  t.deepEqual([latencies.minMs, latencies.maxMs, latencies.meanMs, latencies.quantileMs(1)], [1, 3, 2, 3]);
});

test('what is too short or too long, or comes from a clock that went back, is counted at the ends', (t) => {
  const latencies = latenciesOf([-5, 0, 0.0001, 1e9]);
  t.is(latencies.count, 4);
  t.deepEqual(
    latencies.buckets().map(({ count }) => count),
    [3, 1],
  );
});

test('with nothing recorded every figure is 0, also after clear', (t) => {
  const latencies = latenciesOf([5]);
  latencies.clear();
  t.deepEqual([latencies.quantileMs(0.99), latencies.minMs, latencies.maxMs, latencies.meanMs], [0, 0, 0, 0]);
});
