// StrategyDefinition: a graph as it was written, read and made whole: defaults filled in, edges known. Plain data that
// can be cloned to other threads; dag/file makes it of YAML or of what strategy() is given, dag/graph compiles it.

import type { ErrorCode } from '../runtime/errors.ts';
import type { ValueShape } from '../runtime/value-shape.ts';
import type { ExperimentState, ParameterValue } from './experiment/definition.ts';
import type { SlotRange } from './experiment/slot-ranges.ts';

/** A value of JSON. */
export type Data = ParameterValue;

/** Text that is an expression, constants that are themselves, lists and maps of templates. */
export type Template =
  | { readonly kind: 'expression'; readonly text: string }
  | { readonly kind: 'constant'; readonly value: null | boolean | number }
  | { readonly kind: 'list'; readonly items: readonly Template[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [key: string, value: Template])[] };

/** What a node does. Modules are URLs. */
export type Work =
  | { readonly kind: 'run'; readonly moduleUrl: string; readonly exportName: string }
  /** A function given by a program: `run` of this node in the options of the Strategy that the module exports. */
  | { readonly kind: 'function'; readonly moduleUrl: string; readonly exportName: string; readonly node: string }
  /** A method given by a program: `call` of this node there; service and method are its names. */
  | {
      readonly kind: 'method';
      readonly moduleUrl: string;
      readonly exportName: string;
      readonly node: string;
      readonly service: string;
      readonly method: string;
    }
  | { readonly kind: 'call'; readonly moduleUrl: string; readonly exportName: string; readonly method: string }
  | { readonly kind: 'strategy'; readonly strategy: string }
  | { readonly kind: 'value'; readonly value: Template };

export type Join =
  | { readonly kind: 'all' | 'any' | 'none_failed' }
  | { readonly kind: 'quorum'; readonly count: number };

export interface Foreach {
  readonly in: string;
  readonly as: string;
  readonly maxItems: number;
  readonly parallel: number;
  /** Undefined: all of them. */
  readonly quorum: number | undefined;
  readonly failed: 'hole' | 'drop';
}

export interface Retry {
  /** The first included. */
  readonly attempts: number;
  /** 0: at once. */
  readonly backoffMs: number;
  readonly on: readonly ErrorCode[];
}

export interface Hedge {
  /** 0..1. */
  readonly quantile: number;
  readonly max: number;
  readonly minimumMs: number;
}

export interface Cache {
  readonly key: string;
  readonly ttlMs: number;
  /** 0: never stale. */
  readonly staleMs: number;
  readonly maxEntries: number;
}

export interface Breaker {
  /** Share 0..1. */
  readonly failures: number;
  readonly windowMs: number;
  readonly minCalls: number;
  readonly openForMs: number;
}

export type Fallback =
  | { readonly kind: 'stale' }
  | { readonly kind: 'value'; readonly value: Template }
  | { readonly kind: 'node'; readonly node: string };

export interface NodeDefinition {
  readonly name: string;
  readonly work: Work;
  /** Undefined for `value`. */
  readonly input: Template | undefined;
  /** Nodes it waits for and needs: written ones and those that its expressions name. In the order of the file's nodes. */
  readonly hard: readonly string[];
  /** Nodes it waits for and can do without. */
  readonly soft: readonly string[];
  readonly join: Join;
  readonly when: string | undefined;
  readonly foreach: Foreach | undefined;
  /** Undefined: the thread of the request. */
  readonly pool: string | undefined;
  /** Undefined: what remains of the budget. */
  readonly timeoutMs: number | undefined;
  readonly retry: Retry | undefined;
  readonly hedge: Hedge | undefined;
  readonly cache: Cache | undefined;
  readonly breaker: Breaker | undefined;
  readonly concurrency: number | undefined;
  readonly fallback: readonly Fallback[];
  /** The node that runs instead when time is short. */
  readonly light: string | undefined;
  readonly estimateMs: number | undefined;
}

export interface Budget {
  /** Infinity: none. */
  readonly totalMs: number;
  readonly reserveMs: number;
  /** Shares 0..1 of the runs of a node. */
  readonly retries: number;
  readonly hedges: number;
}

export interface LevelDefinition {
  readonly level: number;
  readonly skip: readonly string[];
  /** Node, and the one that takes its place. */
  readonly replace: readonly (readonly [node: string, by: string])[];
  /** Node, and the entries that take the place of those of its input. */
  readonly input: readonly (readonly [node: string, entries: Template & { kind: 'map' }])[];
}

export type SignalName = 'queueDelay' | 'utilization' | 'errorRate' | 'p99' | 'openBreakers';

export interface SignalDefinition {
  readonly level: number;
  readonly signal: SignalName;
  readonly above: number;
  readonly below: number;
  readonly holdMs: number;
  readonly coolDownMs: number;
}

/** Runs beyond a limit run at `level`. */
export type LimitDefinition =
  | { readonly kind: 'count'; readonly level: number; readonly count: number; readonly gapMs: number }
  | { readonly kind: 'rate'; readonly level: number; readonly perSecond: number; readonly burst: number };

export interface DegradeDefinition {
  /** By rising number; a level includes those below it. */
  readonly levels: readonly LevelDefinition[];
  readonly signals: readonly SignalDefinition[];
  readonly limits: readonly LimitDefinition[];
}

/** As `experiment/definition.ts`, with expressions as texts. */
export interface LayerData {
  readonly name: string;
  readonly salt: string | undefined;
  readonly unit: string;
  readonly parameters: readonly { name: string; default: Data; choices: readonly Data[] | undefined }[];
  readonly experiments: readonly ExperimentData[];
}

export interface ExperimentData {
  readonly name: string;
  readonly state: ExperimentState;
  readonly slots: readonly SlotRange[];
  readonly variants: readonly { name: string; weight: number; parameters: Readonly<Record<string, Data>> }[];
  readonly when: string | undefined;
  /** Percent. */
  readonly sampled: number | undefined;
  readonly allow: Readonly<Record<string, string>>;
  readonly deny: readonly (string | number)[];
}

export interface MockDefinition {
  readonly node: string;
  readonly result: Data;
  readonly error: ErrorCode | undefined;
  readonly delayMs: number;
}

/** Undefined: anything. */
export interface Expectation {
  readonly result: Data | undefined;
  readonly error: ErrorCode | undefined;
  readonly message: string | undefined;
  readonly path: readonly string[] | undefined;
  readonly skipped: readonly string[] | undefined;
  readonly failed: readonly string[] | undefined;
  readonly degraded: readonly string[] | undefined;
  readonly withinMs: number | undefined;
}

export interface TestDefinition {
  readonly name: string;
  /** `feed.yaml:40`. */
  readonly where: string;
  readonly request: Data;
  readonly mocks: readonly MockDefinition[];
  readonly params: Readonly<Record<string, Data>> | undefined;
  readonly level: number;
  readonly expect: Expectation;
}

export type ReportPart = 'degraded' | 'experiments' | 'path';

export interface StrategyDefinition {
  readonly name: string;
  /** `strategies/feed.yaml`, or `strategy('feed.recommend')` of a module. */
  readonly origin: string;
  readonly description: string | undefined;
  readonly request: ValueShape;
  readonly budget: Budget;
  /** In the order of the file: where several things happen at one instant, this order decides. */
  readonly nodes: readonly NodeDefinition[];
  readonly output: Template;
  /** The nodes that the output names, in the order of `nodes`. */
  readonly outputNeeds: readonly string[];
  readonly layers: readonly LayerData[];
  readonly degrade: DegradeDefinition;
  readonly report: readonly ReportPart[];
  readonly tests: readonly TestDefinition[];
}
