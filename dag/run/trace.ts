// RunTrace: what one run did, as plain data: for pictures, for replays, for the admin. Made by the executor only for runs
// that somebody wants to see. Times are ms from the start of the run.

import type { ErrorCode } from '../../runtime/errors.ts';
import type { Data } from '../definition.ts';
import type { Exposure } from '../experiment/assignment.ts';
import type { NodeEnd } from '../graph/run-state.ts';

export type { NodeEnd };

export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
}

/** One try of a node. Times are ms from the start of the run. */
export interface AttemptTrace {
  /** A second call beside the first, not after it. */
  readonly hedge: boolean;
  /** Index of a foreach's item; undefined: there is none. */
  readonly item: number | undefined;
  readonly startMs: number;
  /** Undefined: it was cancelled. */
  readonly endMs: number | undefined;
  readonly failure: Failure | undefined;
}

/** What one demanded node did. Times are ms from the start of the run. */
export interface NodeTrace {
  readonly name: string;
  readonly end: NodeEnd;
  readonly demandedMs: number;
  /** When it began to run; undefined: it never did. */
  readonly startMs: number | undefined;
  readonly endMs: number;
  readonly attempts: readonly AttemptTrace[];
  /** Attempts beyond the bound of a trace, which are not among `attempts`; absent: all are there. */
  readonly attemptsLeftOut?: number;
  readonly failure: Failure | undefined;
  /** `light y`, `stale`, `level 2 skipped` …; see semantics.md. */
  readonly marks: readonly string[];
  /** Its value came from its cache, or from an equal run under way. */
  readonly cached: boolean;
  /** The dependency that ended last before it could run, or the node that it adopted; undefined: neither. */
  readonly after: string | undefined;
  /** On the critical path. */
  readonly critical: boolean;
  /**
   * Its value, when the trace was taken with values; null for what JSON can't say. In traces of live runs
   * `{ "…": "cut: over 16 KiB of JSON …" }` stands for one of more than 16 KiB of JSON, and for those that follow when a
   * trace has 256 KiB of them: isCut() of bounded-data.ts.
   */
  readonly value?: Data;
}

/** What one run of a strategy did, as plain data. Times are ms from its start, unless it says otherwise. */
export interface RunTrace {
  readonly strategy: string;
  /** Of the published set of strategies; 0: it was not published. */
  readonly version: number;
  /** Wall clock, ms since 1970. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** The caller's deadline, ms from the start; absent: it had none. The budget's stands in the strategy. */
  readonly deadlineMs?: number;
  readonly level: number;
  /** Parameters that were read, with their values. */
  readonly params: Readonly<Record<string, Data>>;
  readonly exposures: readonly Exposure[];
  /** Undefined: it ended well. */
  readonly failure: Failure | undefined;
  /** Those that were demanded, in the order of the file. */
  readonly nodes: readonly NodeTrace[];
  /** Done nodes in the order of their ends. */
  readonly path: readonly string[];
  /** `node: how`, in the order in which it happened. */
  readonly degraded: readonly string[];
  /** From the first to the last; `output` is not named. */
  readonly criticalPath: readonly string[];
  readonly request?: Data;
  readonly result?: Data;
}
