// A layer as requests use it, and the decision it takes for one of them: typed arrays and a binary search; per request
// one or two hashes, no allocation. Made by compile.ts once per version, read on the threads of fibers.

import { slotOf, unitText } from './bucket.ts';
import type { ParameterValue } from './definition.ts';
import type { Sampler } from './sampler.ts';

/** Why a unit gets what it gets. `assigned` and `allowed` give a variant, the others the defaults. */
export const reasons = [
  'no-experiment',
  'no-unit',
  'unit-failed',
  'free-slot',
  'draft',
  'denied',
  'condition',
  'condition-failed',
  'sampled-out',
  'assigned',
  'allowed',
] as const;
export type Reason = (typeof reasons)[number];

export interface CompiledExperiment<Values> {
  readonly name: string;
  readonly draft: boolean;
  readonly variantSeed: number;
  /** The point (of a million) where each variant ends. */
  readonly variantEnds: Uint32Array;
  /** Row of the first variant. */
  readonly firstRow: number;
  readonly denied: ReadonlySet<string> | undefined;
  readonly condition: ((values: Values) => unknown) | undefined;
  readonly sampler: Sampler | undefined;
}

export interface CompiledLayer<Values> {
  readonly name: string;
  readonly index: number;
  readonly unitExpression: string;
  readonly readUnit: (values: Values) => unknown;
  /** Whether anybody can be in an experiment. */
  readonly live: boolean;
  readonly slotSeed: number;
  /** Ranges of slots in order: start, end (excluded), and whose they are. */
  readonly rangeStarts: Uint32Array;
  readonly rangeEnds: Uint32Array;
  readonly rangeOwners: Uint16Array;
  readonly experiments: readonly CompiledExperiment<Values>[];
  /** Unit to row. */
  readonly allowed: ReadonlyMap<string, number> | undefined;
  readonly parameters: readonly string[];
  /** Row 0 holds the defaults, then one row per variant of each experiment; a column per parameter. */
  readonly cells: readonly ParameterValue[];
  /** As `cells`: 1 where some variant of the row's experiment sets the parameter, so that reading it exposes. */
  readonly exposing: Uint8Array;
  /** Experiment and name of each row's variant; row 0 has neither. */
  readonly rowExperiments: Int16Array;
  readonly rowVariants: readonly string[];
}

const codeOf = (reason: Reason): number => reasons.indexOf(reason);
const noExperiment = codeOf('no-experiment');
const noUnit = codeOf('no-unit');
const unitFailed = codeOf('unit-failed');
const freeSlot = codeOf('free-slot');
const draft = codeOf('draft');
const denied = codeOf('denied');
const conditionFalse = codeOf('condition');
const conditionFailed = codeOf('condition-failed');
const sampledOut = codeOf('sampled-out');
const assigned = codeOf('assigned');
const allowed = codeOf('allowed');

/** A decision is a row and a reason in one small integer; a reason alone is one with row 0, the defaults. */
export const rowOf = (decision: number): number => decision >> 4;
export const reasonOf = (decision: number): Reason => reasons[decision & 15]!;
const decide = (row: number, reason: number): number => (row << 4) | reason;

/**
 * What this layer gives these values. The order is a promise (docs/experiments.md): unit, allow list, slot, state, deny
 * list, condition, sampler, variant. An expression that throws gives the defaults: an experiment never fails a request.
 */
export function decideLayer<Values>(layer: CompiledLayer<Values>, values: Values): number {
  if (!layer.live) return noExperiment;
  let unit: string | undefined;
  try {
    unit = unitText(layer.readUnit(values));
  } catch {
    return unitFailed;
  }
  if (unit === undefined) return noUnit;
  const row = layer.allowed?.get(unit);
  if (row !== undefined) return decide(row, allowed);
  const owner = ownerOfSlot(layer, slotOf(unit, layer.slotSeed));
  if (owner < 0) return freeSlot;
  const experiment = layer.experiments[owner]!;
  if (experiment.draft) return draft;
  if (experiment.denied?.has(unit)) return denied;
  if (experiment.condition !== undefined) {
    try {
      if (experiment.condition(values) !== true) return conditionFalse;
    } catch {
      return conditionFailed;
    }
  }
  if (experiment.sampler?.takesText(unit) === false) return sampledOut;
  return decide(experiment.firstRow + variantOf(experiment, unit), assigned);
}

/** The unit as it is hashed; undefined: there is none, or its expression fails. */
export function readUnit<Values>(layer: CompiledLayer<Values>, values: Values): string | undefined {
  try {
    return unitText(layer.readUnit(values));
  } catch {
    return undefined;
  }
}

/** Index of the experiment that holds a slot; -1: nobody does. */
export function ownerOfSlot<Values>(layer: CompiledLayer<Values>, slot: number): number {
  const { rangeStarts } = layer;
  let low = 0;
  let high = rangeStarts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rangeStarts[middle]! <= slot) low = middle + 1;
    else high = middle;
  }
  return low > 0 && slot < layer.rangeEnds[low - 1]! ? layer.rangeOwners[low - 1]! : -1;
}

function variantOf<Values>({ variantEnds, variantSeed }: CompiledExperiment<Values>, unit: string): number {
  const point = slotOf(unit, variantSeed);
  let variant = 0;
  while (point >= variantEnds[variant]!) variant++;
  return variant;
}
