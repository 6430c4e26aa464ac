// reportRun: what a reply carries of the run behind it, in its metadata: degradation, experiments, the critical path. As
// the strategy's `report` says; what has nothing to say is left out.

import type { Exposure } from '../experiment/assignment.ts';
import type { FiberRun } from '../run/fiber-run.ts';
import { criticalPathOf } from '../run/trace-of.ts';

/** Longest value, UTF-16 units: metadata is for hints. */
const valueMax = 2048;

export const reportKeys = {
  degraded: 'strategy-degraded',
  experiments: 'strategy-experiments',
  path: 'strategy-path',
} as const;

/** Several runs of one request stand behind one another, divided by `; `. */
export function reportRun(run: FiberRun, exposures: readonly Exposure[]): void {
  const { core, graph } = run;
  const { report } = graph.definition;
  if (core.marks !== undefined && report.includes('degraded')) add(run, reportKeys.degraded, core.marks.join(', '));
  if (exposures.length > 0 && report.includes('experiments')) {
    const parts = exposures.map(({ layer, experiment, variant }) => `${layer}/${experiment}=${variant}`);
    add(run, reportKeys.experiments, parts.join(', '));
  }
  if (report.includes('path') && core.decidedBy >= 0) {
    let sinceMs = core.startMs;
    const steps = criticalPathOf(core).map((index) => {
      const tookMs = core.state.endMs(index) - sinceMs;
      sinceMs = core.state.endMs(index);
      return `${graph.nodes[index]!.name} ${tookMs.toFixed(1)}ms`;
    });
    add(run, reportKeys.path, steps.join(' > '));
  }
}

function add({ fiber, depth, graph }: FiberRun, key: string, told: string): void {
  const value = depth === 0 ? told : `${graph.name}: ${told}`;
  const { replyMetadata } = fiber;
  const before = replyMetadata.get(key);
  const whole = before === undefined ? value : `${before}; ${value}`;
  replyMetadata.set(key, whole.length > valueMax ? `${whole.slice(0, valueMax - 1)}…` : whole);
}
