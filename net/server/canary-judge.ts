// judge: whether new code does worse than the code in use, from what came of the calls to both; pure. Called by the
// canary's watch on main, again and again while it lasts and once at its end.
//
// Failed, cancelled and unanswered calls: a one-sided two-proportion z test of their shares. Latencies and runs: the 50th and the
// 99th percentile; each side's is known within an interval of order statistics (distribution-free, by the normal approximation
// of the binomial), and the new code is slower when the least that its percentile can be is `maxSlowdown` times the most that
// the old one's can be. Runs are looked at too, since new code has few of the calls: they wait less for a thread than the old
// code's, which hides how long they take on it. All is looked at for each method and for all together, at a level that is
// divided by the number of looks (Bonferroni), and stricter before the end than at it (Haybittle and Peto), so that good code
// is seldom taken back, however many methods there are and however often one looks.

import { noCounts, type SideCounts } from '../../runtime/shared/canary-counts.ts';
import { methodBuckets } from '../../runtime/shared/method-counters.ts';

export interface MethodFigures {
  /** `movies.Search/search`. */
  method: string;
  old: JudgedSide;
  new: JudgedSide;
  /** What came of its calls in the minutes before the canary. Default: of none. */
  before?: Pick<SideCounts, 'answers' | 'errors'>;
}

export interface JudgedSide extends SideCounts {
  /** Calls that were made so long ago that they should have an answer, and those of them that have none. */
  due: number;
  overdue: number;
}

export interface JudgeRules {
  /** Answers since the warm-up without which nobody can tell: of all methods together, and of one method for its latency. */
  minRequests: number;
  /** How many percent of the calls may fail beyond those that fail with the old code. */
  maxErrorsPercent: number;
  /** How many times slower it may be. */
  maxSlowdown: number;
}

export type Judgement = {
  /** `fine` only at the end. */
  is: 'worse' | 'fine' | 'unclear';
  /** With the figures: what is worse, or what is missing. */
  why: string;
};

/** Chance of taking back code that is as good as the old one, for each look before the end, and for the one at it. */
const alpha = { early: 0.0001, end: 0.01 } as const;
/** Fewer bad calls than these say nothing. */
const badMin = 10;
/** Slower by less than this is not slower, ms. */
const slowerMinMs = 1;
/** So many percent more failures of the old code than before are no accident of a busy day. */
const suffersMinPercent = 10;
/** Bad calls, and of how many. */
type Share = readonly [bad: number, calls: number];

/** What must not become more. */
const shares: readonly { says: string; of: (side: JudgedSide) => Share }[] = [
  { says: 'fail', of: failed },
  { says: 'are cancelled', of: ({ cancelled, answers }) => [cancelled, answers + cancelled] },
  { says: 'have no answer', of: ({ overdue, due }) => [overdue, due] },
];
/** What must not take longer. */
const times = [
  { of: 'latency', quantile: 0.5, name: 'the median' },
  { of: 'latency', quantile: 0.99, name: 'p99' },
  { of: 'run', quantile: 0.5, name: 'the median of the runs alone' },
  { of: 'run', quantile: 0.99, name: 'p99 of the runs alone' },
] as const;

/** `isEnd`: the window is over, and this is the last look if it can be. */
export function judge(methods: readonly MethodFigures[], rules: JudgeRules, isEnd: boolean): Judgement {
  const whole: MethodFigures = {
    method: 'all methods',
    old: sum(methods, 'old'),
    new: sum(methods, 'new'),
    before: {
      answers: methods.reduce((sum, { before }) => sum + (before?.answers ?? 0), 0),
      errors: methods.reduce((sum, { before }) => sum + (before?.errors ?? 0), 0),
    },
  };
  const looks = methods.length > 1 ? [whole, ...methods] : [whole];
  const testsOfLook = shares.length + times.length;
  const z = normalQuantile(1 - (isEnd ? alpha.end : alpha.early) / (looks.length * testsOfLook));
  for (const one of looks) {
    const why = worseShare(one, rules, z) ?? worseTime(one, rules, z);
    if (why !== undefined) return { is: 'worse', why: looks.length > 1 ? `${one.method}: ${why}` : why };
  }
  // Only those of which the time is known have been judged by it.
  const [answers, oldAnswers] = [countOf(whole.new.latency), countOf(whole.old.latency)];
  if (answers < rules.minRequests) {
    return { is: 'unclear', why: `the new code has given ${answers} answers, and ${rules.minRequests} are needed` };
  }
  if (oldAnswers < rules.minRequests) {
    const why = `the old code has given ${oldAnswers} answers beside it, and ${rules.minRequests} are needed`;
    return { is: 'unclear', why };
  }
  if (!isEnd) return { is: 'unclear', why: 'its window is not over' };
  for (const one of looks) {
    const why = oldSuffers(one, rules, z);
    if (why !== undefined) return { is: 'worse', why: looks.length > 1 ? `${one.method}: ${why}` : why };
  }
  return { is: 'fine', why: `${answers} answers of the new code are no worse than ${oldAnswers} of the old` };
}

/** The share of failed calls, 0 to 1. */
export function errorShare({ answers, errors }: SideCounts): number {
  return answers === 0 ? 0 : errors / answers;
}

/**
 * New code may harm what both use, a database or a neighbour: then both fail, and it looks no worse than the old code. So
 * the old code is held against what it did just before; unless the new code is what mends it.
 */
function oldSuffers({ old, new: next, before }: MethodFigures, rules: JudgeRules, z: number): string | undefined {
  if (before === undefined) return undefined;
  const now = failed(old);
  const then = [before.errors, before.answers] as const;
  if (!isHigher(now, then, suffersMinPercent, z) || isHigher(now, failed(next), rules.maxErrorsPercent, z)) {
    return undefined;
  }
  return `${shareText(now)} fail with the old code too since the new one runs, and ${shareText(then)} did in the minutes before`;
}

function worseShare({ old, new: next }: MethodFigures, rules: JudgeRules, z: number): string | undefined {
  for (const { says, of } of shares) {
    if (isHigher(of(next), of(old), rules.maxErrorsPercent, z)) {
      return `${shareText(of(next))} ${says} with the new code, ${shareText(of(old))} with the old`;
    }
  }
  return undefined;
}

/** Whether the first share is certainly higher than the second, by `minPercent` or more. */
function isHigher([bad, calls]: Share, [badBefore, callsBefore]: Share, minPercent: number, z: number): boolean {
  if (bad < badMin || callsBefore < badMin) return false;
  const rise = bad / calls - badBefore / callsBefore;
  if (!(rise > 0) || rise * 100 < minPercent) return false;
  const pooled = (bad + badBefore) / (calls + callsBefore);
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / calls + 1 / callsBefore));
  // All calls of both are bad: then there is no rise either.
  return rise >= z * deviation;
}

function failed({ errors, answers }: SideCounts): Share {
  return [errors, answers];
}

function shareText([bad, calls]: Share): string {
  return `${percent(bad / calls)} of ${calls} calls`;
}

function worseTime({ old, new: next }: MethodFigures, rules: JudgeRules, z: number): string | undefined {
  for (const { of, quantile, name } of times) {
    const oldMaxMs = boundMs(old[of], quantile, z, 'most');
    const newMinMs = boundMs(next[of], quantile, -z, 'least');
    if (countOf(next[of]) < rules.minRequests || oldMaxMs === undefined || newMinMs === undefined) continue;
    if (newMinMs < oldMaxMs * rules.maxSlowdown || newMinMs - oldMaxMs < slowerMinMs) continue;
    const ms = (counts: Float64Array) => `${round(methodBuckets.quantileMs(counts, quantile))} ms`;
    return `${name} is ${ms(next[of])} with the new code, ${ms(old[of])} with the old`;
  }
  return undefined;
}

/** The most or least that a quantile can be, at z standard deviations of its rank; undefined: too few were counted to say. */
function boundMs(counts: Float64Array, quantile: number, z: number, which: 'most' | 'least'): number | undefined {
  const count = countOf(counts);
  const rank = Math.ceil(count * quantile + z * Math.sqrt(count * quantile * (1 - quantile)));
  if (rank < 1 || rank > count) return undefined;
  let seen = 0;
  for (let bucket = 0; bucket < counts.length; bucket++) {
    seen += counts[bucket]!;
    // It lies somewhere in the bucket.
    if (seen >= rank)
      return which === 'most' || bucket === 0 ? methodBuckets.upperMs(bucket) : methodBuckets.upperMs(bucket - 1);
  }
  return undefined;
}

function sum(methods: readonly MethodFigures[], side: 'old' | 'new'): JudgedSide {
  const sums: JudgedSide = { ...noCounts(), due: 0, overdue: 0 };
  for (const { [side]: counts } of methods) {
    for (const name of ['answers', 'errors', 'cancelled', 'due', 'overdue'] as const) sums[name] += counts[name];
    for (const name of ['put', 'open', 'latency', 'run'] as const) {
      for (const [at, count] of counts[name].entries()) sums[name][at]! += count;
    }
  }
  return sums;
}

function countOf(counts: Float64Array): number {
  let count = 0;
  for (let bucket = 0; bucket < counts.length; bucket++) count += counts[bucket]!;
  return count;
}

/** Abramowitz and Stegun, 26.2.23: within 4.5e-4, for shares from a half on. */
function normalQuantile(share: number): number {
  const t = Math.sqrt(-2 * Math.log(1 - share));
  const above = 2.515517 + t * (0.802853 + t * 0.010328);
  const below = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  return t - above / below;
}

function percent(share: number): string {
  return `${round(share * 100)} %`;
}

/** Three digits are enough to see what is worse. */
function round(value: number): number {
  return Number(value.toPrecision(3));
}
