// StrategiesDiff: what differs between two versions of a set of strategies, as plain data. Made by diffStrategies, printed
// by formatDiff, shown by the admin.

import type { ExperimentsDiff } from '../experiment/experiments-diff.ts';

export interface TextChange {
  /** `timeout`, `input.k`, `retry.attempts`. */
  readonly field: string;
  /** As people write it: `20ms`, `request.k * 2`. Undefined: it is not there. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export interface NodeDiff {
  readonly node: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** Of an added or removed node its `work`. */
  readonly fields: readonly TextChange[];
  /** Nodes that it waits for, soft ones as `extra?`. */
  readonly edges: { readonly gained: readonly string[]; readonly lost: readonly string[] };
}

/** A level, a signal or a limit. */
export interface PartDiff {
  /** `level 2`, `signal queueDelay at level 1`, `limit count at level 1`. */
  readonly part: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly fields: readonly TextChange[];
}

export interface TestsDiff {
  readonly before: number;
  readonly after: number;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

export interface ChangedStrategy {
  readonly strategy: string;
  readonly change: 'changed';
  /** Description, request, budget, output, report. */
  readonly fields: readonly TextChange[];
  readonly nodes: readonly NodeDiff[];
  /** Nodes that changed their place in the file, where nothing else changed: it decides what goes first at one instant. */
  readonly moved: readonly string[];
  readonly degrade: readonly PartDiff[];
  /** Share by share; undefined where one of the versions has layers that are wrong, and `layers` tells all. */
  readonly experiments: ExperimentsDiff | undefined;
  /** What differs in layers and is not told by `experiments`. */
  readonly layers: readonly TextChange[];
  readonly tests: TestsDiff;
}

export type StrategyDiff =
  | { readonly strategy: string; readonly change: 'added' | 'removed'; readonly nodes: readonly string[] }
  | ChangedStrategy;

export interface StrategiesDiff {
  /** Those in which anything differs: those of the new version in their order, then removed ones. */
  readonly strategies: readonly StrategyDiff[];
}
