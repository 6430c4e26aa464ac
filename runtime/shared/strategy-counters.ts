// StrategyCounters: what became of the runs of each strategy and of their nodes on one thread, written by it alone. Main
// reads them for the admin. Laid out by the set of strategies that was published: another set has other memory.

import { LatencyBuckets } from './latency-buckets.ts';

/** A bucket is at most a quarter of its latency wide. */
export const strategyBuckets = new LatencyBuckets(2);

/** Runs are told apart by level up to this one. */
export const countedLevels = 11;

// Cells of a row, in 64-bit numbers; the histogram stands behind them.
export const runCounts = ['done', 'failed', 'cancelled', 'degraded', 'sumMs'] as const;
export const nodeCounts = [
  'done',
  'failed',
  'skipped',
  'cancelled',
  'degraded',
  'cached',
  'attempts',
  'hedges',
  'lostItems',
  'critical',
  'criticalMs',
  'sumMs',
  'breakerOpen',
] as const;
export type RunCount = (typeof runCounts)[number];
export type NodeCount = (typeof nodeCounts)[number];

const runCells = runCounts.length + countedLevels + strategyBuckets.count;
const nodeCells = nodeCounts.length + strategyBuckets.count;
const runCellOf = indexesOf(runCounts);
const nodeCellOf = indexesOf(nodeCounts);

/** Sums over threads; latencies by bucket of `strategyBuckets`. */
export interface RunSums {
  counts: Record<RunCount, number>;
  levels: number[];
  latency: Float64Array;
}
export interface NodeSums {
  counts: Record<NodeCount, number>;
  latency: Float64Array;
}

export class StrategyCounters {
  readonly #cells: Float64Array;
  /** Where each strategy's cells begin. */
  readonly #starts: readonly number[];

  /** Bytes for strategies with so many nodes each. */
  static allocate(nodes: readonly number[]): SharedArrayBuffer {
    return new SharedArrayBuffer(startsOf(nodes).at(-1)! * 8);
  }

  constructor(memory: SharedArrayBuffer, nodes: readonly number[]) {
    this.#cells = new Float64Array(memory);
    this.#starts = startsOf(nodes);
  }

  // The owner only.

  addRun(strategy: number, what: RunCount, amount: number): void {
    this.#cells[this.#starts[strategy]! + runCellOf[what]]! += amount;
  }

  /** One run at `level` that ended by itself, after so long. */
  addLatency(strategy: number, level: number, ms: number): void {
    const row = this.#starts[strategy]!;
    this.#cells[row + runCounts.length + Math.min(level, countedLevels - 1)]! += 1;
    this.#cells[row + runCounts.length + countedLevels + strategyBuckets.bucketOf(ms)]! += 1;
  }

  addNode(strategy: number, node: number, what: NodeCount, amount: number): void {
    this.#cells[this.#nodeRow(strategy, node) + nodeCellOf[what]]! += amount;
  }

  setNode(strategy: number, node: number, what: NodeCount, value: number): void {
    this.#cells[this.#nodeRow(strategy, node) + nodeCellOf[what]] = value;
  }

  addNodeLatency(strategy: number, node: number, ms: number): void {
    const row = this.#nodeRow(strategy, node);
    this.#cells[row + nodeCounts.length + strategyBuckets.bucketOf(ms)]! += 1;
  }

  // Readers, on any thread.

  sumRuns(strategy: number, into: RunSums): void {
    const row = this.#starts[strategy]!;
    for (const [cell, what] of runCounts.entries()) into.counts[what] += this.#cells[row + cell]!;
    for (let level = 0; level < countedLevels; level++)
      into.levels[level]! += this.#cells[row + runCounts.length + level]!;
    addTo(into.latency, this.#cells, row + runCounts.length + countedLevels);
  }

  sumNode(strategy: number, node: number, into: NodeSums): void {
    const row = this.#nodeRow(strategy, node);
    for (const [cell, what] of nodeCounts.entries()) into.counts[what] += this.#cells[row + cell]!;
    addTo(into.latency, this.#cells, row + nodeCounts.length);
  }

  #nodeRow(strategy: number, node: number): number {
    return this.#starts[strategy]! + runCells + node * nodeCells;
  }
}

export function emptyRunSums(): RunSums {
  return { counts: zeros(runCounts), levels: new Array<number>(countedLevels).fill(0), latency: noLatencies() };
}

export function emptyNodeSums(): NodeSums {
  return { counts: zeros(nodeCounts), latency: noLatencies() };
}

function noLatencies(): Float64Array {
  return new Float64Array(strategyBuckets.count);
}

function zeros<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
}

function indexesOf<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name, index) => [name, index])) as Record<Name, number>;
}

function addTo(into: Float64Array, cells: Float64Array, from: number): void {
  for (let bucket = 0; bucket < into.length; bucket++) into[bucket]! += cells[from + bucket]!;
}

/** One more than there are strategies: the last is the length. */
function startsOf(nodes: readonly number[]): number[] {
  const starts = [0];
  for (const count of nodes) starts.push(starts.at(-1)! + runCells + count * nodeCells);
  return starts;
}
