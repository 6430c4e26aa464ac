// Tally: counts what simulated runs did while they end, and makes the numbers of it when all have.

import type { Graph } from '../graph/compile-graph.ts';
import type { Run } from '../run/run.ts';
import { criticalPathOf } from '../run/trace-of.ts';
import { distributionOf, histogramOf } from './distribution.ts';
import { NodeTally } from './node-tally.ts';
import type { Share, SimulatedVariant } from './simulation.ts';

/** Marks and codes that are told apart; a mark that counts items may come in many forms. */
const kindsMax = 1000;

export class Tally {
  readonly #nodes: readonly NodeTally[];
  readonly #durations: Float64Array;
  readonly #failures = new Map<string, number>();
  readonly #marks = new Map<string, number>();
  #runs = 0;
  #degraded = 0;
  #attempts = 0;
  #hedges = 0;
  #retries = 0;

  /** `runs`: as many as will be added. */
  constructor(graph: Graph, runs: number) {
    this.#nodes = graph.nodes.map(({ name }) => new NodeTally(name, runs));
    this.#durations = new Float64Array(runs);
  }

  /** A run that has ended. */
  add(run: Run, nowMs: number): void {
    const { outcome, marks } = run;
    this.#durations[this.#runs++] = nowMs - run.startMs;
    if (outcome.how === 'failed') count(this.#failures, outcome.error.code);
    if (marks !== undefined) {
      this.#degraded++;
      for (const mark of new Set(marks)) count(this.#marks, mark);
    }
    for (const [index, node] of this.#nodes.entries()) {
      const { attempts, hedges, retries } = node.add(run, index);
      this.#attempts += attempts;
      this.#hedges += hedges;
      this.#retries += retries;
    }
    let reachedMs = run.startMs;
    for (const index of criticalPathOf(run)) {
      const endMs = Math.max(reachedMs, run.state.endMs(index));
      this.#nodes[index]!.addCritical(endMs - reachedMs);
      reachedMs = endMs;
    }
  }

  result(name: string): SimulatedVariant {
    const runs = Math.max(1, this.#runs);
    const failed = [...this.#failures.values()].reduce((sum, times) => sum + times, 0);
    const durations = this.#durations.subarray(0, this.#runs).toSorted();
    return {
      name,
      latency: distributionOf(durations),
      histogram: histogramOf(durations),
      successShare: 1 - failed / runs,
      failures: sharesOf(this.#failures, runs),
      degradedShare: this.#degraded / runs,
      degraded: sharesOf(this.#marks, runs),
      attempts: this.#attempts / runs,
      hedges: this.#hedges / runs,
      retries: this.#retries / runs,
      nodes: this.#nodes.filter(({ demanded }) => demanded > 0).map((node) => node.result(runs)),
    };
  }
}

function count(counts: Map<string, number>, what: string): void {
  const before = counts.get(what);
  if (before === undefined && counts.size >= kindsMax) return;
  counts.set(what, (before ?? 0) + 1);
}

function sharesOf(counts: ReadonlyMap<string, number>, runs: number): Share[] {
  return [...counts]
    .map(([what, times]) => ({ what, share: times / runs }))
    .toSorted((left, right) => right.share - left.share);
}
