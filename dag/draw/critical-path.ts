// Where the time of a run went: its critical path, cut into the share of each node on it.

import type { RunTrace } from '../run/trace.ts';
import { formatMs, formatPercent } from './describe.ts';
import { type Arrow, outputId, requestId } from './picture.ts';

export interface CriticalStep {
  readonly name: string;
  /** From the end of the one before it to its own end. */
  readonly ms: number;
  /** Of the run, 0..1. */
  readonly share: number;
}

/** From the first to the last; what is left to the whole is the output's. */
export function criticalSteps({ criticalPath, nodes, durationMs }: RunTrace): CriticalStep[] {
  const ends = new Map(nodes.map(({ name, endMs }) => [name, endMs]));
  let reached = 0;
  return criticalPath.map((name) => {
    const end = Math.min(Math.max(ends.get(name) ?? reached, reached), durationMs);
    const ms = end - reached;
    reached = end;
    return { name, ms, share: durationMs > 0 ? ms / durationMs : 0 };
  });
}

/** `profile 6.2 ms (10 %) → rank 30 ms (48 %)`; steps that took no time are named without. */
export function criticalText(trace: RunTrace): string {
  const steps = criticalSteps(trace).map(({ name, ms, share }) =>
    share < 0.0005 ? name : `${name} ${formatMs(ms)} (${formatPercent(share)})`,
  );
  return steps.join(' → ');
}

/** `done in 61.9 ms`, `failed after 30 ms`, with the level if there is one. */
export function outcomeText({ failure, durationMs, level }: RunTrace): string {
  const end = failure === undefined ? 'done in' : 'failed after';
  return `${end} ${formatMs(durationMs)}${level > 0 ? ` at level ${level}` : ''}`;
}

/**
 * The arrows that the critical path takes, from request to output. A node that ran in place of another may come after
 * one that it has no arrow from: then that one's arrow to the next it leads to.
 */
export function criticalArrows(arrows: readonly Arrow[], trace: RunTrace | undefined): ReadonlySet<Arrow> {
  if (trace === undefined || trace.criticalPath.length === 0) return new Set();
  const way = [requestId, ...trace.criticalPath, ...(trace.failure === undefined ? [outputId] : [])];
  const byEnds = new Map(arrows.map((arrow) => [`${arrow.from} ${arrow.to}`, arrow]));
  const taken = way.map((from, index) => {
    const next = way.slice(index + 1).find((to) => byEnds.has(`${from} ${to}`));
    return byEnds.get(`${from} ${next}`);
  });
  return new Set(taken.filter((arrow) => arrow !== undefined));
}
