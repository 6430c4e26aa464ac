// diffExperiments: what changes between two versions, share by share, with exact counts of slots. For `dag diff` and for
// the log line of a publish; checkRamp says whether the change may be made.

import { pointsOf, slotCount } from './bucket.ts';
import type { ExperimentState, LayerDefinition, ParameterValue } from './definition.ts';
import type { Experiments } from './experiments.ts';
import type { Change, ExperimentDiff, ExperimentsDiff, LayerDiff, VariantDiff } from './experiments-diff.ts';
import { sameValue } from './parameter-value.ts';
import {
  effectiveValue,
  movedPoints,
  type PlacedExperiment,
  placeExperiments,
  setParameters,
  unitShare,
} from './placed-experiment.ts';
import { slotMoves, takenSlots } from './slot-moves.ts';
import { countSlots, sharedRanges } from './slot-ranges.ts';

/** What differs; three empty lists when nothing does. */
export function diffExperiments<Values>(previous: Experiments<Values>, next: Experiments<Values>): ExperimentsDiff {
  const before = placeExperiments(previous.definition);
  const after = placeExperiments(next.definition);
  const names = new Set([...after.keys(), ...before.keys()]);
  const layersBefore = new Map(previous.definition.layers.map((layer) => [layer.name, layer]));
  const layersAfter = new Map(next.definition.layers.map((layer) => [layer.name, layer]));
  const layers = [...new Set([...layersAfter.keys(), ...layersBefore.keys()])];
  return {
    layers: layers.map((name) => diffLayer(name, layersBefore.get(name), layersAfter.get(name))).filter(layerDiffers),
    experiments: [...names]
      .map((name) => diffExperiment(name, before.get(name), after.get(name)))
      .filter(experimentDiffers),
    parameters: diffParameters(previous.definition.layers, next.definition.layers),
  };
}

function layerDiffers({ salt, unit, moves }: LayerDiff): boolean {
  return !same(salt) || !same(unit) || moves.length > 0;
}

function experimentDiffers(diff: ExperimentDiff): boolean {
  const { state, layer, slots, sampled, condition, allowed, denied, variants, values } = diff;
  if (slots.gained > 0 || slots.lost > 0 || diff.movedPoints > 0 || values.length > 0) return true;
  if (variants.some(({ weight }) => !same(weight)) || allowed.differing > 0 || denied.differing > 0) return true;
  return [state, layer, sampled, condition].some((change) => !same(change));
}

function diffLayer<Values>(
  layer: string,
  before: LayerDefinition<Values> | undefined,
  after: LayerDefinition<Values> | undefined,
): LayerDiff {
  const salt = { before: before && (before.salt ?? layer), after: after && (after.salt ?? layer) };
  const unit = { before: before?.unit.text, after: after?.unit.text };
  const both = before !== undefined && after !== undefined;
  const redealt = both && (salt.before !== salt.after || unit.before !== unit.after);
  const free = (one: typeof before) => (one === undefined ? 0 : slotCount - countSlots(takenSlots(one)));
  return {
    layer,
    salt,
    unit,
    redealt,
    freeSlots: { before: free(before), after: free(after) },
    moves: redealt ? [] : slotMoves(before, after),
  };
}

function diffExperiment<Values>(
  experiment: string,
  before: PlacedExperiment<Values> | undefined,
  after: PlacedExperiment<Values> | undefined,
): ExperimentDiff {
  const change = <Value>(read: (one: PlacedExperiment<Values>) => Value, none: Value): Change<Value> => ({
    before: before === undefined ? none : read(before),
    after: after === undefined ? none : read(after),
  });
  const alike = before?.layerSalt === after?.layerSalt && before?.layer.unit.text === after?.layer.unit.text;
  const slots = change(({ slots }) => countSlots(slots), 0);
  const kept = alike ? countSlots(sharedRanges(before?.slots ?? [], after?.slots ?? [])) : 0;
  const variants = change(({ definition }) => definition.variants, []);
  return {
    experiment,
    state: change<ExperimentState | 'none'>(({ state }) => state, 'none'),
    layer: change<string | undefined>(({ layer }) => layer.name, undefined),
    slots: { ...slots, kept, gained: slots.after - kept, lost: slots.before - kept },
    sampled: change(({ sampledPoints }) => sampledPoints / 10_000, 0),
    movedPoints: before === undefined || after === undefined ? 0 : movedPoints(variants.before, variants.after),
    variants: namesOf(variants.after, variants.before).map((variant) => diffVariant<Values>(variant, change)),
    condition: change<string | undefined>(({ definition }) => definition.condition?.text, undefined),
    allowed: diffList(change(({ definition }) => Object.entries(definition.allow ?? {}), [])),
    denied: diffList(change(({ definition }) => (definition.deny ?? []).map((unit) => [String(unit), '']), [])),
    values: before === undefined || after === undefined ? [] : diffValues(before, after),
  };
}

function diffList({ before, after }: Change<[unit: string, variant: string][]>): ExperimentDiff['allowed'] {
  const [was, now] = [new Map(before), new Map(after)];
  const units = [...new Set([...was.keys(), ...now.keys()])];
  return {
    before: was.size,
    after: now.size,
    differing: units.filter((unit) => was.get(unit) !== now.get(unit)).length,
  };
}

function diffVariant<Values>(
  variant: string,
  change: (read: (one: PlacedExperiment<Values>) => number, none: number) => Change<number>,
): VariantDiff {
  const weightOf = ({ definition }: PlacedExperiment<Values>) =>
    definition.variants.find(({ name }) => name === variant)?.weight ?? 0;
  const weight = change(weightOf, 0);
  return {
    variant,
    weight,
    share: change((one) => (unitShare(one) * (pointsOf(weightOf(one)) ?? 0)) / slotCount, 0),
  };
}

function diffValues<Values>(
  before: PlacedExperiment<Values>,
  after: PlacedExperiment<Values>,
): ExperimentDiff['values'] {
  const parameters = [...new Set([...setParameters(after), ...setParameters(before)])];
  return after.definition.variants.flatMap((variant) => {
    const old = before.definition.variants.find(({ name }) => name === variant.name);
    if (old === undefined) return [];
    return parameters
      .map((parameter) => ({
        variant: variant.name,
        parameter,
        change: { before: effectiveValue(before, old, parameter), after: effectiveValue(after, variant, parameter) },
      }))
      .filter(({ change }) => !same(change));
  });
}

function diffParameters<Values>(
  before: readonly LayerDefinition<Values>[],
  after: readonly LayerDefinition<Values>[],
): ExperimentsDiff['parameters'] {
  const owned = (layers: typeof before) =>
    new Map(
      layers.flatMap(({ name, parameters }) =>
        parameters.map((one) => [one.name, { layer: name, value: one.default }]),
      ),
    );
  const [was, now] = [owned(before), owned(after)];
  return [...new Set([...now.keys(), ...was.keys()])]
    .map((parameter) => ({
      parameter,
      layer: { before: was.get(parameter)?.layer, after: now.get(parameter)?.layer },
      default: { before: was.get(parameter)?.value, after: now.get(parameter)?.value },
    }))
    .filter(({ layer, default: value }) => !same(layer) || !same(value));
}

function namesOf(...lists: readonly (readonly { readonly name: string }[])[]): string[] {
  return [...new Set(lists.flatMap((list) => list.map(({ name }) => name)))];
}

function same({ before, after }: Change<ParameterValue | undefined>): boolean {
  return before === after || (before !== undefined && after !== undefined && sameValue(before, after));
}
