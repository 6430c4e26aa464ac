// checkDefinition: every mistake of a definition at once. What concerns one experiment stands in check-experiment.ts;
// here is what concerns layers, and experiments of one layer towards each other.

import { slotCount, unitText } from './bucket.ts';
import { checkExperiment } from './check-experiment.ts';
import {
  type DefinitionPath,
  type DefinitionProblem,
  type ExperimentsDefinition,
  experimentLimits,
  type LayerDefinition,
  type ParameterDefinition,
} from './definition.ts';
import { valueObjection } from './parameter-value.ts';
import { ProblemList, shown } from './problem-list.ts';
import { isSlotRange, joinRanges, missingRanges, rangesText } from './slot-ranges.ts';

/** Empty when the definition is right. */
export function checkDefinition<Values>(definition: ExperimentsDefinition<Values>): readonly DefinitionProblem[] {
  const list = new ProblemList();
  const { layers } = definition;
  list.checkCount(['layers'], 'layers', layers.length, experimentLimits.layersMax);
  const parameterCount = layers.reduce((sum, layer) => sum + layer.parameters.length, 0);
  list.checkCount(['layers'], 'parameters over all layers', parameterCount, experimentLimits.parametersMax);
  const ownerOf = checkOwners(list, layers);
  const layerNames = new Set<string>();
  const layerOfSalt = new Map<string, string>();
  const layerOfExperiment = new Map<string, string>();
  for (const [index, layer] of layers.entries()) {
    const path = ['layers', index];
    checkLayer(list, path, layer);
    if (layerNames.has(layer.name)) list.add([...path, 'name'], `there are two layers named '${layer.name}'`);
    layerNames.add(layer.name);
    const salt = layer.salt ?? layer.name;
    const twin = layerOfSalt.get(salt);
    if (twin !== undefined && twin !== layer.name) {
      list.add(
        [...path, 'salt'],
        `layers '${twin}' and '${layer.name}' have the same salt ${shown(salt)}, so their experiments would meet the same units instead of being independent; give each its own`,
      );
    }
    layerOfSalt.set(salt, layer.name);
    const parameters = new Map(layer.parameters.map((parameter) => [parameter.name, parameter]));
    for (const [at, experiment] of layer.experiments.entries()) {
      const place = [...path, 'experiments', at];
      const other = layerOfExperiment.get(experiment.name);
      if (!list.checkName([...place, 'name'], 'an experiment', experiment.name)) continue;
      if (other !== undefined) {
        list.add(
          [...place, 'name'],
          `there are two experiments named '${experiment.name}' (the other in layer '${other}')`,
        );
      }
      layerOfExperiment.set(experiment.name, layer.name);
      checkExperiment(list, place, experiment, { layer: layer.name, parameters, ownerOf });
    }
  }
  return list.problems;
}

/** Parameter to its one owner. */
function checkOwners<Values>(list: ProblemList, layers: readonly LayerDefinition<Values>[]): Map<string, string> {
  const ownerOf = new Map<string, string>();
  for (const [index, layer] of layers.entries()) {
    for (const [at, parameter] of layer.parameters.entries()) {
      const path = ['layers', index, 'parameters', at];
      if (!list.checkName([...path, 'name'], 'a parameter', parameter.name)) continue;
      const owner = ownerOf.get(parameter.name);
      if (owner !== undefined) {
        const where =
          owner === layer.name ? `twice in layer '${owner}'` : `in the layers '${owner}' and '${layer.name}'`;
        list.add([...path, 'name'], `parameter '${parameter.name}' stands ${where}; a parameter has exactly one owner`);
      } else ownerOf.set(parameter.name, layer.name);
      checkParameter(list, path, parameter);
    }
  }
  return ownerOf;
}

function checkParameter(list: ProblemList, path: DefinitionPath, parameter: ParameterDefinition): void {
  const { name, choices } = parameter;
  if (choices !== undefined && choices.length === 0) {
    list.add([...path, 'choices'], `parameter '${name}' has an empty list of choices; leave it out to allow any value`);
    return;
  }
  const objection = valueObjection(parameter, parameter.default);
  if (objection !== undefined) {
    list.add([...path, 'default'], `the default ${shown(parameter.default)} of parameter '${name}' ${objection}`);
  }
  for (const [index, choice] of (choices ?? []).entries()) {
    const { choices: _, ...unbound } = parameter;
    const reason = valueObjection(unbound, choice);
    if (reason !== undefined)
      list.add([...path, 'choices', index], `the choice ${shown(choice)} of parameter '${name}' ${reason}`);
  }
}

function checkLayer<Values>(list: ProblemList, path: DefinitionPath, layer: LayerDefinition<Values>): void {
  list.checkName([...path, 'name'], 'a layer', layer.name);
  if (layer.salt !== undefined && unitText(layer.salt) === undefined) {
    list.add(
      [...path, 'salt'],
      `the salt of layer '${layer.name}' is empty or too long; leave it out to use the layer's name`,
    );
  }
  if (layer.unit.text.trim() === '') {
    list.add(
      [...path, 'unit'],
      `layer '${layer.name}' has an empty unit; say who is diverted, as in user.id or device.id`,
    );
  }
  const { experiments } = layer;
  list.checkCount(
    [...path, 'experiments'],
    `experiments in layer '${layer.name}'`,
    experiments.length,
    experimentLimits.experimentsMax,
  );
  checkOverlaps(list, path, layer);
  checkAllowedTwice(list, path, layer);
}

/** One slot, one experiment: also drafts hold theirs; stopped ones hold none. */
function checkOverlaps<Values>(list: ProblemList, path: DefinitionPath, layer: LayerDefinition<Values>): void {
  const holders = layer.experiments.flatMap(({ name, slots, state }, at) =>
    state === 'stopped' ? [] : slots.map((range, index) => ({ name, range, place: [at, 'slots', index] })),
  );
  const held = holders.filter(({ range }) => isSlotRange(range));
  held.sort(({ range: left }, { range: right }) => left[0] - right[0] || left[1] - right[1]);
  let furthest = held[0];
  for (const holder of held.slice(1)) {
    if (furthest === undefined) return;
    const [from, to] = holder.range;
    if (from < furthest.range[1]) {
      const free = missingRanges([[0, slotCount]], joinRanges(held.map(({ range }) => range)));
      const { name } = holder;
      const who =
        name === furthest.name ? `experiment '${name}' twice` : `experiments '${furthest.name}' and '${name}'`;
      list.add(
        [...path, 'experiments', ...holder.place],
        `the slots [${from}, ${Math.min(to, furthest.range[1])}) of layer '${layer.name}' are taken by ${who}; ${free.length > 0 ? `free are ${rangesText(free)}` : 'none are free'}`,
      );
    }
    if (to > furthest.range[1]) furthest = holder;
  }
}

function checkAllowedTwice<Values>(list: ProblemList, path: DefinitionPath, layer: LayerDefinition<Values>): void {
  const experimentOf = new Map<string, string>();
  for (const [at, { name, allow, state }] of layer.experiments.entries()) {
    if (state === 'stopped') continue;
    for (const unit of Object.keys(allow ?? {})) {
      const other = experimentOf.get(unit);
      experimentOf.set(unit, name);
      if (other === undefined) continue;
      list.add(
        [...path, 'experiments', at, 'allow', unit],
        `layer '${layer.name}' allows ${shown(unit)} in two experiments, '${other}' and '${name}', which exclude each other`,
      );
    }
  }
}
