// What differs in the layers of two versions of a strategy: share by share, as dag/experiment counts it, and as texts what
// those numbers don't tell: choices of parameters, variants without a share.

import type { ExperimentData, LayerData } from '../definition.ts';
import type { ExperimentsDiff } from '../experiment/experiments-diff.ts';
import { dataChanges, textChange } from './data-changes.ts';
import { diffShares } from './share-changes.ts';
import type { TextChange } from './strategies-diff.ts';

export interface LayersDiff {
  readonly experiments: ExperimentsDiff | undefined;
  readonly layers: readonly TextChange[];
}

export function diffLayers(before: readonly LayerData[], after: readonly LayerData[]): LayersDiff {
  const experiments = diffShares(before, after);
  const told = new Told(experiments);
  const layers = both(before, after).flatMap(([name, old, next]) => layerChanges(name, old, next, told));
  return { experiments, layers };
}

/** What the numbers say already. */
class Told {
  readonly #diff: ExperimentsDiff;

  constructor(diff: ExperimentsDiff = { layers: [], experiments: [], parameters: [] }) {
    this.#diff = diff;
  }

  layer(name: string): boolean {
    return this.#diff.layers.some(({ layer }) => layer === name);
  }

  parameter(name: string): boolean {
    return this.#diff.parameters.some(({ parameter }) => parameter === name);
  }

  experiment(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  weight(name: string, of: string): boolean {
    const variants = this.#find(name)?.variants ?? [];
    return variants.some(({ variant, weight }) => variant === of && weight.before !== weight.after);
  }

  value(name: string, of: string, parameter: string): boolean {
    const values = this.#find(name)?.values ?? [];
    return values.some((one) => one.variant === of && one.parameter === parameter);
  }

  #find(name: string) {
    return this.#diff.experiments.find(({ experiment }) => experiment === name);
  }
}

function layerChanges(
  name: string,
  before: LayerData | undefined,
  after: LayerData | undefined,
  told: Told,
): TextChange[] {
  const path = `layers.${name}`;
  if (before === undefined || after === undefined) {
    return told.layer(name) ? [] : textChange(path, before?.unit, after?.unit, (unit) => `by ${unit}`);
  }
  const { salt, unit } = after;
  return [
    ...(told.layer(name) ? [] : dataChanges([path], { salt: before.salt, unit: before.unit }, { salt, unit })),
    ...both(before.parameters, after.parameters).flatMap(([parameter, old, next]) => [
      ...(told.parameter(parameter) ? [] : valueChange(`${path}.params.${parameter}`, old?.default, next?.default)),
      ...valueChange(`${path}.params.${parameter}.choices`, old?.choices, next?.choices),
    ]),
    ...both(before.experiments, after.experiments).flatMap(([experiment, old, next]) =>
      experimentChanges(`${path}.experiments.${experiment}`, old, next, told),
    ),
  ];
}

function experimentChanges(
  path: string,
  before: ExperimentData | undefined,
  after: ExperimentData | undefined,
  told: Told,
): TextChange[] {
  const name = after?.name ?? before?.name ?? '';
  if (before === undefined || after === undefined) {
    return told.experiment(name) ? [] : textChange(path, before?.state, after?.state, (state) => state);
  }
  return [
    ...(told.experiment(name) ? [] : dataChanges([path], comparable(before), comparable(after))),
    ...both(before.variants, after.variants).flatMap(([variant, old, next]) => [
      ...(told.weight(name, variant)
        ? []
        : textChange(`${path}.variants.${variant}`, old?.weight, next?.weight, (weight) => `${weight}%`)),
      ...both(entriesOf(old), entriesOf(next))
        .filter(([parameter]) => !told.value(name, variant, parameter))
        .flatMap(([parameter, one, other]) =>
          valueChange(`${path}.variants.${variant}.${parameter}`, one?.value, other?.value),
        ),
    ]),
  ];
}

/** What is one for all variants; in an order that means nothing. */
function comparable({ state, slots, when, sampled, allow, deny, variants }: ExperimentData) {
  return {
    state,
    slots: slots.toSorted(([one], [other]) => one - other).map(([from, to]) => `${from}-${to - 1}`),
    when,
    sampled,
    allow,
    deny: deny.map(String).toSorted(),
    order: variants.map(({ name }) => name),
  };
}

/** By name, those of the new version first. */
function both<Part extends { readonly name: string }>(
  before: readonly Part[],
  after: readonly Part[],
): [name: string, before: Part | undefined, after: Part | undefined][] {
  const names = new Set([...after, ...before].map(({ name }) => name));
  const find = (list: readonly Part[], wanted: string) => list.find(({ name }) => name === wanted);
  return [...names].map((name) => [name, find(before, name), find(after, name)]);
}

function entriesOf(variant: ExperimentData['variants'][number] | undefined) {
  return Object.entries(variant?.parameters ?? {}).map(([name, value]) => ({ name, value }));
}

function valueChange(field: string, before: unknown, after: unknown): TextChange[] {
  return textChange(field, before, after, (value) => JSON.stringify(value));
}
