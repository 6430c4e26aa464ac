// strategyReports (main): the strategies of a process as operators see them: which version, what ran, what each node did and
// how much of the time it decided. Plain data, for the admin and for pictures.

import { emptyNodeSums, emptyRunSums, type NodeSums, strategyBuckets } from '../../runtime/shared/strategy-counters.ts';
import type { NodeDefinition, StrategyDefinition } from '../definition.ts';
import type { CounterLedger } from './counter-ledger.ts';

export interface StrategiesReport {
  readonly version: number;
  readonly strategies: readonly StrategyReport[];
}

export interface StrategyReport {
  readonly name: string;
  readonly description: string | undefined;
  readonly origin: string;
  /** Runs that ended well, failed, or were wanted by nobody any more. */
  readonly done: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Runs with a mark of degradation. */
  readonly degraded: number;
  /** Runs by level, from 0. */
  readonly levels: readonly number[];
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly meanMs: number;
  /** Set by hand; undefined: limits and signals alone decide. */
  readonly manualLevel: number | undefined;
  /** By thread: why its level is above 0. */
  readonly why: Readonly<Record<string, readonly string[]>>;
  readonly nodes: readonly NodeReport[];
}

export interface NodeReport {
  readonly name: string;
  readonly work: NodeDefinition['work']['kind'];
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
  readonly cancelled: number;
  readonly degraded: number;
  readonly cached: number;
  readonly attempts: number;
  readonly hedges: number;
  readonly lostItems: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Share 0..1 of the runs in which it was on the critical path, and of all their time that it added to it. */
  readonly criticalShare: number;
  readonly criticalTimeShare: number;
  /** Threads on which its breaker is open. */
  readonly openBreakers: number;
}

export interface LevelFacts {
  manual: ReadonlyMap<string, number>;
  /** By thread's name, by strategy. */
  why: ReadonlyMap<string, Readonly<Record<string, readonly string[]>>>;
}

export function strategyReports(
  definitions: readonly StrategyDefinition[],
  ledger: CounterLedger,
  { manual, why }: LevelFacts,
): StrategyReport[] {
  const sums = ledger.sums();
  return definitions.map(({ name, description, origin, nodes }) => {
    // What nobody has counted yet, or on no thread that is left, is zero.
    const found = sums.get(name) ?? { runs: emptyRunSums(), nodes: new Map<string, NodeSums>() };
    const { counts, latency, levels } = found.runs;
    const ended = counts.done + counts.failed;
    const reasons = [...why].filter(([, by]) => Object.hasOwn(by, name)).map(([thread, by]) => [thread, by[name]!]);
    return {
      name,
      description,
      origin,
      done: counts.done,
      failed: counts.failed,
      cancelled: counts.cancelled,
      degraded: counts.degraded,
      levels: levels.slice(0, levels.findLastIndex((runs) => runs > 0) + 1),
      p50Ms: strategyBuckets.quantileMs(latency, 0.5),
      p99Ms: strategyBuckets.quantileMs(latency, 0.99),
      meanMs: ended === 0 ? 0 : counts.sumMs / ended,
      manualLevel: manual.get(name),
      why: Object.fromEntries(reasons) as StrategyReport['why'],
      nodes: nodes.map((node) => nodeReport(node, found.nodes.get(node.name) ?? emptyNodeSums(), ended, counts.sumMs)),
    };
  });
}

function nodeReport(
  { name, work }: NodeDefinition,
  { counts, latency }: { counts: Record<string, number>; latency: Float64Array },
  runs: number,
  runsMs: number,
): NodeReport {
  const of = (what: string): number => counts[what]!;
  return {
    name,
    work: work.kind,
    done: of('done'),
    failed: of('failed'),
    skipped: of('skipped'),
    cancelled: of('cancelled'),
    degraded: of('degraded'),
    cached: of('cached'),
    attempts: of('attempts'),
    hedges: of('hedges'),
    lostItems: of('lostItems'),
    meanMs: of('done') === 0 ? 0 : of('sumMs') / of('done'),
    p50Ms: strategyBuckets.quantileMs(latency, 0.5),
    p95Ms: strategyBuckets.quantileMs(latency, 0.95),
    p99Ms: strategyBuckets.quantileMs(latency, 0.99),
    criticalShare: runs === 0 ? 0 : of('critical') / runs,
    criticalTimeShare: runsMs === 0 ? 0 : of('criticalMs') / runsMs,
    openBreakers: of('breakerOpen'),
  };
}
