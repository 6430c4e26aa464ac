// benchReport: the result of `heddle bench` for programs: everything that was measured, in ms and requests per second. The
// names are an interface: they are added to, not changed.

import { generatorShare, type LoadResult } from '../../load/result.ts';
import { marks } from './latency-picture.ts';
import type { BenchOptions } from './options.ts';
import type { BenchPlan } from './plan.ts';

export interface BenchAsked {
  target: string;
  service: string;
  method: string;
  requestBytes: number;
  plan: BenchPlan;
  options: BenchOptions;
  /** Wall clock, ms since 1970. */
  startedAtMs: number;
}

export function benchReport(result: LoadResult, asked: BenchAsked): object {
  const { target, service, method, requestBytes, plan, options, startedAtMs } = asked;
  const { latencies, sendDelays, cpuSeconds, spunSeconds } = result;
  return {
    target,
    service,
    method,
    requestBytes,
    load: { ...plan.shape, seed: options.seed, precise: options.precise === true },
    startedAt: new Date(startedAtMs).toISOString(),
    warmUpMs: options.warmUp,
    durationMs: options.duration,
    timeoutMs: options.timeout,
    connections: result.connections,
    measuredMs: result.measuredMs,
    endedEarly: result.isCutOff,
    perSecond: result.perSecond,
    answers: result.answers,
    failed: result.failed,
    failures: result.failures,
    latencyMs: {
      ...Object.fromEntries(marks.map(({ name, quantile }) => [name, latencies.quantileMs(quantile)])),
      min: latencies.minMs,
      mean: latencies.meanMs,
    },
    histogram: latencies.buckets(),
    overTime: result.slices.map((slice) => ({
      fromMs: slice.fromMs,
      toMs: slice.toMs,
      answers: slice.answers,
      failures: slice.failures,
      p50Ms: slice.latencies.quantileMs(0.5),
      p99Ms: slice.latencies.quantileMs(0.99),
      maxMs: slice.latencies.maxMs,
    })),
    late: result.late,
    unsent: result.unsent,
    unanswered: result.cutOff,
    generator: {
      processors: generatorShare(result),
      cpuSeconds,
      spunSeconds,
      sendDelayMs: { p50: sendDelays.quantileMs(0.5), p99: sendDelays.quantileMs(0.99), max: sendDelays.maxMs },
      node: process.version,
    },
  };
}
