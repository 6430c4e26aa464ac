// An experiment with all that decides who is in it, for comparing two versions: checkRamp and diffExperiments.

import { pointsOf, slotCount } from './bucket.ts';
import type {
  ExperimentDefinition,
  ExperimentState,
  ExperimentsDefinition,
  LayerDefinition,
  ParameterValue,
  VariantDefinition,
} from './definition.ts';
import { countSlots, joinRanges, type SlotRange } from './slot-ranges.ts';

export interface PlacedExperiment<Values> {
  readonly definition: ExperimentDefinition<Values>;
  readonly layer: LayerDefinition<Values>;
  readonly layerSalt: string;
  readonly path: readonly (string | number)[];
  readonly state: ExperimentState;
  /** Joined; none when stopped. */
  readonly slots: readonly SlotRange[];
  /** Points of a million. */
  readonly sampledPoints: number;
}

/** By name. Of a definition that compiles, so that names are unique. */
export function placeExperiments<Values>({
  layers,
}: ExperimentsDefinition<Values>): Map<string, PlacedExperiment<Values>> {
  const placed = new Map<string, PlacedExperiment<Values>>();
  for (const [index, layer] of layers.entries()) {
    for (const [at, definition] of layer.experiments.entries()) {
      const state = definition.state ?? 'running';
      placed.set(definition.name, {
        definition,
        layer,
        layerSalt: layer.salt ?? layer.name,
        path: ['layers', index, 'experiments', at],
        state,
        slots: state === 'stopped' ? [] : joinRanges(definition.slots),
        sampledPoints: pointsOf(definition.sampled ?? 100) ?? slotCount,
      });
    }
  }
  return placed;
}

/** The share of all units that are in a variant, 0..1, were the condition always true. A draft has none. */
export function unitShare<Values>({ state, slots, sampledPoints }: PlacedExperiment<Values>): number {
  return state === 'running' ? (countSlots(slots) * sampledPoints) / slotCount / slotCount : 0;
}

/** What a variant gives for a parameter: its own value or the layer's default; undefined: the layer has none such. */
export function effectiveValue<Values>(
  { layer }: PlacedExperiment<Values>,
  variant: VariantDefinition,
  parameter: string,
): ParameterValue | undefined {
  const owned = layer.parameters.find(({ name }) => name === parameter);
  if (owned === undefined) return undefined;
  const given = variant.parameters ?? {};
  return Object.hasOwn(given, parameter) ? given[parameter] : owned.default;
}

/** Parameters that some variant sets. */
export function setParameters<Values>({ definition }: PlacedExperiment<Values>): string[] {
  return [...new Set(definition.variants.flatMap(({ parameters = {} }) => Object.keys(parameters)))];
}

/** How many of the million points of the split have another variant afterwards. */
export function movedPoints(before: readonly VariantDefinition[], after: readonly VariantDefinition[]): number {
  const rangeAfter = new Map(splitRanges(after));
  let kept = 0;
  for (const [name, [from, to]] of splitRanges(before)) {
    const [start, end] = rangeAfter.get(name) ?? [0, 0];
    kept += Math.max(0, Math.min(to, end) - Math.max(from, start));
  }
  return slotCount - kept;
}

function splitRanges(variants: readonly VariantDefinition[]): [string, SlotRange][] {
  let end = 0;
  return variants.map(({ name, weight }) => {
    const from = end;
    end += pointsOf(weight) ?? 0;
    return [name, [from, end]];
  });
}
