// The definition of layers and experiments, as the strategies' parser (or a test, or a program) hands it over: plain
// data and compiled expressions. docs/experiments.md says what each part means.

import type { SlotRange } from './slot-ranges.ts';

/** A value of JSON. */
export type ParameterValue =
  | null
  | boolean
  | number
  | string
  | readonly ParameterValue[]
  | { readonly [key: string]: ParameterValue };

/** A compiled expression: its source text, which versions are compared by, and what it does. */
export interface Expression<Values, Result> {
  readonly text: string;
  /** Pure. `values` are the request's, as the caller of `assign` gave them. */
  readonly evaluate: (values: Values) => Result;
}

export interface ExperimentsDefinition<Values> {
  readonly layers: readonly LayerDefinition<Values>[];
}

/** Owns parameters. At most one of its experiments applies to a unit; what other layers do says nothing about it. */
export interface LayerDefinition<Values> {
  readonly name: string;
  /** Seeds the slots. Default: the name. No two layers share one. */
  readonly salt?: string;
  /** Who is diverted: `user.id`, `device.id`, `request.id`. A string or a whole number; anything else: the defaults. */
  readonly unit: Expression<Values, unknown>;
  readonly parameters: readonly ParameterDefinition[];
  readonly experiments: readonly ExperimentDefinition<Values>[];
}

/** A parameter has one owner, its layer. The choice of a path is a parameter with `choices`. */
export interface ParameterDefinition {
  /** Unique over all layers: `rank.model`. */
  readonly name: string;
  /** What everybody gets who is in no experiment; its type is the parameter's type (null: any). */
  readonly default: ParameterValue;
  /** The only values there are. Default: any of the type. */
  readonly choices?: readonly ParameterValue[];
}

/** `draft`: holds its slots, for its allowed units only. `stopped`: a name that was used; holds nothing. */
export const experimentStates = ['draft', 'running', 'stopped'] as const;
export type ExperimentState = (typeof experimentStates)[number];

export interface ExperimentDefinition<Values> {
  /** Unique over all layers, and never used again: it seeds the split into variants. */
  readonly name: string;
  /** Default: running. */
  readonly state?: ExperimentState;
  /** Ranges of the layer's 1,000,000 slots. */
  readonly slots: readonly SlotRange[];
  readonly variants: readonly VariantDefinition[];
  /** Only units for which this is true. Default: all. */
  readonly condition?: Expression<Values, unknown>;
  /** Percent of the units in the slots, 0..100 with at most four decimals. Default 100. */
  readonly sampled?: number;
  /** Unit to variant, whatever slots, sampler and condition say; for testers. */
  readonly allow?: Readonly<Record<string, string>>;
  /** Units that never get a variant. */
  readonly deny?: readonly (string | number)[];
}

export interface VariantDefinition {
  readonly name: string;
  /** Percent of the experiment's units, at most four decimals; all together 100. 0: only by `allow`. */
  readonly weight: number;
  /** What differs from the defaults. A control may leave it out. */
  readonly parameters?: Readonly<Record<string, ParameterValue>>;
}

/** Bounds of one definition; over one of them it is refused. */
export const experimentLimits = {
  layersMax: 64,
  /** Over all layers. */
  parametersMax: 1024,
  /** In a layer. */
  experimentsMax: 256,
  /** In an experiment. */
  variantsMax: 32,
  slotRangesMax: 256,
  /** Allowed and denied units of an experiment. */
  listedUnitsMax: 10_000,
  nameCharsMax: 128,
  /** Of a parameter's value, as JSON. */
  valueCharsMax: 65_536,
  /** Mistakes told at once. */
  problemsMax: 200,
} as const;

/** Where in the definition: `['layers', 0, 'experiments', 2, 'slots', 1]`. */
export type DefinitionPath = readonly (string | number)[];

/** One mistake: where, and a sentence with what is wrong, the values, and what to do. */
export interface DefinitionProblem {
  readonly path: DefinitionPath;
  readonly message: string;
}
