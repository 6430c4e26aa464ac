// Layers of experiments as they are written; what they mean together is looked at by dag/experiment.

import type { Tree } from '../../../document/tree.ts';
import type { Field } from '../../../document/types.ts';
import type { Data, ExperimentData, LayerData } from '../../definition.ts';
import type { SlotRange } from '../../experiment/slot-ranges.ts';
import type { CheckedExperiment, CheckedLayer, CheckedLayers } from '../schema-experiments.ts';
import { readData, readDataMap } from './data.ts';
import type { Reading } from './reading.ts';
import { checkSyntax } from './template.ts';

export function readLayers(layers: CheckedLayers, reading: Reading): LayerData[] {
  return [...layers].map(([name, { value }]) => layerOf(name, value, reading));
}

function layerOf(name: string, layer: CheckedLayer, reading: Reading): LayerData {
  const { report } = reading;
  const path = `layers.${name}`;
  const unit = layer.unit?.value;
  if (unit !== undefined) checkSyntax(unit, `${path}.unit`, report);
  const parameters = [...layer.params].map(([parameter, { value }]) => {
    const where = `${path}.params.${parameter}`;
    // Undefined where there is none, or it was refused; both were reported.
    const given = report.places.has(`${where}.default`) ? value.default : undefined;
    return {
      name: parameter,
      default: given === undefined ? null : readData(given, `${where}.default`, report),
      choices: value.choices?.map((choice, at) => dataOf(choice, `${where}.choices[${at}]`, reading)),
    };
  });
  return {
    name,
    salt: layer.salt?.value,
    unit: unit ?? 'null',
    parameters,
    experiments: [...layer.experiments].map(([experiment, { value }]) =>
      experimentOf(experiment, value, `${path}.experiments.${experiment}`, reading),
    ),
  };
}

function experimentOf(name: string, experiment: CheckedExperiment, path: string, reading: Reading): ExperimentData {
  const { report } = reading;
  const when = experiment.when?.value;
  if (when !== undefined) checkSyntax(when, `${path}.when`, report);
  const variants = [...experiment.variants].map(([variant, { value }]) => ({
    name: variant,
    weight: value.weight?.value ?? Number.NaN,
    parameters: mapOf(value.params, 'a map from parameter to value', `${path}.variants.${variant}.params`, reading),
  }));
  const allow = mapOf(experiment.allow, 'a map from unit to variant', `${path}.allow`, reading);
  return {
    name,
    state: experiment.state?.value ?? 'running',
    slots: (experiment.slots ?? []).flatMap((field) => slotsOf(field, reading)),
    variants,
    when,
    // The schema reads a share; at most four decimals of a percent are written.
    sampled: experiment.sampled?.value === undefined ? undefined : Math.round(experiment.sampled.value * 1e6) / 1e4,
    allow: Object.fromEntries(
      Object.entries(allow).flatMap(([unit, variant]) => {
        if (typeof variant === 'string') return [[unit, variant]];
        report.add(`${path}.allow.${unit}`, `allow of ${name} gives a unit the name of a variant`);
        return [];
      }),
    ),
    deny: (experiment.deny ?? []).flatMap((tree, at) => {
      const unit = tree === undefined ? null : dataOf(tree, `${path}.deny[${at}]`, reading);
      if (typeof unit === 'string' || typeof unit === 'number') return [unit];
      report.add(`${path}.deny[${at}]`, `deny of ${name} lists units: each is a text or a whole number`);
      return [];
    }),
  };
}

/** `0-99999` as [0, 100000), `7` as [7, 8). What is no range within a layer is told where ranges are compared. */
function slotsOf({ value, place }: Field<string | undefined>, { report }: Reading): SlotRange[] {
  const [first, last = first] = (value ?? '').split('-').map(Number);
  if (value === undefined || first === undefined || last === undefined) return [];
  if (first <= last) return [[first, last + 1]];
  const hints = { suggestion: `${last}-${first}` };
  report.problems.add(place, `the slots ${value} run backwards: write the lower end first`, hints);
  return [];
}

function dataOf(tree: Tree | undefined, path: string, { report }: Reading): Data {
  return tree === undefined ? null : readData(tree, path, report);
}

function mapOf(tree: Tree | undefined, what: string, path: string, { report }: Reading): Record<string, Data> {
  return tree === undefined ? {} : readDataMap(tree, what, path, report);
}
