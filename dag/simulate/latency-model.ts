// LatencyModel: what a node's attempts take in a simulation: a quantile function made of a few known quantiles. Pure.
//
// Between two known quantiles the logarithm of the time is linear in the normal score of the share, so two quantiles
// make a lognormal, which latencies of services mostly resemble, and more of them bend it. Beyond the highest the tail
// goes on as between the last two, up to the maximum.

import { HeddleError } from '../../runtime/errors.ts';

export interface Quantiles {
  readonly p50?: number;
  readonly p90?: number;
  readonly p95?: number;
  readonly p99?: number;
  /** Taken as p99.99, and never exceeded. */
  readonly max?: number;
}

/** `[share 0..1, ms]` each, by rising share; or quantiles in ms; or what it usually takes (its p95), in ms. */
export type LatencyInput = readonly (readonly [share: number, ms: number])[] | Quantiles | number;

/** Points that one model is made of. */
export const latencyPointsMax = 1000;

const maxShare = 0.9999;
/** Shorter times are 0: a logarithm needs a smallest one. */
const leastMs = 0.001;
/** p99 of what is known by its p95 alone is about 4/3 of it, p50 half of it. */
const estimateMedian = 0.5;

const shares = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, max: maxShare } as const;

interface Point {
  /** Normal score of the share. */
  readonly score: number;
  readonly logMs: number;
}

export class LatencyModel {
  readonly #points: readonly Point[];
  readonly #maxMs: number;

  /** `what` names it in errors. Throws INVALID_ARGUMENT for what is no distribution. */
  constructor(input: LatencyInput, what = 'latency') {
    const points = pointsOf(input);
    checkPoints(points, what);
    this.#points = points.map(([share, ms]) => ({ score: normalScore(share), logMs: Math.log(Math.max(ms, leastMs)) }));
    const isBounded = !(typeof input === 'number');
    this.#maxMs = isBounded && points.at(-1)![0] >= maxShare ? points.at(-1)![1] : Number.POSITIVE_INFINITY;
  }

  /** The time within which the share (0..1, both excluded) of attempts ends, ms. */
  quantileMs(share: number): number {
    const points = this.#points;
    const score = normalScore(share);
    let upper = 1;
    while (upper < points.length - 1 && points[upper]!.score < score) upper++;
    const from = points[upper - 1]!;
    const to = points[upper] ?? from;
    const slope = to === from ? 0 : (to.logMs - from.logMs) / (to.score - from.score);
    const ms = Math.exp(from.logMs + slope * (score - from.score));
    if (ms < leastMs * (1 + 1e-9)) return 0;
    return Math.min(slope === 0 ? round(ms) : ms, this.#maxMs);
  }
}

/** What went through a logarithm comes back a little off: a constant must be itself. */
function round(ms: number): number {
  return Number(ms.toPrecision(12));
}

function pointsOf(input: LatencyInput): (readonly [number, number])[] {
  if (typeof input === 'number') {
    return [
      [0.5, input * estimateMedian],
      [0.95, input],
    ];
  }
  if (isPoints(input)) return input.map(([share, ms]) => [Math.min(share, maxShare), ms]);
  return Object.entries(shares).flatMap(([name, share]) => {
    const ms = input[name as keyof Quantiles];
    return ms === undefined ? [] : [[share, ms] as const];
  });
}

function isPoints(input: Exclude<LatencyInput, number>): input is readonly (readonly [number, number])[] {
  return Array.isArray(input);
}

function checkPoints(points: readonly (readonly [number, number])[], what: string): void {
  if (points.length === 0 || points.length > latencyPointsMax) {
    throw new HeddleError(
      'INVALID_ARGUMENT',
      `${what} needs 1 to ${latencyPointsMax} quantiles, it has ${points.length}; give p50 and p99, for example`,
    );
  }
  for (const [index, [share, ms]] of points.entries()) {
    if (!(share > 0 && share < 1))
      throw new HeddleError('INVALID_ARGUMENT', `${what}: a share lies between 0 and 1, not ${share}`);
    if (!(ms >= 0 && ms <= 86_400_000)) {
      throw new HeddleError('INVALID_ARGUMENT', `${what}: a time is a number of ms from 0 to a day, not ${ms}`);
    }
    const before = points[index - 1];
    if (before === undefined || (share > before[0] && ms >= before[1])) continue;
    const [earlier, later] = [before, [share, ms]].map(
      ([one, time]) => `p${Number((one! * 100).toFixed(4))} = ${time} ms`,
    );
    throw new HeddleError('INVALID_ARGUMENT', `${what}: quantiles rise, but ${later} stands after ${earlier}`);
  }
}

// The inverse of the normal distribution: Acklam's rational approximation, within 1.2e-9 of itself.
const inner = {
  over: [
    -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
    2.506628277459239,
  ],
  under: [
    -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1, 1,
  ],
};
const outer = {
  over: [
    -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ],
  under: [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1],
};
const outerShare = 0.02425;

/** How many standard deviations from the mean the share lies. */
export function normalScore(share: number): number {
  if (share < outerShare) return tailScore(share);
  if (share > 1 - outerShare) return -tailScore(1 - share);
  const middle = share - 0.5;
  const square = middle * middle;
  return (middle * polynomial(inner.over, square)) / polynomial(inner.under, square);
}

function tailScore(share: number): number {
  const far = Math.sqrt(-2 * Math.log(share));
  return polynomial(outer.over, far) / polynomial(outer.under, far);
}

/** The highest power first. */
function polynomial(factors: readonly number[], at: number): number {
  let sum = 0;
  for (const factor of factors) sum = sum * at + factor;
  return sum;
}
