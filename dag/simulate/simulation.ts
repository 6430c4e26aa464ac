// Simulation: what simulated runs of a strategy came to, as plain data: for the terminal, for JSON, for comparisons.

/** Of the times of runs, ms. */
export interface Distribution {
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

export interface HistogramBar {
  readonly fromMs: number;
  readonly toMs: number;
  /** Of all runs, 0..1. */
  readonly share: number;
}

export interface Share {
  /** A mark of degradation, or a code. */
  readonly what: string;
  /** Of all runs, 0..1. */
  readonly share: number;
}

export interface SimulatedNode {
  readonly name: string;
  /** Of all runs, those in which it began and was not skipped, 0..1. */
  readonly ranShare: number;
  /** Of all runs, those in which it failed. */
  readonly failedShare: number;
  /** From its beginning to its end, of runs in which it was done or failed; 0: in none. */
  readonly meanMs: number;
  /** Of the first 20,000 of them. */
  readonly p95Ms: number;
  /** Attempts at its work for each run of the strategy, hedges and retries included. */
  readonly attempts: number;
  /** Of all runs, those on whose critical path it stood. */
  readonly criticalShare: number;
  /** What it added to a run on the mean of all runs, ms; all nodes together make the mean time of a run. */
  readonly criticalMs: number;
}

export interface SimulatedVariant {
  /** `as it is`, the edit, or `without rank.hedge`. */
  readonly name: string;
  /** Of all runs, failed ones too: what callers wait. */
  readonly latency: Distribution;
  readonly histogram: readonly HistogramBar[];
  /** 0..1. */
  readonly successShare: number;
  /** By falling share. */
  readonly failures: readonly Share[];
  /** Of all runs, those with a mark at all, and by mark. */
  readonly degradedShare: number;
  readonly degraded: readonly Share[];
  /** For each run of the strategy: calls in all, and those that were hedges or retries. */
  readonly attempts: number;
  readonly hedges: number;
  readonly retries: number;
  /** Those that any run demanded, in the order of the file. */
  readonly nodes: readonly SimulatedNode[];
}

export interface Simulation {
  readonly strategy: string;
  readonly runs: number;
  readonly seed: number;
  readonly runsPerSecond: number;
  /** Where requests and values came from: `2 inline tests`. */
  readonly valuesFrom: string;
  /** Nodes of which no latency is known: they took no time. */
  readonly withoutLatency: readonly string[];
  /** Nodes that the model speaks of and the strategy has not. */
  readonly unknownNodes: readonly string[];
  /** Expressions that failed for want of values, each a sentence that says which node needs a sample. */
  readonly problems: readonly string[];
  readonly base: SimulatedVariant;
  /** What if, and without each policy, in the order in which they were asked for. */
  readonly variants: readonly SimulatedVariant[];
}
