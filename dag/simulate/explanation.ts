// Explanation: what a strategy would do with one request and why, as plain data.

import type { Data } from '../definition.ts';
import type { LayerExplanation } from '../experiment/explain.ts';
import type { RunTrace } from '../run/trace.ts';

export interface ExplainedParameter {
  readonly name: string;
  readonly value: Data;
  readonly layer: string;
  /** `given`, `default`, or `experiment new-model, variant b`. */
  readonly setBy: string;
  /** An expression of the run read it. */
  readonly isRead: boolean;
}

/** Something that an expression reads, with its value in this run. */
export interface ReadValue {
  /** `params.useExtra`, `profile.segment`. */
  readonly path: string;
  /** Undefined: it has none. */
  readonly value: Data | undefined;
}

export interface ExplainedCondition {
  readonly expression: string;
  /** Undefined: it failed, or was not asked. */
  readonly value: Data | undefined;
  readonly failure: string | undefined;
  readonly reads: readonly ReadValue[];
}

export interface ExplainedNode {
  readonly name: string;
  /** `not needed`: nothing on the way to the output asked for it. */
  readonly end: 'done' | 'failed' | 'skipped' | 'cancelled' | 'not needed';
  /** Why, as a sentence. */
  readonly why: string;
  readonly when: ExplainedCondition | undefined;
  /** ms from the start of the run; undefined: it never began. */
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  readonly critical: boolean;
}

export interface Explanation {
  readonly strategy: string;
  readonly request: Data;
  readonly layers: readonly LayerExplanation[];
  readonly parameters: readonly ExplainedParameter[];
  readonly level: number;
  /** What the level changes, a sentence for each node. */
  readonly levelChanges: readonly string[];
  /** In the order of the file. */
  readonly nodes: readonly ExplainedNode[];
  /** The run that this is about, with values: times are estimates. */
  readonly trace: RunTrace;
  /** Where values came from: `2 inline tests`. */
  readonly valuesFrom: string;
  /** Nodes that ran without a sample: they gave null, or what their shape says. */
  readonly withoutSample: readonly string[];
  /** Nodes that ran and of which no latency is known: they took no time. */
  readonly withoutLatency: readonly string[];
  /** Expressions that failed for want of values, and what would help. */
  readonly problems: readonly string[];
}
