// What askers count of both sides of a canary, and what main reads of it.

import test from 'ava';
import { codeNumber } from '../../../runtime/errors.ts';
import {
  CanaryCounts,
  canaryMethodsMax,
  canarySides,
  spanEndMs,
  type Trial,
  trialOf,
} from '../../../runtime/shared/canary-counts.ts';
import { methodBuckets } from '../../../runtime/shared/method-counters.ts';
import { refusalReasons } from '../../../runtime/shared/refusal.ts';

const { old, new: next } = canarySides;

test('each thread counts for itself, by method and side, and the sum tells answers, failures and latencies', (t) => {
  const counts = CanaryCounts.allocate(3, 100);
  const canary = { counts, row: 2 };
  answer(trialOf(canary, old, 1)!, 0, 5);
  answer(trialOf(canary, old, 255)!, codeNumber('INTERNAL'), 50);
  trialOf(canary, next, 1)!.refused({
    code: codeNumber('RESOURCE_EXHAUSTED'),
    reason: refusalReasons.indexOf('queue'),
  });
  answer(trialOf(canary, next, 1)!, codeNumber('CANCELLED'), 7);
  const read = new CanaryCounts(counts);
  const { answers, errors, latency, cancelled } = read.read(2, old);
  t.deepEqual([answers, errors, cancelled], [2, 1, 0]);
  t.deepEqual([latency[methodBuckets.bucketOf(5)], latency[methodBuckets.bucketOf(50)]], [1, 1]);
  const refused = read.read(2, next);
  t.deepEqual(
    [refused.answers, refused.errors, refused.cancelled, refused.latency.some((count) => count > 0)],
    [1, 1, 1, false],
  );
  t.deepEqual([read.read(1, old).answers, read.read(0, next).answers], [0, 0]);
  t.is(trialOf({ row: 2 }, old, 1), undefined);
});

test('what runs is counted by the thread that runs it, also by one that asks for nothing', (t) => {
  const counts = new CanaryCounts(CanaryCounts.allocate(3, 0));
  counts.trial(7, 1, next).ran(12);
  counts.trial(8, 1, old).ran(5);
  counts.trial(8, 1, old).ran(5);
  const { run, answers } = counts.read(1, next);
  t.deepEqual([sum(run), run[methodBuckets.bucketOf(12)], answers], [1, 1, 0]);
  t.is(counts.read(1, old).run[methodBuckets.bucketOf(5)], 2);
});

test('what the door refuses is no failure of either side; what its own queue refuses is', (t) => {
  const counts = new CanaryCounts(CanaryCounts.allocate(3, 0));
  const trial = counts.trial(1, 1, next);
  const code = codeNumber('RESOURCE_EXHAUSTED');
  for (const [reason] of refusalReasons.entries()) trial.refused({ code, reason });
  trial.refused({ code });
  const { answers, errors } = counts.read(1, next);
  t.deepEqual([answers, errors], [2, 2], 'queue and down');
});

test('a call is open from its put to its answer, in the span of its put; what a dead thread has put is nobody’s', (t) => {
  const counts = new CanaryCounts(CanaryCounts.allocate(3, 1_000));
  const trial = counts.trial(1, 2, next);
  const putsMs = [1_000, 1_249, 1_300, 2_000, 61_000, 1e12];
  for (const putMs of putsMs) trial.put(putMs);
  counts.trial(2, 2, next).put(1_000);
  const { put, open } = counts.read(2, next);
  t.deepEqual(put, open);
  for (const [at, span] of [0, 0, 1, 7].entries()) {
    t.true(putsMs[at]! - 1_000 < spanEndMs(span));
    t.true(span === 0 || putsMs[at]! - 1_000 >= spanEndMs(span - 1));
    t.true(put[span]! > 0, `span ${span}`);
  }
  t.is(put.at(-1), 1);
  trial.answered(0, 1_300, 400);
  trial.cancelled(2_000);
  t.deepEqual([counts.read(2, next).open[1], counts.read(2, next).open[7], counts.read(2, next).put[7]], [0, 0, 1]);
  counts.settle(1);
  const left = counts.read(2, next);
  t.deepEqual([sum(left.open), sum(left.put), left.answers, left.cancelled], [1, 3, 1, 1]);
});

test('methods beyond the bound are counted together', (t) => {
  const counts = new CanaryCounts(CanaryCounts.allocate(1_000_000, 0));
  t.is(counts.rows, canaryMethodsMax);
  answer(counts.trial(1, canaryMethodsMax - 1, old), 0, 1);
  answer(counts.trial(1, canaryMethodsMax, old), 0, 1);
  answer(counts.trial(1, 999_999, old), 0, 1);
  t.deepEqual([counts.read(canaryMethodsMax - 1, old).answers, counts.read(0, old).answers], [1, 2]);
});

function answer(trial: Trial, code: number, latencyMs: number): void {
  trial.put(200);
  trial.answered(code, 200, latencyMs);
}

function sum(counts: Float64Array): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
