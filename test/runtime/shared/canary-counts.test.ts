// What askers count of both sides of a canary, and what main reads of it.

import test from 'ava';
import { codeNumber } from '../../../runtime/errors.ts';
import { CanaryCounts, canaryMethodsMax, canarySides, trialOf } from '../../../runtime/shared/canary-counts.ts';
import { methodBuckets } from '../../../runtime/shared/method-counters.ts';

const { old, new: next } = canarySides;

test('each thread counts for itself, by method and side, and the sum tells answers, failures and latencies', (t) => {
  const counts = CanaryCounts.allocate(3);
  const canary = { counts, row: 2 };
  trialOf(canary, old, 1)!.count(0, 5);
  trialOf(canary, old, 255)!.count(codeNumber('INTERNAL'), 50);
  trialOf(canary, next, 1)!.count(codeNumber('RESOURCE_EXHAUSTED'), -1);
  trialOf(canary, next, 1)!.count(codeNumber('CANCELLED'), 7);
  const read = new CanaryCounts(counts);
  const { answers, errors, latency } = read.read(2, old);
  t.deepEqual([answers, errors], [2, 1]);
  t.deepEqual([latency[methodBuckets.bucketOf(5)], latency[methodBuckets.bucketOf(50)]], [1, 1]);
  const refused = read.read(2, next);
  t.deepEqual([refused.answers, refused.errors, refused.latency.some((count) => count > 0)], [1, 1, false]);
  t.deepEqual([read.read(1, old).answers, read.read(0, next).answers], [0, 0]);
  t.is(trialOf({ row: 2 }, old, 1), undefined);
});

test('methods beyond the bound are counted together', (t) => {
  const counts = new CanaryCounts(CanaryCounts.allocate(1_000_000));
  t.is(counts.rows, canaryMethodsMax);
  counts.trial(1, canaryMethodsMax - 1, old).count(0, 1);
  counts.trial(1, canaryMethodsMax, old).count(0, 1);
  counts.trial(1, 999_999, old).count(0, 1);
  t.deepEqual([counts.read(canaryMethodsMax - 1, old).answers, counts.read(0, old).answers], [1, 2]);
});
