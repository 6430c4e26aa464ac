// What sorted times come to: quantiles and bars. Pure.

import type { Distribution, HistogramBar } from './simulation.ts';

const barsMax = 16;

/** The time within which the share (0..1) of the runs ended; 0 without any. */
export function quantileOf(sortedMs: Float64Array, share: number): number {
  if (sortedMs.length === 0) return 0;
  // 0.95 × 20 is 19 and not 19.000000000000004.
  const rank = Math.ceil(Number((share * sortedMs.length).toFixed(6)));
  return sortedMs[Math.min(sortedMs.length, Math.max(1, rank)) - 1]!;
}

export function distributionOf(sortedMs: Float64Array): Distribution {
  const sumMs = sortedMs.reduce((sum, ms) => sum + ms, 0);
  return {
    meanMs: sortedMs.length === 0 ? 0 : sumMs / sortedMs.length,
    p50Ms: quantileOf(sortedMs, 0.5),
    p90Ms: quantileOf(sortedMs, 0.9),
    p95Ms: quantileOf(sortedMs, 0.95),
    p99Ms: quantileOf(sortedMs, 0.99),
    p999Ms: quantileOf(sortedMs, 0.999),
    maxMs: quantileOf(sortedMs, 1),
  };
}

/** Bars of one round width up to p99; all that lies beyond is the last one. */
export function histogramOf(sortedMs: Float64Array): HistogramBar[] {
  if (sortedMs.length === 0) return [];
  const [first, last, max] = [sortedMs[0]!, quantileOf(sortedMs, 0.99), sortedMs.at(-1)!];
  const widthMs = roundWidth((last - first) / (barsMax - 2));
  const startMs = Math.floor(first / widthMs) * widthMs;
  const bars: { fromMs: number; toMs: number; share: number }[] = [];
  let at = 0;
  while (at < sortedMs.length) {
    const fromMs = startMs + bars.length * widthMs;
    const isLast = bars.length === barsMax - 1 || fromMs > last;
    const toMs = isLast ? max : fromMs + widthMs;
    const before = at;
    while (at < sortedMs.length && (isLast || sortedMs[at]! < toMs)) at++;
    bars.push({ fromMs, toMs, share: (at - before) / sortedMs.length });
  }
  return bars;
}

/** 1, 2 or 5 times a power of ten, at least so much; 1 for nothing. */
function roundWidth(ms: number): number {
  if (!(ms > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(ms));
  return [1, 2, 5, 10].map((digit) => digit * power).find((width) => width >= ms * (1 - 1e-9)) ?? 10 * power;
}
