// judge: whether new code does worse than the code in use, from what came of the calls to both; pure. Called by the
// canary's watch on main, again and again while it lasts and once at its end.
//
// Errors: a one-sided two-proportion z test. Latency: the 50th and the 99th percentile; each side's is known within an
// interval of order statistics (distribution-free, by the normal approximation of the binomial), and the new code is slower
// when the least that its percentile can be is `maxSlowdown` times the most that the old one's can be. Both are looked at for
// each method and for all together, at a level that is divided by the number of looks (Bonferroni), and stricter before the end than at it
// (Haybittle and Peto), so that good code is seldom taken back, however many methods there are and however often one looks.

import type { SideCounts } from '../../runtime/shared/canary-counts.ts';
import { methodBuckets } from '../../runtime/shared/method-counters.ts';

export interface MethodFigures {
  /** `movies.Search/search`. */
  method: string;
  old: SideCounts;
  new: SideCounts;
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
/** Fewer failed calls than these say nothing. */
const errorsMin = 10;
/** Slower by less than this is not slower, ms. */
const slowerMinMs = 1;
const quantiles = [
  { quantile: 0.5, name: 'the median' },
  { quantile: 0.99, name: 'p99' },
] as const;

/** `isEnd`: the window is over, and this is the last look if it can be. */
export function judge(methods: readonly MethodFigures[], rules: JudgeRules, isEnd: boolean): Judgement {
  const whole = { method: 'all methods', old: sum(methods, 'old'), new: sum(methods, 'new') };
  const looks = methods.length > 1 ? [whole, ...methods] : [whole];
  // Of one look: errors and two percentiles.
  const z = normalQuantile(1 - (isEnd ? alpha.end : alpha.early) / (looks.length * (1 + quantiles.length)));
  for (const one of looks) {
    const why = worseErrors(one, rules, z) ?? worseLatency(one, rules, z);
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
  return { is: 'fine', why: `${answers} answers of the new code are no worse than ${oldAnswers} of the old` };
}

/** The share of failed calls, 0 to 1. */
export function errorShare({ answers, errors }: SideCounts): number {
  return answers === 0 ? 0 : errors / answers;
}

function worseErrors(
  { old, new: next }: MethodFigures,
  { maxErrorsPercent }: JudgeRules,
  z: number,
): string | undefined {
  if (next.errors < errorsMin || old.answers < errorsMin) return undefined;
  const rise = errorShare(next) - errorShare(old);
  if (!(rise > 0) || rise * 100 < maxErrorsPercent) return undefined;
  const pooled = (next.errors + old.errors) / (next.answers + old.answers);
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / next.answers + 1 / old.answers));
  // All calls of both have failed: then there is no rise either.
  if (rise < z * deviation) return undefined;
  const of = ({ errors, answers }: SideCounts) => `${percent(errors / answers)} of ${answers} calls`;
  return `${of(next)} fail with the new code, ${of(old)} with the old`;
}

function worseLatency({ old, new: next }: MethodFigures, rules: JudgeRules, z: number): string | undefined {
  for (const { quantile, name } of quantiles) {
    const oldMaxMs = boundMs(old.latency, quantile, z, 'most');
    const newMinMs = boundMs(next.latency, quantile, -z, 'least');
    if (countOf(next.latency) < rules.minRequests || oldMaxMs === undefined || newMinMs === undefined) continue;
    if (newMinMs < oldMaxMs * rules.maxSlowdown || newMinMs - oldMaxMs < slowerMinMs) continue;
    const ms = (counts: Float64Array) => `${round(methodBuckets.quantileMs(counts, quantile))} ms`;
    return `${name} is ${ms(next.latency)} with the new code, ${ms(old.latency)} with the old`;
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

function sum(methods: readonly MethodFigures[], side: 'old' | 'new'): SideCounts {
  const latency = new Float64Array(methodBuckets.count);
  let answers = 0;
  let errors = 0;
  for (const { [side]: counts } of methods) {
    answers += counts.answers;
    errors += counts.errors;
    for (let bucket = 0; bucket < latency.length; bucket++) latency[bucket]! += counts.latency[bucket]!;
  }
  return { answers, errors, latency };
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
