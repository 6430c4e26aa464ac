// A canary over its window, on a virtual clock: when it is decided, by whom, and with which figures.

import test from 'ava';
import { Canary } from '../../../net/server/canary.ts';
import { codeNumber } from '../../../runtime/errors.ts';
import type { RollSettings } from '../../../runtime/settings.ts';
import { CanaryCounts, canarySides, type Trial } from '../../../runtime/shared/canary-counts.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';

const rules: RollSettings = {
  canaryPercent: 10,
  windowMs: 30_000,
  windowMaxMs: 300_000,
  warmUpMs: 5_000,
  minRequests: 100,
  maxErrorsPercent: 1,
  maxSlowdown: 1.5,
  undecided: 'roll-back',
  finishMs: 300_000,
  finishTakenBackMs: 10_000,
};

function rig(changed: Partial<RollSettings> = {}, lost: () => string | undefined = () => undefined) {
  const clock = new VirtualClock();
  const counts = new CanaryCounts(CanaryCounts.allocate(3, clock.nowMs()));
  const methods = [
    { name: 'demo.Echo/echo', row: 1 },
    { name: 'demo.Echo/never', row: 2 },
  ];
  const canary = new Canary({ counts, methods, rules: { ...rules, ...changed }, percent: 10, clock, lost });
  /** Calls to both sides, nine to the old one for each to the new one. */
  const answer = (trial: Trial, code: number, latencyMs: number) => {
    trial.put(clock.nowMs());
    trial.answered(code, clock.nowMs(), latencyMs);
  };
  const calls = (many: number, { failing = 0, hanging = 0, oldMs = 5, newMs = 5 } = {}) => {
    for (let at = 0; at < many; at++) {
      for (let old = 0; old < 9; old++) answer(counts.trial(1, 1, canarySides.old), 0, oldMs);
      const trial = counts.trial(2, 1, canarySides.new);
      if (at < hanging) trial.put(clock.nowMs());
      else answer(trial, at < hanging + failing ? codeNumber('INTERNAL') : 0, newMs);
    }
  };
  return { clock, canary, calls };
}

test('code that is well goes on when its window is over, and not before', async (t) => {
  const { clock, canary, calls } = rig();
  let verdict: unknown;
  void canary.verdict.then((one) => {
    verdict = one;
  });
  for (let second = 0; second < 34; second++) {
    calls(10);
    await clock.advance(1_000);
  }
  t.is(verdict, undefined);
  await clock.advance(1_000);
  const { goOn, why, tookMs, percent, methods } = await canary.verdict;
  t.deepEqual(
    [goOn, why, tookMs, percent],
    [true, '290 answers of the new code are no worse than 2610 of the old', 35_000, 10],
  );
  t.deepEqual(
    methods.map(({ method }) => method),
    ['demo.Echo/echo'],
    'what nobody called is not told',
  );
  t.deepEqual(methods[0]!.old, {
    answers: 3060,
    errorsPercent: 0,
    cancelled: 0,
    unanswered: 0,
    p50Ms: 5.12,
    p99Ms: 5.12,
    runP50Ms: null,
    runP99Ms: null,
  });
  t.is(clock.pending, 0);
});

test('code that fails is taken back at once', async (t) => {
  const { clock, canary, calls } = rig();
  calls(60, { failing: 12 });
  await clock.advance(1_000);
  const { goOn, why, tookMs } = await canary.verdict;
  t.deepEqual([goOn, tookMs], [false, 250]);
  t.is(why, '20 % of 60 calls fail with the new code, 0 % of 540 calls with the old');
});

test('code that does not answer is taken back, once an answer of the old code would have come for certain', async (t) => {
  const { clock, canary, calls } = rig();
  calls(60, { hanging: 30, oldMs: 1_000 });
  await clock.advance(1_500);
  t.is(canary.standing().methods[0]!.new.unanswered, 30);
  t.is(clock.pending, 1, 'slower code may still answer');
  await clock.advance(1_000);
  const { goOn, why, tookMs } = await canary.verdict;
  t.deepEqual([goOn, tookMs], [false, 2_000]);
  t.is(why, '50 % of 60 calls have no answer with the new code, 0 % of 540 calls with the old');
});

test('code that is slow only until it is warm goes on; code that stays slow is taken back', async (t) => {
  const cold = rig();
  cold.calls(200, { newMs: 100 });
  await cold.clock.advance(6_000);
  cold.calls(200, { newMs: 5 });
  await cold.clock.advance(30_000);
  t.true((await cold.canary.verdict).goOn);
  const slow = rig();
  await slow.clock.advance(6_000);
  slow.calls(200, { newMs: 15 });
  await slow.clock.advance(1_000);
  const { goOn, why } = await slow.canary.verdict;
  t.deepEqual([goOn, why], [false, 'the median is 16.4 ms with the new code, 5.12 ms with the old']);
});

test('with too few calls the window grows, up to its bound, and then the settings decide', async (t) => {
  const enough = rig();
  await enough.clock.advance(60_000);
  enough.calls(150);
  await enough.clock.advance(1_000);
  t.true((await enough.canary.verdict).goOn);
  for (const undecided of ['roll-back', 'go-on'] as const) {
    const { clock, canary, calls } = rig({ undecided });
    await clock.advance(6_000);
    calls(20);
    await clock.advance(299_000);
    const { goOn, why, tookMs } = await canary.verdict;
    t.deepEqual([goOn, tookMs], [undecided === 'go-on', 305_000]);
    t.is(
      why,
      `nobody can tell: the new code has given 20 answers, and 100 are needed; roll.undecided says ${undecided}`,
    );
  }
});

test('an operator may decide, once; threads that die decide too', async (t) => {
  const { clock, canary } = rig();
  canary.decide(true, 'an operator said so');
  canary.decide(false, 'too late');
  t.is(clock.pending, 0);
  t.like(await canary.verdict, { goOn: true, why: 'an operator said so' });
  let dead: string | undefined;
  const dying = rig({}, () => dead);
  await dying.clock.advance(1_000);
  dead = 'threads of ranking die too often';
  await dying.clock.advance(1_000);
  t.like(await dying.canary.verdict, { goOn: false, why: dead });
});
