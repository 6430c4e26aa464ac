// StrategyStatus: what the strategies of a running process do, in one short text: how many runs, how long, what share was
// degraded, and which nodes decided the time. From what its counters grew by in the last seconds. Main thread.

import { formatPercent } from '../dag/draw/describe.ts';
import type { StrategiesReport, StrategyReport } from '../dag/host/strategy-report.ts';

/** Nodes of a critical path that are named. */
const nodesMax = 3;
/** A node with a smaller share of the time is not named. */
const shareMin = 0.05;

/** Sums of one strategy since the process began; none of them falls. */
interface Sums {
  ended: number;
  degraded: number;
  totalMs: number;
  criticalMs: ReadonlyMap<string, number>;
}

interface Look {
  atMs: number;
  sums: ReadonlyMap<string, Sums>;
}

export class StrategyStatus {
  readonly #looks: Look[] = [];
  readonly #looksMax: number;

  /** Figures are of so many looks back, at most. */
  constructor(looksMax: number) {
    this.#looksMax = looksMax;
  }

  /** Text of each strategy that ran since the oldest look kept, the busiest first; empty: none did. */
  look({ strategies }: StrategiesReport, nowMs: number): string[] {
    const look: Look = { atMs: nowMs, sums: new Map(strategies.map((one) => [one.name, sumsOf(one)])) };
    const before = this.#looks[0];
    this.#looks.push(look);
    if (this.#looks.length > this.#looksMax) this.#looks.shift();
    if (before === undefined || nowMs <= before.atMs) return [];
    const seconds = (nowMs - before.atMs) / 1000;
    return strategies
      .map((report) => ({ report, grown: grownBy(look.sums.get(report.name)!, before.sums.get(report.name)) }))
      .filter(({ grown }) => grown.ended > 0)
      .sort((a, b) => b.grown.ended - a.grown.ended)
      .map(({ report, grown }) => textOf(report, grown, seconds));
  }
}

function sumsOf({ done, failed, degraded, meanMs, nodes }: StrategyReport): Sums {
  const ended = done + failed;
  const totalMs = meanMs * ended;
  const criticalMs = new Map(nodes.map(({ name, criticalTimeShare }) => [name, criticalTimeShare * totalMs]));
  return { ended, degraded, totalMs, criticalMs };
}

/** Without a look before: since the strategy began. */
function grownBy(sums: Sums, before: Sums | undefined): Sums {
  if (before === undefined) return sums;
  return {
    ended: sums.ended - before.ended,
    degraded: sums.degraded - before.degraded,
    totalMs: sums.totalMs - before.totalMs,
    criticalMs: new Map([...sums.criticalMs].map(([name, ms]) => [name, ms - (before.criticalMs.get(name) ?? 0)])),
  };
}

/** `movies.search 120/s, mean 3.1 ms, degraded 2 %, critical: rank 61 %, titles 22 %`. */
function textOf(
  { name, why }: StrategyReport,
  { ended, degraded, totalMs, criticalMs }: Sums,
  seconds: number,
): string {
  const perSecond = ended / seconds;
  const meanMs = totalMs / ended;
  const parts = [
    `${name} ${perSecond < 10 ? Number(perSecond.toFixed(1)) : Math.round(perSecond).toLocaleString('en')}/s`,
    `mean ${meanMs < 10 ? Number(meanMs.toFixed(2)) : Math.round(meanMs)} ms`,
  ];
  if (degraded > 0) parts.push(`degraded ${formatPercent(Math.min(1, degraded / ended))}`);
  const raised = Object.keys(why).length;
  if (raised > 0) parts.push(`level raised on ${raised} ${raised === 1 ? 'thread' : 'threads'}`);
  const nodes = [...criticalMs]
    .map(([node, ms]) => ({ node, share: totalMs > 0 ? ms / totalMs : 0 }))
    .filter(({ share }) => share >= shareMin)
    .sort((a, b) => b.share - a.share)
    .slice(0, nodesMax);
  if (nodes.length > 0) {
    parts.push(`critical: ${nodes.map(({ node, share }) => `${node} ${formatPercent(share)}`).join(', ')}`);
  }
  return parts.join(', ');
}
