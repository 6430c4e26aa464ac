// The mistakes that one experiment can have by itself: slots out of range, weights, unknown parameters and variants.

import { didYouMean } from '../../runtime/nearest.ts';
import { percentText, pointsOf, slotCount, unitText } from './bucket.ts';
import {
  type DefinitionPath,
  type ExperimentDefinition,
  experimentLimits,
  experimentStates,
  type ParameterDefinition,
  type VariantDefinition,
} from './definition.ts';
import { valueObjection } from './parameter-value.ts';
import { type ProblemList, shown } from './problem-list.ts';
import { isSlotRange } from './slot-ranges.ts';

/** What an experiment may set, and what belongs to others (parameter to layer). */
export interface ExperimentSurroundings {
  readonly layer: string;
  readonly parameters: ReadonlyMap<string, ParameterDefinition>;
  readonly ownerOf: ReadonlyMap<string, string>;
}

export function checkExperiment<Values>(
  list: ProblemList,
  path: DefinitionPath,
  experiment: ExperimentDefinition<Values>,
  around: ExperimentSurroundings,
): void {
  const { name, state = 'running', condition, sampled } = experiment;
  if (!experimentStates.includes(state)) {
    const hint = didYouMean(String(state), experimentStates);
    list.add(
      [...path, 'state'],
      `the state of experiment '${name}' is draft, running or stopped, not ${shown(state)}${hint}`,
    );
  }
  // It is kept for its name; parameters that it once set may be gone.
  if (state === 'stopped') return;
  if (condition !== undefined && condition.text.trim() === '') {
    list.add([...path, 'condition'], `the condition of experiment '${name}' is empty; leave it out to take all units`);
  }
  if (sampled !== undefined && pointsOf(sampled) === undefined) {
    list.add(
      [...path, 'sampled'],
      `'sampled' of experiment '${name}' is a percentage from 0 to 100 with at most four decimals, not ${shown(sampled)}`,
    );
  }
  checkSlots(list, path, experiment);
  checkVariants(list, path, experiment, around);
  checkLists(list, path, experiment);
}

function checkSlots<Values>(list: ProblemList, path: DefinitionPath, experiment: ExperimentDefinition<Values>): void {
  const { name, slots, state = 'running', allow = {} } = experiment;
  list.checkCount(
    [...path, 'slots'],
    `slot ranges in experiment '${name}'`,
    slots.length,
    experimentLimits.slotRangesMax,
  );
  if (slots.length === 0 && state === 'running' && Object.keys(allow).length === 0) {
    list.add(
      [...path, 'slots'],
      `experiment '${name}' is running but has neither slots nor allowed units, so nobody can be in it; give it slots, or the state draft`,
    );
  }
  for (const [index, range] of slots.entries()) {
    if (isSlotRange(range)) continue;
    const [from, to] = range;
    list.add(
      [...path, 'slots', index],
      `the slots [${from}, ${to}) of experiment '${name}' are no range within [0, ${slotCount}): from is included, to is not`,
    );
  }
}

function checkVariants<Values>(
  list: ProblemList,
  path: DefinitionPath,
  experiment: ExperimentDefinition<Values>,
  around: ExperimentSurroundings,
): void {
  const { name, variants } = experiment;
  const place = [...path, 'variants'];
  list.checkCount(place, `variants in experiment '${name}'`, variants.length, experimentLimits.variantsMax);
  if (variants.length === 0) list.add(place, `experiment '${name}' has no variants; it needs at least one`);
  const seen = new Set<string>();
  for (const [index, variant] of variants.entries()) {
    list.checkName([...place, index, 'name'], `a variant of experiment '${name}'`, variant.name);
    if (seen.has(variant.name)) {
      list.add([...place, index, 'name'], `experiment '${name}' has two variants named '${variant.name}'`);
    }
    seen.add(variant.name);
    checkParameters(list, [...place, index, 'parameters'], name, variant, around);
  }
  checkWeights(list, place, name, variants);
}

function checkWeights(list: ProblemList, place: DefinitionPath, name: string, variants: readonly VariantDefinition[]) {
  let sum = 0;
  let complete = variants.length > 0;
  for (const [index, variant] of variants.entries()) {
    const points = pointsOf(variant.weight);
    if (points !== undefined) {
      sum += points;
      continue;
    }
    complete = false;
    const given: unknown = variant.weight;
    const what = given === undefined || given === null ? 'has no weight' : `has the weight ${shown(given)}`;
    list.add(
      [...place, index, 'weight'],
      `variant '${variant.name}' of experiment '${name}' ${what}; give it its percentage of the units, 0 to 100 with at most four decimals`,
    );
  }
  if (!complete || sum === slotCount) return;
  const parts = variants.map((variant) => `${variant.name} ${variant.weight}%`).join(', ');
  const rest = sum < slotCount ? `${percentText(slotCount - sum)} missing` : `${percentText(sum - slotCount)} too much`;
  list.add(place, `the weights of experiment '${name}' add up to ${percentText(sum)}, not 100%: ${parts} (${rest})`);
}

function checkParameters(
  list: ProblemList,
  path: DefinitionPath,
  experiment: string,
  variant: VariantDefinition,
  { layer, parameters, ownerOf }: ExperimentSurroundings,
): void {
  const by = `variant '${variant.name}' of experiment '${experiment}'`;
  for (const [name, value] of Object.entries(variant.parameters ?? {})) {
    const parameter = parameters.get(name);
    if (parameter !== undefined) {
      const objection = valueObjection(parameter, value);
      if (objection !== undefined)
        list.add([...path, name], `${by} sets '${name}' to ${shown(value)}, which ${objection}`);
      continue;
    }
    const owner = ownerOf.get(name);
    list.add(
      [...path, name],
      owner === undefined
        ? `${by} sets '${name}', but layer '${layer}' has no such parameter${didYouMean(name, parameters.keys())}`
        : `${by} sets '${name}', which belongs to layer '${owner}', not to '${layer}'; move the experiment or the parameter`,
    );
  }
}

function checkLists<Values>(list: ProblemList, path: DefinitionPath, experiment: ExperimentDefinition<Values>): void {
  const { name, allow = {}, deny = [], variants } = experiment;
  const names = variants.map((variant) => variant.name);
  const allowed = Object.entries(allow);
  list.checkCount(
    path,
    `listed units in experiment '${name}'`,
    allowed.length + deny.length,
    experimentLimits.listedUnitsMax,
  );
  for (const [unit, variant] of allowed) {
    if (unitText(unit) === undefined)
      list.add([...path, 'allow', unit], `${shown(unit)} can't be a unit: it is empty or too long`);
    if (names.includes(variant)) continue;
    const hint = didYouMean(String(variant), names);
    list.add(
      [...path, 'allow', unit],
      `experiment '${name}' allows ${shown(unit)} the variant ${shown(variant)}, which it does not have${hint}`,
    );
  }
  for (const [index, unit] of deny.entries()) {
    const text = unitText(unit);
    if (text === undefined)
      list.add([...path, 'deny', index], `${shown(unit)} can't be a unit: write a text or a whole number`);
    else if (Object.hasOwn(allow, text)) {
      list.add(
        [...path, 'deny', index],
        `experiment '${name}' both allows and denies ${shown(unit)}; keep one of the two`,
      );
    }
  }
}
