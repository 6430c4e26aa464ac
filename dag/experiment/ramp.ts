// checkRamp: what a new version would do to units that are in a running experiment. A unit that was in keeps its
// variant, or the comparison is spoilt: slots and samplers only widen, and what deals the units stays. Stopping or
// removing an experiment is always allowed, and so are the lists, which name their units. Before a version is published.

import { percentText, pointsOf, slotCount } from './bucket.ts';
import type { DefinitionPath, DefinitionProblem } from './definition.ts';
import type { Experiments } from './experiments.ts';
import { sameValue } from './parameter-value.ts';
import {
  effectiveValue,
  movedPoints,
  type PlacedExperiment,
  placeExperiments,
  setParameters,
  unitShare,
} from './placed-experiment.ts';
import { shown } from './problem-list.ts';
import { countSlots, missingRanges, rangesText, sharedRanges } from './slot-ranges.ts';

/** A problem of the next version; `path` is one of its definition. */
export interface RampProblem extends DefinitionProblem {
  readonly experiment: string;
  /** Of all units, 0..1: how many would leave it, change their variant, or see their variant change. */
  readonly affectedShare: number;
}

/** Empty when every unit that is in a running experiment keeps what it has. */
export function checkRamp<Values>(previous: Experiments<Values>, next: Experiments<Values>): RampProblem[] {
  const before = placeExperiments(previous.definition);
  const problems: RampProblem[] = [];
  for (const [experiment, now] of placeExperiments(next.definition)) {
    const was = before.get(experiment);
    if (was === undefined || was.state === 'draft' || now.state === 'stopped') continue;
    const add: Add = (field, affectedShare, message) => {
      problems.push({ path: [...now.path, ...field], message, experiment, affectedShare });
    };
    if (was.state === 'stopped') checkRestart(now, add);
    else checkRunning(was, now, add);
  }
  return problems;
}

type Add = (field: DefinitionPath, affectedShare: number, message: string) => void;

function checkRestart<Values>(now: PlacedExperiment<Values>, add: Add): void {
  if (now.state === 'draft') return;
  const name = now.definition.name;
  add(
    ['state'],
    unitShare(now),
    `experiment '${name}' was stopped and would run again: ${share(unitShare(now))} of all units come back to a split that they have seen; start a new experiment under a new name`,
  );
}

function checkRunning<Values>(was: PlacedExperiment<Values>, now: PlacedExperiment<Values>, add: Add): void {
  const { name } = was.definition;
  const whole = unitShare(was);
  if (now.state === 'draft') {
    add(
      ['state'],
      whole,
      `running experiment '${name}' would become a draft: all its units (${share(whole)} of all) leave; stop it instead`,
    );
    return;
  }
  if (was.layerSalt !== now.layerSalt || was.layer.unit.text !== now.layer.unit.text) checkRedeal(was, now, add);
  else {
    checkSlots(was, now, add);
    checkSampler(was, now, add);
    checkSplit(was, now, add);
  }
  const [from, to] = [was.definition.condition?.text, now.definition.condition?.text];
  if (to !== undefined && to !== from) {
    add(
      ['condition'],
      whole,
      `the condition of running experiment '${name}' changes from ${from === undefined ? 'none' : shown(from)} to ${shown(to)}: up to ${share(whole)} of all units leave, whoever meets only the first; ${advice(name)}`,
    );
  }
  checkValues(was, now, add);
}

function checkRedeal<Values>(was: PlacedExperiment<Values>, now: PlacedExperiment<Values>, add: Add): void {
  const { name, variants } = was.definition;
  const salted = was.layerSalt !== now.layerSalt;
  // After a new deal it is chance that a unit comes into the experiment again, and into the same variant.
  let samePoints = 0;
  for (const { name: variant, weight } of variants) {
    const after = now.definition.variants.find((other) => other.name === variant);
    samePoints += ((pointsOf(weight) ?? 0) * (pointsOf(after?.weight ?? 0) ?? 0)) / slotCount;
  }
  const lost = 1 - (unitShare(now) * samePoints) / slotCount;
  const what = salted
    ? `the salt changes from ${shown(was.layerSalt)} to ${shown(now.layerSalt)}`
    : `the unit changes from ${shown(was.layer.unit.text)} to ${shown(now.layer.unit.text)}`;
  add(
    [],
    unitShare(was) * lost,
    `under running experiment '${name}' ${what}, which deals all units anew: ${share(lost)} of its units (${share(unitShare(was) * lost)} of all) leave it or change their variant; ${salted ? `keep the salt (layer '${now.layer.name}': salt ${shown(was.layerSalt)})` : 'keep the unit'}, or ${advice(name)}`,
  );
}

function checkSlots<Values>(was: PlacedExperiment<Values>, now: PlacedExperiment<Values>, add: Add): void {
  const { name } = was.definition;
  const lost = missingRanges(was.slots, now.slots);
  if (lost.length === 0) return;
  const count = countSlots(lost);
  const affected = (count * was.sampledPoints) / slotCount / slotCount;
  add(
    ['slots'],
    affected,
    `running experiment '${name}' loses ${count} of its ${countSlots(was.slots)} slots, ${rangesText(lost)}: ${share(affected)} of all units leave it; slots may only be added; ${advice(name)}`,
  );
}

function checkSampler<Values>(was: PlacedExperiment<Values>, now: PlacedExperiment<Values>, add: Add): void {
  const lost = was.sampledPoints - now.sampledPoints;
  if (lost <= 0) return;
  const { name } = was.definition;
  const affected = (countSlots(sharedRanges(was.slots, now.slots)) * lost) / slotCount / slotCount;
  add(
    ['sampled'],
    affected,
    `'sampled' of running experiment '${name}' falls from ${percentText(was.sampledPoints)} to ${percentText(now.sampledPoints)}: ${share(affected)} of all units leave it; it may only rise; ${advice(name)}`,
  );
}

function checkSplit<Values>(was: PlacedExperiment<Values>, now: PlacedExperiment<Values>, add: Add): void {
  const { name, variants } = was.definition;
  const moved = movedPoints(variants, now.definition.variants);
  if (moved === 0) return;
  const affected = (unitShare(was) * moved) / slotCount;
  const split = (list: typeof variants) => list.map((variant) => `${variant.name} ${variant.weight}%`).join(', ');
  add(
    ['variants'],
    affected,
    `the split of running experiment '${name}' changes from ${split(variants)} to ${split(now.definition.variants)}: ${percentText(moved)} of its units (${share(affected)} of all) change their variant; weights, names and order stay while it runs; ${advice(name)}`,
  );
}

function checkValues<Values>(was: PlacedExperiment<Values>, now: PlacedExperiment<Values>, add: Add): void {
  const parameters = new Set([...setParameters(was), ...setParameters(now)]);
  for (const [index, variant] of now.definition.variants.entries()) {
    const old = was.definition.variants.find(({ name }) => name === variant.name);
    if (old === undefined) continue;
    for (const parameter of parameters) {
      const to = effectiveValue(now, variant, parameter);
      // Of a parameter that is new in the layer, everybody had what is its default now.
      const from =
        effectiveValue(was, old, parameter) ?? effectiveValue(now, { ...variant, parameters: {} }, parameter);
      if (from === undefined || (to !== undefined && sameValue(from, to))) continue;
      const affected = (unitShare(was) * (pointsOf(old.weight) ?? 0)) / slotCount;
      const becomes =
        to === undefined ? 'is no longer owned by its layer' : `changes from ${shown(from)} to ${shown(to)}`;
      add(
        ['variants', index, 'parameters', parameter],
        affected,
        `'${parameter}' of variant '${variant.name}' ${becomes} while experiment '${was.definition.name}' runs: ${share(affected)} of all units would be counted for two treatments; ${advice(was.definition.name)}`,
      );
    }
  }
}

function advice(name: string): string {
  return `to change it, stop '${name}' and start a new experiment under a new name`;
}

function share(part: number): string {
  return percentText(part * slotCount);
}
