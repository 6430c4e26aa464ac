// compileExperiments: a definition becomes tables, or the list of its mistakes. Once per version, never per request.

import { undecided } from './assignment.ts';
import { experimentSalt, pointsOf, seedOf, slotCount, unitText } from './bucket.ts';
import { checkDefinition } from './check-definition.ts';
import type { CompiledExperiment, CompiledLayer } from './compiled-layer.ts';
import type {
  DefinitionProblem,
  ExperimentDefinition,
  ExperimentsDefinition,
  LayerDefinition,
  ParameterValue,
} from './definition.ts';
import { Experiments } from './experiments.ts';
import { frozenCopy } from './parameter-value.ts';
import { Sampler } from './sampler.ts';

export type CompiledExperiments<Values> =
  | { readonly experiments: Experiments<Values>; readonly problems: readonly [] }
  | { readonly experiments: undefined; readonly problems: readonly DefinitionProblem[] };

/** Either a version that is ready for requests, or every mistake with its path and a sentence. Never throws. */
export function compileExperiments<Values>(definition: ExperimentsDefinition<Values>): CompiledExperiments<Values> {
  const problems = checkDefinition(definition);
  if (problems.length > 0) return { experiments: undefined, problems };
  const layers = definition.layers.map(compileLayer);
  const owned = layers.flatMap((layer) => layer.parameters.map((name, column) => ({ name, column, layer })));
  const table = {
    layers,
    parameterIndexes: new Map(owned.map(({ name }, index) => [name, index])),
    parameterLayers: Uint16Array.from(owned, ({ layer }) => layer.index),
    parameterColumns: Uint16Array.from(owned, ({ column }) => column),
    contested: Uint8Array.from(owned, ({ layer, column }) => (isContested(layer, column) ? 1 : 0)),
    undecidedStates: layers.map(() => undecided),
  };
  return { experiments: new Experiments(definition, table), problems: [] };
}

function isContested<Values>({ live, exposing, parameters }: CompiledLayer<Values>, column: number): boolean {
  return live && exposing.some((exposes, cell) => exposes === 1 && cell % parameters.length === column);
}

function compileLayer<Values>(layer: LayerDefinition<Values>, index: number): CompiledLayer<Values> {
  const salt = layer.salt ?? layer.name;
  const used = layer.experiments.filter(({ state }) => state !== 'stopped');
  const experiments: CompiledExperiment<Values>[] = [];
  for (const experiment of used) {
    const before = experiments.at(-1);
    const firstRow = before === undefined ? 1 : before.firstRow + before.variantEnds.length;
    experiments.push(compileExperiment(experiment, salt, firstRow));
  }
  const ranges = used.flatMap(({ slots }, owner) => slots.map(([from, to]) => ({ from, to, owner })));
  ranges.sort((left, right) => left.from - right.from);
  const allowed = allowedRows(used, experiments);
  return {
    name: layer.name,
    index,
    unitExpression: layer.unit.text,
    readUnit: layer.unit.evaluate,
    live: allowed.size > 0 || used.some(({ state, slots }) => state !== 'draft' && slots.length > 0),
    slotSeed: seedOf('slot', salt),
    rangeStarts: Uint32Array.from(ranges, ({ from }) => from),
    rangeEnds: Uint32Array.from(ranges, ({ to }) => to),
    rangeOwners: Uint16Array.from(ranges, ({ owner }) => owner),
    experiments,
    allowed: allowed.size > 0 ? allowed : undefined,
    ...compileRows(layer, used),
  };
}

function compileExperiment<Values>(
  { name, state, variants, condition, sampled, deny = [] }: ExperimentDefinition<Values>,
  layerSalt: string,
  firstRow: number,
): CompiledExperiment<Values> {
  const salt = experimentSalt(layerSalt, name);
  let end = 0;
  return {
    name,
    draft: state === 'draft',
    variantSeed: seedOf('variant', salt),
    variantEnds: Uint32Array.from(variants, ({ weight }) => {
      end += pointsOf(weight) ?? 0;
      return end;
    }),
    firstRow,
    denied: deny.length > 0 ? new Set(deny.map((unit) => unitText(unit) ?? '')) : undefined,
    condition: condition?.evaluate,
    sampler: sampled === undefined || pointsOf(sampled) === slotCount ? undefined : new Sampler(salt, sampled),
  };
}

function allowedRows<Values>(
  used: readonly ExperimentDefinition<Values>[],
  experiments: readonly CompiledExperiment<Values>[],
): Map<string, number> {
  const rows = new Map<string, number>();
  for (const [owner, { allow = {}, variants }] of used.entries()) {
    for (const [unit, variant] of Object.entries(allow)) {
      rows.set(unit, experiments[owner]!.firstRow + variants.findIndex(({ name }) => name === variant));
    }
  }
  return rows;
}

function compileRows<Values>(layer: LayerDefinition<Values>, used: readonly ExperimentDefinition<Values>[]) {
  const defaults = layer.parameters.map((parameter) => frozenCopy(parameter.default));
  const cells: ParameterValue[] = [...defaults];
  const exposing: number[] = defaults.map(() => 0);
  const rowExperiments = [-1];
  const rowVariants = [''];
  for (const [owner, { variants }] of used.entries()) {
    // A control that leaves a parameter out is exposed by reading it just as its rivals are.
    const set = new Set(variants.flatMap((variant) => Object.keys(variant.parameters ?? {})));
    for (const { name, parameters = {} } of variants) {
      rowExperiments.push(owner);
      rowVariants.push(name);
      for (const [column, parameter] of layer.parameters.entries()) {
        const value = Object.hasOwn(parameters, parameter.name) ? parameters[parameter.name] : undefined;
        cells.push(value === undefined ? defaults[column]! : frozenCopy(value));
        exposing.push(set.has(parameter.name) ? 1 : 0);
      }
    }
  }
  return {
    parameters: layer.parameters.map(({ name }) => name),
    cells,
    exposing: Uint8Array.from(exposing),
    rowExperiments: Int16Array.from(rowExperiments),
    rowVariants,
  };
}
