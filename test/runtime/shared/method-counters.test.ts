import test from 'ava';
import { emptyMethodCounts, MethodCounters, methodBuckets } from '../../../runtime/shared/method-counters.ts';
import { refusalReasons } from '../../../runtime/shared/refusal.ts';

test('what each thread has counted adds up, by method, origin and code', (t) => {
  const [one, two] = [new MethodCounters(MethodCounters.allocate(3)), new MethodCounters(MethodCounters.allocate(3))];
  one.count(1, 0, true, 2);
  one.count(1, 14, true, -1);
  one.count(2, 0, false, 8);
  two.count(1, 0, true, 4);
  t.is(one.methods, 3);
  const counts = emptyMethodCounts();
  for (const counters of [one, two]) counters.addTo(1, counts);
  t.is(counts.codes.socket[0], 2);
  t.is(counts.codes.socket[14], 1);
  t.is(
    counts.codes.fiber.reduce((sum, count) => sum + count),
    0,
  );
  t.is(counts.latencySumMs, 6);
  t.is(
    counts.latency.reduce((sum, count) => sum + count),
    2,
    'what never ran has no latency',
  );
  t.is(counts.latency[methodBuckets.bucketOf(4)], 1);
});

test('refusals add up by reason, beside the codes that they were answered with', (t) => {
  const [one, two] = [new MethodCounters(MethodCounters.allocate(3)), new MethodCounters(MethodCounters.allocate(3))];
  const last = refusalReasons.length - 1;
  one.countRefused(2, 0);
  one.countRefused(1, last);
  two.countRefused(2, last);
  two.countRefused(2, last);
  const counts = emptyMethodCounts();
  for (const counters of [one, two]) counters.addTo(2, counts);
  t.deepEqual([counts.refused[0], counts.refused[last]], [1, 2]);
  t.is(
    counts.refused.reduce((sum, count) => sum + count),
    3,
  );
  t.is(counts.limited, 0);
});

test('a count passes 2^32 without wrapping', (t) => {
  const counters = new MethodCounters(MethodCounters.allocate(1));
  new Float64Array(counters.memory).fill(2 ** 32 - 1);
  counters.count(0, 0, true, 1);
  const counts = emptyMethodCounts();
  counters.addTo(0, counts);
  t.is(counts.codes.socket[0], 2 ** 32);
  t.is(counts.latency[methodBuckets.bucketOf(1)], 2 ** 32);
});
