// StrategyOptions: what a program passes to strategy(): the keys of a strategy file, with functions and methods of
// contracts where a file names them. docs/strategies-reference.md says what each key means.

import type { ErrorCode } from '../../runtime/errors.ts';
import type { FiberContext, MethodRef } from '../../runtime/fiber/context.ts';
import type { Data, ReportPart, SignalName } from '../definition.ts';
import type { ExperimentState } from '../experiment/definition.ts';

/**
 * A text is an expression (`request.user`, `"'a constant text'"`); numbers, true, false and null are themselves; lists and
 * maps hold templates.
 */
export type TemplateOption =
  | string
  | number
  | boolean
  | null
  | readonly TemplateOption[]
  | { readonly [key: string]: TemplateOption };

/** `string`, `number`, `boolean`, `any`, `list<string>`, `map<number>`, `string?` (it may lack), or a map of fields. */
export type TypeOption = string | { readonly [field: string]: TypeOption };

/** With its unit: `30ms`, `1.5s`, `5m`. */
export type DurationOption = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;
export type DurationOrNone = DurationOption | 'none' | 0;
/** A time that was measured, with its unit: `2.5ms`, `300us`. */
export type TimeOption = `${number}${'us' | 'ms' | 's'}`;
export type PercentOption = `${number}%`;
/** `p95`. */
export type PercentileOption = `p${number}`;

export interface RetryOption {
  /** In all, the first included, 1 to 10. Default 2. */
  attempts?: number;
  /** Pause before the second attempt; it doubles from there. Default none. */
  backoff?: DurationOrNone;
  /** Codes that are tried again. Default UNAVAILABLE, RESOURCE_EXHAUSTED, ABORTED. */
  on?: readonly ErrorCode[];
}

export interface HedgeOption {
  /** The percentile of the latency after which a second call goes out. */
  after: PercentileOption;
  /** Further calls at most, 1 to 3. Default 1. */
  max?: number;
  /** Never before this. Default 1ms. */
  minimum?: DurationOption;
}

export interface BreakerOption {
  /** Opens when at least this share of the calls in the window failed. Default 50%. */
  failures?: PercentOption;
  /** Which calls count. Default 10s. */
  window?: DurationOption;
  /** Calls in the window before it may open. Default 20. */
  minCalls?: number;
  /** How long calls fail at once. Default 5s. */
  openFor?: DurationOption;
}

export interface CacheOption {
  /** An expression: what the value belongs to. */
  key: string;
  /** How long a value is fresh. */
  ttl: DurationOption;
  /** How long after that it may still stand in, by `fallback: ['stale']`. Default none. */
  stale?: DurationOrNone;
  /** Values kept on each thread. Default 1000. */
  maxEntries?: number;
}

export interface ForeachOption {
  /** An expression: the list. */
  in: string;
  /** The item's name. Default item. */
  as?: string;
  /** Items at most; a longer list fails the node. */
  maxItems: number;
  /** Items under way at once. Default 8. */
  parallel?: number;
  /** So many items must succeed. Default: all of them. */
  quorum?: number;
  /** What stands for an item that failed. Default hole: null in its place. */
  failed?: 'hole' | 'drop';
}

export type FallbackOption = 'stale' | { value: TemplateOption; node?: never } | { node: string; value?: never };

/** What `defaults` and nodes share. */
export interface PolicyOptions {
  /** Longest time of the node, all attempts together. Default: what remains of the budget. */
  timeout?: DurationOrNone;
  /** Attempts after a failure; none switches off what `defaults` set. Default none. */
  retry?: RetryOption | 'none';
  /** A further call when the first takes long. Default none. */
  hedge?: PercentileOption | HedgeOption | 'none';
  /** Fails at once while most calls fail. Default none. */
  breaker?: BreakerOption | 'none';
  /** Runs of the node at once on one thread. Default: no bound. */
  concurrency?: number | 'none';
}

/** Exactly one of `run`, `call`, `strategy` and `value`. */
export interface NodeOptions extends PolicyOptions {
  /** An executor, `(input, fiber) => output`, or the function that a module exports: `./rank.ts#rank`. */
  run?: string | ((input: never, fiber: FiberContext) => unknown);
  /** A method of a contract, or one by the module that exports it: `./contract.ts#Users/get`. */
  call?: string | MethodRef<unknown, unknown>;
  /** Another graph, or its name. */
  strategy?: string | { readonly name: string };
  /** A value made of other values. */
  value?: TemplateOption;
  /** What the node is given. Default: an empty map. */
  input?: TemplateOption;
  /** Nodes it waits for, beside those that its expressions name; `users?`: it goes on without. */
  needs?: readonly string[];
  /** Default all. */
  join?: 'all' | 'any' | 'none_failed' | `quorum ${number}`;
  /** An expression: it is skipped unless this is true. */
  when?: string;
  /** Runs it for each item of a list. */
  foreach?: ForeachOption;
  /** The pool that `run` runs on. Default: the request's own thread. */
  pool?: string;
  /** What stands in for a failed node: the first of these that has a value. */
  fallback?: readonly FallbackOption[];
  cache?: CacheOption;
  /** The node that runs instead when time is short. */
  light?: string;
  /** How long it usually takes, until enough runs are measured. */
  estimate?: TimeOption;
}

export interface BudgetOptions {
  /** Longest time of the graph. Default none. */
  total?: DurationOrNone;
  /** Part of it that nodes may not use. Default none. */
  reserve?: DurationOrNone;
  /** Retries as a share of runs. Default 20%. */
  retries?: PercentOption;
  /** The same for hedges. Default 10%. */
  hedges?: PercentOption;
}

export interface ExperimentOptions {
  /** Default running. */
  state?: ExperimentState;
  /** Slots out of 0-999999, both ends included: `0-99999`. */
  slots?: readonly string[];
  /** Weights in percent, all together 100. */
  variants: { readonly [variant: string]: { weight: number; params?: { readonly [parameter: string]: Data } } };
  /** An expression: only units for which it is true. */
  when?: string;
  /** Share of the units in the slots. Default 100%. */
  sampled?: PercentOption;
  /** Unit to variant, whatever slots and conditions say. */
  allow?: { readonly [unit: string]: string };
  /** Units that never get a variant. */
  deny?: readonly (string | number)[];
}

export interface LayerOptions {
  /** Seeds the slots. Default: the layer's name. */
  salt?: string;
  /** An expression: who is diverted. */
  unit: string;
  /** Parameters that it owns. */
  params: { readonly [parameter: string]: { default: Data; choices?: readonly Data[] } };
  experiments?: { readonly [experiment: string]: ExperimentOptions };
}

export interface LevelOptions {
  /** Nodes that are left out. */
  skip?: readonly string[];
  /** Node to the node that takes its place. */
  replace?: { readonly [node: string]: string };
  /** Node to templates that take the place of parts of its input. */
  input?: { readonly [node: string]: { readonly [entry: string]: TemplateOption } };
}

export interface DegradeOptions {
  /** Levels by number, 1 to 10; a level includes all that stand under it. */
  levels?: { readonly [level: number]: LevelOptions };
  signals?: readonly {
    level: number;
    signal: SignalName;
    /** Raised when it stays above this for `hold`. */
    above: number;
    /** Default: half of `above`. */
    below?: number;
    /** Default 1s. */
    hold?: DurationOrNone;
    /** Default 10s. */
    coolDown?: DurationOrNone;
  }[];
  /** Each has one of count (`100 per 1s`) and rate (tokens a second). */
  limits?: readonly { level: number; count?: string; rate?: number; burst?: number }[];
}

export interface TestOptions {
  /** What is tested, as a law. */
  name: string;
  request?: Data;
  mocks?: { readonly [node: string]: { result?: Data; error?: ErrorCode; delay?: TimeOption } };
  params?: { readonly [parameter: string]: Data };
  level?: number;
  expect?: {
    result?: Data;
    error?: ErrorCode;
    message?: string;
    path?: readonly string[];
    skipped?: readonly string[];
    failed?: readonly string[];
    degraded?: readonly string[];
    within?: TimeOption;
  };
}

/** A strategy, as a strategy file and `strategy()` have it; docs/strategies-reference.md says all of each key. */
export interface StrategyOptions {
  /** What it is for. */
  description?: string;
  /** The fields of the request and their types. Default: anything. */
  request?: TypeOption;
  /** Time and extra calls of a run. */
  budget?: BudgetOptions;
  /** Policies of all nodes that run or call something. */
  defaults?: PolicyOptions;
  /** The steps. */
  nodes: { readonly [node: string]: NodeOptions };
  /** The answer. */
  output: TemplateOption;
  /** Layers of experiments. */
  layers?: { readonly [layer: string]: LayerOptions };
  /** Levels of degradation and what raises them. */
  degrade?: DegradeOptions;
  /** What the metadata of a reply carries. Default degraded and experiments. */
  report?: readonly ReportPart[];
  /** Tests of this graph. */
  tests?: readonly TestOptions[];
}
