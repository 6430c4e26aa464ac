// countRun: what a run did, added to the thread's counters. Called at the end of every run, so it allocates nothing.

import type { StrategyCounters } from '../../runtime/shared/strategy-counters.ts';
import type { Run } from '../run/run.ts';
import type { LoadedStrategy } from './loaded-set.ts';

/** `cancelled`: nobody wanted its result any more. */
export function countRun(
  counters: StrategyCounters,
  { index }: LoadedStrategy,
  run: Run,
  nowMs: number,
  cancelled: boolean,
): void {
  const { outcome, marks } = run;
  if (cancelled) {
    counters.addRun(index, 'cancelled', 1);
  } else {
    counters.addRun(index, outcome.how === 'done' ? 'done' : 'failed', 1);
    counters.addRun(index, 'sumMs', nowMs - run.startMs);
    counters.addLatency(index, run.level, nowMs - run.startMs);
    if (marks !== undefined) counters.addRun(index, 'degraded', 1);
  }
  countNodes(counters, index, run);
  if (!cancelled) countCritical(counters, index, run);
}

function countNodes(counters: StrategyCounters, strategy: number, run: Run): void {
  const { state, works } = run;
  for (const { index: node, isValue } of run.graph.nodes) {
    const how = state.of(node);
    if (how === 'idle' || how === 'waiting' || how === 'running') continue;
    counters.addNode(strategy, node, how, 1);
    if (state.isMarked(node)) counters.addNode(strategy, node, 'degraded', 1);
    if (isValue) continue;
    if (!state.mayUseToken(node)) counters.addNode(strategy, node, 'attempts', 1);
    // One that a level has replaced never began.
    if (how === 'done' && !Number.isNaN(state.startMs(node))) {
      const tookMs = state.endMs(node) - state.startMs(node);
      counters.addNode(strategy, node, 'sumMs', tookMs);
      counters.addNodeLatency(strategy, node, tookMs);
    }
    const work = works?.[node];
    if (work === undefined) continue;
    if (work.cached) counters.addNode(strategy, node, 'cached', 1);
    if (work.lost > 0) counters.addNode(strategy, node, 'lostItems', work.lost);
    // Works of before: it was cancelled and demanded again.
    for (let one: typeof work | undefined = work; one !== undefined; one = one.before) {
      for (const { attempts } of one.tries) {
        counters.addNode(strategy, node, 'attempts', attempts.length);
        for (const { hedge } of attempts) if (hedge) counters.addNode(strategy, node, 'hedges', 1);
      }
    }
  }
}

/** Each node on the way that decided the end gets the time that it added to it. */
function countCritical(counters: StrategyCounters, strategy: number, run: Run): void {
  const { state } = run;
  let left = run.graph.nodes.length;
  for (let node = run.decidedBy; node >= 0 && left > 0; node = state.after(node), left--) {
    const before = state.after(node);
    const sinceMs = before >= 0 ? state.endMs(before) : run.startMs;
    counters.addNode(strategy, node, 'critical', 1);
    counters.addNode(strategy, node, 'criticalMs', state.endMs(node) - sinceMs);
  }
}
