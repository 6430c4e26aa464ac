// ExperimentsDiff: what differs between two versions, in numbers. Made by diff.ts; printed by commands and logs.

import type { ExperimentState, ParameterValue } from './definition.ts';
import type { SlotMove } from './slot-moves.ts';

export interface Change<Value> {
  readonly before: Value;
  readonly after: Value;
}

export interface VariantDiff {
  readonly variant: string;
  /** Percent of the experiment's units; 0 where it does not exist. */
  readonly weight: Change<number>;
  /** Of all units, 0..1, were the condition always true. */
  readonly share: Change<number>;
}

export interface ExperimentDiff {
  readonly experiment: string;
  /** 'none': it is not in that version. */
  readonly state: Change<ExperimentState | 'none'>;
  readonly layer: Change<string | undefined>;
  /** Slots held: kept + gained after, kept + lost before. All lost and gained when the units are dealt anew. */
  readonly slots: Change<number> & { readonly kept: number; readonly gained: number; readonly lost: number };
  /** Percent. */
  readonly sampled: Change<number>;
  /** Points of a million of the split that change their variant. */
  readonly movedPoints: number;
  readonly variants: readonly VariantDiff[];
  readonly condition: Change<string | undefined>;
  /** Units on the lists, and how many of them the other version lacks or treats differently. */
  readonly allowed: Change<number> & { readonly differing: number };
  readonly denied: Change<number> & { readonly differing: number };
  /** Values that differ, by variant and parameter. */
  readonly values: readonly { variant: string; parameter: string; change: Change<ParameterValue | undefined> }[];
}

export interface LayerDiff {
  readonly layer: string;
  readonly salt: Change<string | undefined>;
  readonly unit: Change<string | undefined>;
  /** Salt or unit changed: nobody stays where he was but by chance, so `moves` is empty. */
  readonly redealt: boolean;
  readonly freeSlots: Change<number>;
  /** Slots that change hands; undefined stands for nobody. */
  readonly moves: readonly SlotMove[];
}

export interface ExperimentsDiff {
  /** Layers and experiments in which anything differs, those of the next version first. */
  readonly layers: readonly LayerDiff[];
  readonly experiments: readonly ExperimentDiff[];
  readonly parameters: readonly {
    parameter: string;
    layer: Change<string | undefined>;
    default: Change<ParameterValue | undefined>;
  }[];
}
