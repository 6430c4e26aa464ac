// RunHost: what a run needs of whoever carries it out: fibers on a service's thread, or a virtual clock in the simulator
// and in tests. The run calls it; it calls the run back by attemptDone and attemptFailed, once for each attempt at most.

import type { Random } from '../../runtime/clock.ts';
import type { TimerTarget } from '../../runtime/timer-wheel.ts';
import type { Graph } from '../graph/compile-graph.ts';
import type { GraphNode } from '../graph/graph-node.ts';
import type { CacheKey } from '../policy/cache.ts';

/** A timer wheel, as runs use it. */
export interface RunTimers {
  /**
   * Calls `target.onTimer(tag)` once at `dueMs`; the handle takes it back. `place`: of what is due at one instant the
   * lowest goes first, where that can be had (on a virtual clock).
   */
  add(dueMs: number, target: TimerTarget, tag: number, place?: number): number;
  remove(handle: number): void;
}

/** The place of a node's attempts, and of the items of its foreach (-1: none), among what is due at one instant. */
export function placeOf({ index }: GraphNode, item: number): number {
  return index * itemPlaces + item + 1;
}

/** More than a foreach has items. */
const itemPlaces = 16_384;

/** A run, as those within it see it. */
export interface RunAbove {
  readonly graph: Graph;
  readonly works: readonly ({ leadsFor(key: CacheKey): boolean } | undefined)[] | undefined;
}

export interface RunHost {
  readonly timers: RunTimers;
  nowMs(): number;
  readonly random: Random;
  /**
   * Starts the node's work on `input`. It ends by `run.attemptDone(token, value)` or `run.attemptFailed(token, error)`,
   * at the latest with DEADLINE_EXCEEDED at `deadlineMs`, maybe before this returns. `item`: which of a foreach; -1: none.
   */
  startAttempt(token: number, node: GraphNode, input: unknown, deadlineMs: number, item: number): void;
  /** Nobody wants its result any more; whatever it still says is ignored. */
  cancelAttempt(token: number): void;
  /** Runs that wait for this one, the nearest first. Default: none. */
  runsAbove?(): Iterable<RunAbove>;
  /** The run has its result or its failure, and everything else is cancelled. Called once. */
  settled(): void;
}
