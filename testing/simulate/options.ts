// What a test says of the simulations that it wants: options of simulate and everySeed.

import type { Backend } from './backend.ts';

/** What to simulate. */
export interface SimulateOptions {
  /** The heddle.yaml: a path, or a file URL. Relative modules and strategies are found beside it, as in production. */
  config: string | URL;
  /** Two runs of one seed are the same run. A whole number from 0 to 4,294,967,295. Default 1. */
  seed?: number;
  /** As `--set` of the command line: `pools.ranking.threads=1`. Default: none. */
  overrides?: readonly string[];
  /** What stands for services that the process calls and that run elsewhere, one for each. A client without one is UNAVAILABLE. */
  backends?: readonly Backend[];
  /**
   * `random`: threads die and stand still, connections break, backends are slow, fail and hang, timers are late, as the seed
   * draws it. `none` (default): only what the test does.
   */
  faults?: 'none' | 'random';
  /** Longest time for a call of the test to be answered, virtual ms; over it the law `answered at all` is broken. Default 60,000. */
  answerWithinMs?: number;
  /** Longest time for a fiber that was asked to stop to do so, virtual ms. Default 10,000, twice what finalizers may take. */
  stopWithinMs?: number;
  /** Cores that the config's defaults count with. Default 2. */
  cores?: number;
  /** Tasks of all threads at most; over it the simulation has failed to end. Default 5,000,000. */
  stepsMax?: number;
  /**
   * Real time that one task of a thread may take, ms, with all that it brings about at once: a handler that loops for ever
   * would keep the test waiting for ever. Over it the process is ended with code 1, and standard error has the seed, the
   * thread, the task and the stack. Infinity: never. Not while a debugger may be attached. Default 10,000.
   */
  stuckAfterMs?: number;
  /** Hears each line of the trace as it comes: every task, message and operation that a thread stands before. */
  onLine?: (line: string) => void;
}

/** What to simulate, and how often. */
export interface EverySeedOptions extends Omit<SimulateOptions, 'seed'> {
  /** How many, from 1. Default 100. The environment's HEDDLE_SEEDS wins, and HEDDLE_SEED=17 runs that one alone. */
  seeds?: number;
  /** Default 1. */
  firstSeed?: number;
}
