// World: all that decides how a run goes, as plain data, and ReferenceOutcome: how it must go by dag/semantics.md. The
// property test of the executor gives one world to both and compares.

import type { Data, StrategyDefinition } from '../../../../dag/definition.ts';
import type { ErrorCode } from '../../../../runtime/errors.ts';

/** How one attempt ends: with `code` it fails, else it gives `value` (null without one). */
export interface Behaviour {
  readonly delayMs: number;
  readonly value?: Data;
  readonly code?: ErrorCode;
}

export interface World {
  /** `strategy` work behaves as `run`; layers, pools, concurrency and windows of breakers are not looked at. */
  readonly definition: StrategyDefinition;
  readonly request: Data;
  readonly level: number;
  /** The caller's, absolute. Infinity: none. */
  readonly deadlineMs: number;
  readonly startMs: number;
  /**
   * By node, by item (one row without foreach; the last row stands for further items), by attempt in the order of their
   * starts in the whole run; the last stands for further ones.
   */
  readonly behaviours: Readonly<Record<string, readonly (readonly Behaviour[])[]>>;
  /** By node: what its cache holds, too old to be fresh, young enough for `stale`. */
  readonly staleValues: Readonly<Record<string, Data>>;
  /** Nodes whose breaker is open. */
  readonly openBreakers: readonly string[];
  /** By node; left out: false. */
  readonly idempotent: Readonly<Record<string, boolean>>;
}

export type ReferenceEnd = 'done' | 'failed' | 'skipped' | 'cancelled';

export interface ReferenceAttempt {
  readonly startMs: number;
  /** Undefined: it was cancelled, or the node's deadline came first. */
  readonly endMs: number | undefined;
  /** Index of a foreach's item. */
  readonly item: number | undefined;
  readonly hedge: boolean;
  /** Undefined: it ended well, or not at all. */
  readonly code: ErrorCode | undefined;
  readonly input: Data;
}

export interface ReferenceNode {
  /** Undefined: it was never demanded; nothing else is said of it then. */
  readonly end: ReferenceEnd | undefined;
  /** Of a failed one. */
  readonly code: ErrorCode | undefined;
  /** Of one that was cancelled and demanded again: the last time. */
  readonly demandedMs: number | undefined;
  /** When step 1 began. Undefined: the level left it out, its join failed, or it was cancelled before. */
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  readonly attempts: readonly ReferenceAttempt[];
}

export interface ReferenceOutcome {
  /** One of the two is there. */
  readonly result?: Data;
  /** `node`: the needed one that ended the run; undefined: the output itself could not be evaluated. */
  readonly failure?: { readonly code: ErrorCode; readonly node: string | undefined };
  readonly endMs: number;
  /** Of all nodes, in the order of the file. */
  readonly nodes: Readonly<Record<string, ReferenceNode>>;
  /** Of the done nodes. */
  readonly values: Readonly<Record<string, Data>>;
  /** Done nodes in the order of their ends. */
  readonly path: readonly string[];
  /** `x: light y`, in the order in which they happened. */
  readonly marks: readonly string[];
}
