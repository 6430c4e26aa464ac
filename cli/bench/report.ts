// benchReport: the result of `heddle bench` for programs: everything that was measured, in ms and requests per second. The
// names are an interface: they are added to, not changed. What is not known, since nothing of the kind was counted, is null.

import type { Latencies } from '../../load/latencies.ts';
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
  /** Of the random times. */
  seed: number;
  /** Wall clock, ms since 1970. */
  startedAtMs: number;
}

export function benchReport(result: LoadResult, asked: BenchAsked): object {
  const { target, service, method, requestBytes, plan, options, seed, startedAtMs } = asked;
  const { latencies, sendDelays, cpuSeconds, spunSeconds, measuredMs } = result;
  return {
    target,
    service,
    method,
    requestBytes,
    load: { ...plan.shape, seed, precise: options.precise === true },
    startedAt: new Date(startedAtMs).toISOString(),
    warmUpMs: options.warmUp,
    durationMs: options.duration,
    timeoutMs: options.timeout,
    connections: result.connections,
    connectionsWanted: result.connectionsWanted,
    measuredMs,
    endedEarly: result.isCutOff,
    perSecond: result.perSecond,
    answers: result.answers,
    failed: result.failed,
    failures: result.failures,
    latencyMs: {
      ...Object.fromEntries(marks.map(({ name, quantile }) => [name, quantileMs(latencies, quantile)])),
      min: latencies.count === 0 ? null : latencies.minMs,
      mean: latencies.count === 0 ? null : latencies.meanMs,
    },
    histogram: latencies.buckets(),
    overTime: result.slices.map((slice) => ({
      fromMs: slice.fromMs,
      toMs: Math.min(slice.toMs, measuredMs),
      answers: slice.answers,
      failures: slice.failures,
      p50Ms: quantileMs(slice.latencies, 0.5),
      p99Ms: quantileMs(slice.latencies, 0.99),
      maxMs: quantileMs(slice.latencies, 1),
    })),
    late: result.late,
    unsent: result.unsent,
    unanswered: result.cutOff,
    generator: {
      processors: generatorShare(result),
      cpuSeconds,
      spunSeconds,
      sendDelayMs: {
        p50: quantileMs(sendDelays, 0.5),
        p99: quantileMs(sendDelays, 0.99),
        max: quantileMs(sendDelays, 1),
      },
      node: process.version,
    },
  };
}

function quantileMs(latencies: Latencies, quantile: number): number | null {
  return latencies.count === 0 ? null : latencies.quantileMs(quantile);
}
