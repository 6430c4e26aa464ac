// Experiments: what dag/experiment says of the layers, told in the words and at the places of the file; and what a new
// version would do to units that are in a running experiment.

import type { LayerData } from '../definition.ts';
import { compileExperiments } from '../experiment/compile.ts';
import type { DefinitionPath, ExperimentsDefinition } from '../experiment/definition.ts';
import { checkRamp } from '../experiment/ramp.ts';
import { parameterReads } from './free-names.ts';
import type { Known } from './known.ts';
import type { Subject } from './subject.ts';

export function checkExperiments(subject: Subject, known: Known): void {
  const { name, layers } = subject.definition;
  const { experiments, problems } = compileExperiments(experimentsOf(layers));
  const found = [...problems];
  const before = known.previous?.get(name);
  if (experiments !== undefined && before !== undefined) {
    const previous = compileExperiments(experimentsOf(before.layers)).experiments;
    if (previous !== undefined) found.push(...checkRamp(previous, experiments));
  }
  for (const { path, message } of found) {
    const where = filePath(path, layers);
    // Slots are written, and the reader refused them.
    if (message.includes('has neither slots') && subject.report.places.has(`${where}[0]`)) continue;
    // So are weights that are no numbers.
    if (message.includes(' has the weight null')) continue;
    subject.report.add(writtenPlace(subject, where, message), inFileWords(message));
  }
  checkUnread(subject);
}

/** A parameter that experiments set and nothing reads: nobody would ever be exposed. */
function checkUnread(subject: Subject): void {
  // Behind a mistake there may be an expression that reads it.
  if (subject.isIncomplete) return;
  const read = new Set(
    subject.sites.flatMap(({ expression }) => parameterReads(expression.root).map(({ name }) => name)),
  );
  for (const { name: layer, parameters, experiments } of subject.definition.layers) {
    for (const { name } of parameters) {
      if (read.has(name)) continue;
      const setter = experiments.find(
        ({ state, variants }) =>
          state !== 'stopped' && variants.some((variant) => Object.hasOwn(variant.parameters, name)),
      );
      if (setter === undefined) continue;
      subject.report.add(
        `layers.${layer}.params.${name}~key`,
        `no expression reads ${parameterText(name)}, so the experiment '${setter.name}', which sets it, changes nothing, and nobody is ever exposed to it; read it, or take it out`,
      );
    }
  }
}

function parameterText(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? `params.${name}` : `params[${JSON.stringify(name)}]`;
}

/** For checks and comparisons: nothing is ever evaluated. */
function experimentsOf(layers: readonly LayerData[]): ExperimentsDefinition<unknown> {
  const unread = (text: string) => ({ text, evaluate: () => undefined });
  return {
    layers: layers.map(({ salt, unit, experiments, ...layer }) => ({
      ...layer,
      ...(salt === undefined ? {} : { salt }),
      unit: unread(unit),
      parameters: layer.parameters.map(({ choices, ...parameter }) => ({
        ...parameter,
        ...(choices === undefined ? {} : { choices }),
      })),
      experiments: experiments.map(({ when, sampled, ...experiment }) => ({
        ...experiment,
        ...(when === undefined ? {} : { condition: unread(when) }),
        ...(sampled === undefined ? {} : { sampled }),
      })),
    })),
  };
}

/** `['layers', 0, 'experiments', 2, 'variants', 1, 'weight']` → `layers.ui.experiments.bigger.variants.b.weight`. */
function filePath(path: DefinitionPath, layers: readonly LayerData[]): string {
  const [, layerAt, section, at, ...rest] = path;
  const layer = layers[Number(layerAt)];
  if (layer === undefined) return 'layers';
  const top = `layers.${layer.name}`;
  if (section === 'name') return `${top}~key`;
  if (section === 'parameters') {
    const parameter = layer.parameters[Number(at)];
    return parameter === undefined ? `${top}.params` : joined(`${top}.params.${parameter.name}`, rest);
  }
  if (section !== 'experiments') return joined(top, path.slice(2));
  const experiment = layer.experiments[Number(at)];
  if (experiment === undefined) return `${top}.experiments`;
  const place = `${top}.experiments.${experiment.name}`;
  const [field, index, ...further] = rest;
  if (field === 'condition') return `${place}.when`;
  const variant = field === 'variants' ? experiment.variants[Number(index)] : undefined;
  if (variant === undefined) return joined(place, rest);
  return joined(
    `${place}.variants.${variant.name}`,
    further.map((part) => (part === 'parameters' ? 'params' : part)),
  );
}

function joined(path: string, parts: DefinitionPath): string {
  return parts.reduce<string>((so, part) => {
    if (part === 'name') return `${so}~key`;
    return typeof part === 'number' ? `${so}[${part}]` : `${so}.${part}`;
  }, path);
}

/** The key of what is wrong as a name or as a whole, and of what is around something that is missing. */
function writtenPlace({ report: { places } }: Subject, path: string, message: string): string {
  if (/ has no such parameter| belongs to layer /.test(message) || path.endsWith('.variants')) return `${path}~key`;
  if (places.has(path)) return path;
  const around = path.slice(0, Math.max(path.lastIndexOf('.'), 0));
  return places.has(`${around}~key`) ? `${around}~key` : path;
}

/** The file writes both ends of a range of slots: 0-99999. */
function inFileWords(message: string): string {
  return message
    .replaceAll(/\[(\d+), (\d+)\)/g, (_, from: string, to: string) => `${from}-${Number(to) - 1}`)
    .replace(': from is included, to is not', '')
    .replace(/^the condition of experiment/, 'when of experiment')
    .replace(/^the condition of running experiment/, 'when of running experiment');
}
