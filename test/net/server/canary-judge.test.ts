// The judge of canaries: what is clearly worse is found, what is as good is not, and more failures never look better.

import test from 'ava';
import fc from 'fast-check';
import { type JudgedSide, type JudgeRules, judge, type MethodFigures } from '../../../net/server/canary-judge.ts';
import { type Random, seededRandom } from '../../../runtime/clock.ts';
import { noCounts } from '../../../runtime/shared/canary-counts.ts';
import { methodBuckets } from '../../../runtime/shared/method-counters.ts';

const rules: JudgeRules = { minRequests: 100, maxErrorsPercent: 1, maxSlowdown: 1.5 };

/** Answers that failed, and of all of them latencies around `ms`, some of them far above, as they are. */
function side(random: Random, answers: number, errors: number, ms = 5): JudgedSide {
  const latency = new Float64Array(methodBuckets.count);
  for (let at = 0; at < answers; at++) {
    const slow = random() < 0.02 ? 10 : 1;
    latency[methodBuckets.bucketOf(ms * slow * (0.5 + random()))]! += 1;
  }
  return sideOf({ answers, errors, latency });
}

function sideOf(counts: Partial<JudgedSide>): JudgedSide {
  return { ...noCounts(), due: 0, overdue: 0, ...counts };
}

function binomial(random: Random, count: number, share: number): number {
  let hits = 0;
  for (let at = 0; at < count; at++) if (random() < share) hits++;
  return hits;
}

const seed = fc.maxSafeNat();
const many = fc.integer({ min: 300, max: 3000 });

test('code that is as good is taken back less than once in a hundred times, whatever share of calls fails', (t) => {
  const random = seededRandom(20_261_122);
  let taken = 0;
  for (let run = 0; run < 1000; run++) {
    const share = random() < 0.5 ? 0 : random() * 0.5;
    const one = (answers: number) => side(random, answers, binomial(random, answers, share));
    const methods = Array.from({ length: 1 + (run % 4) }, (_, at) => {
      return { method: `m${at}`, old: one(900), new: one(100 + Math.floor(random() * 100)) };
    });
    if (judge(methods, rules, true).is !== 'fine') taken++;
  }
  t.true(taken < 10, `${taken} of 1000`);
});

test('looking often before the end does not change that', (t) => {
  const random = seededRandom(20_261_123);
  let taken = 0;
  for (let run = 0; run < 150; run++) {
    const share = [0, 0.01, 0.1, 0.3][run % 4]!;
    const figures: MethodFigures = { method: 'm', old: side(random, 0, 0), new: side(random, 0, 0) };
    const add = (to: JudgedSide, answers: number): void => {
      const more = side(random, answers, binomial(random, answers, share));
      to.answers += more.answers;
      to.errors += more.errors;
      for (let bucket = 0; bucket < to.latency.length; bucket++) to.latency[bucket]! += more.latency[bucket]!;
    };
    for (let look = 1; look <= 40; look++) {
      add(figures.old, 90);
      add(figures.new, 10);
      if (judge([figures], rules, look === 40).is !== 'worse') continue;
      taken++;
      break;
    }
  }
  t.true(taken < 4, `${taken} of 150`);
});

test('a share of failures that is much higher is found, also before the end', (t) => {
  fc.assert(
    fc.property(seed, many, fc.double({ min: 0, max: 0.3, noNaN: true }), (seed, answers, share) => {
      const random = seededRandom(seed);
      const figures: MethodFigures = {
        method: 'm',
        old: side(random, answers * 9, Math.round(answers * 9 * share)),
        new: side(random, answers, Math.round(answers * (share + 0.2))),
      };
      const { is, why } = judge([figures], rules, false);
      return is === 'worse' && /fail with the new code/.test(why);
    }),
  );
  t.pass();
});

test('code that is three times slower is found, and code that is faster is fine', (t) => {
  fc.assert(
    fc.property(seed, many, fc.double({ min: 3, max: 500, noNaN: true }), (seed, answers, ms) => {
      const random = seededRandom(seed);
      const fast = side(random, answers * 9, 0, ms);
      const slow = side(random, answers, 0, ms * 3);
      const found = judge([{ method: 'm', old: fast, new: slow }], rules, false);
      const other = judge(
        [{ method: 'm', old: side(random, answers * 9, 0, ms * 3), new: side(random, answers, 0, ms) }],
        rules,
        true,
      );
      return found.is === 'worse' && /the median is/.test(found.why) && other.is === 'fine';
    }),
  );
  t.pass();
});

test('a method that only fails is found among others that are well, however few calls it has', (t) => {
  const random = seededRandom(3);
  const well = (method: string) => ({ method, old: side(random, 90_000, 90), new: side(random, 10_000, 10) });
  const broken = { method: 'rare', old: side(random, 180, 1), new: side(random, 20, 15) };
  const { is, why } = judge([well('a'), well('b'), broken], rules, false);
  t.is(is, 'worse');
  t.is(why, 'rare: 75 % of 20 calls fail with the new code, 0.556 % of 180 calls with the old');
});

test('calls that are given up, or get no answer, are found as failed ones are', (t) => {
  const well = sideOf({ answers: 900, due: 800, overdue: 1, cancelled: 5 });
  const found = (next: Partial<JudgedSide>) => {
    const { is, why } = judge([{ method: 'm', old: well, new: sideOf(next) }], rules, false);
    return is === 'worse' ? why : is;
  };
  t.is(
    found({ answers: 50, cancelled: 50 }),
    '50 % of 100 calls are cancelled with the new code, 0.552 % of 905 calls with the old',
  );
  t.is(
    found({ answers: 50, due: 90, overdue: 45 }),
    '50 % of 90 calls have no answer with the new code, 0.125 % of 800 calls with the old',
  );
  t.is(found({ answers: 0, due: 12, overdue: 12 }).slice(0, 33), '100 % of 12 calls have no answer ');
  t.is(found({ answers: 100, cancelled: 1, due: 90, overdue: 0 }), 'unclear');
});

test('new code under which the old fails too is not well, unless it is what mends that', (t) => {
  const random = seededRandom(5);
  const before = { answers: 10_000, errors: 20 };
  const of = (old: number, next: number) => {
    return judge([{ method: 'm', old: side(random, 900, old), new: side(random, 100, next), before }], rules, true);
  };
  t.is(of(0, 0).is, 'fine');
  t.deepEqual(of(450, 55), {
    is: 'worse',
    why: '50 % of 900 calls fail with the old code too since the new one runs, and 0.2 % of 10000 calls did in the minutes before',
  });
  t.is(of(450, 5).is, 'fine', 'it mends it');
  t.is(of(50, 5).is, 'fine', 'a busy day');
});

test('more failures never make it look better', (t) => {
  const counts = fc.record({
    answers: fc.integer({ min: 1, max: 2000 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  const of = ({ answers, share }: { answers: number; share: number }): JudgedSide => {
    return sideOf({ answers, errors: Math.round(answers * share) });
  };
  fc.assert(
    fc.property(counts, counts, fc.boolean(), fc.nat(50), (old, next, isEnd, more) => {
      const before = of(next);
      const after = { ...before, errors: Math.min(before.answers, before.errors + more) };
      const is = (side: JudgedSide) => judge([{ method: 'm', old: of(old), new: side }], rules, isEnd).is;
      return is(before) !== 'worse' || is(after) === 'worse';
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

test('too few answers, or none to compare with, are never well', (t) => {
  const random = seededRandom(4);
  const few = { method: 'm', old: side(random, 900, 0), new: side(random, 99, 0) };
  t.deepEqual(judge([few], rules, true), {
    is: 'unclear',
    why: 'the new code has given 99 answers, and 100 are needed',
  });
  t.is(judge([], rules, true).is, 'unclear');
  const alone = { method: 'm', old: side(random, 9, 0), new: side(random, 1000, 1000) };
  t.regex(judge([alone], rules, true).why, /the old code has given 9 answers beside it/);
});

test('code that takes longer on its thread is found though its callers wait less for one', (t) => {
  const random = seededRandom(20_261_125);
  const busy = { old: side(random, 2000, 0, 10), new: side(random, 400, 0, 14) };
  const old = { ...busy.old, run: side(random, 2000, 0, 5).latency };
  t.is(
    judge([{ method: 'm', old, new: { ...busy.new, run: side(random, 400, 0, 5).latency } }], rules, true).is,
    'fine',
  );
  const heavy = { ...busy.new, run: side(random, 400, 0, 12).latency };
  const { is, why } = judge([{ method: 'm', old, new: heavy }], rules, true);
  t.is(is, 'worse');
  t.regex(why, /^the median of the runs alone is [\d.]+ ms with the new code, [\d.]+ ms with the old$/);
});
