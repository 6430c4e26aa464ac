// Small definitions for the tests of dag/experiment/: a layer by user, an experiment of two halves.

import { compileExperiments } from '../../../dag/experiment/compile.ts';
import type {
  ExperimentDefinition,
  ExperimentsDefinition,
  LayerDefinition,
} from '../../../dag/experiment/definition.ts';
import type { Experiments } from '../../../dag/experiment/experiments.ts';

/** A request, as the tests see one. */
export interface Values {
  user?: unknown;
  device?: unknown;
  country?: string;
}

export type Definition = ExperimentsDefinition<Values>;
export type Layer = LayerDefinition<Values>;
export type Experiment = ExperimentDefinition<Values>;

export const byUser = { text: 'user.id', evaluate: (values: Values) => values.user };
export const byDevice = { text: 'device.id', evaluate: (values: Values) => values.device };
export const inFrance = { text: "country == 'fr'", evaluate: (values: Values) => values.country === 'fr' };

/** All slots, halves `control` and `treatment`, which sets `size` to 20. */
export function experiment(change: Partial<Experiment> = {}): Experiment {
  return {
    name: 'bigger',
    slots: [[0, 1_000_000]],
    variants: [
      { name: 'control', weight: 50 },
      { name: 'treatment', weight: 50, parameters: { size: 20 } },
    ],
    ...change,
  };
}

/** Owns `size` (10) and `color` ('red'). */
export function layer(change: Partial<Layer> = {}): Layer {
  return {
    name: 'ui',
    unit: byUser,
    parameters: [
      { name: 'size', default: 10 },
      { name: 'color', default: 'red' },
    ],
    experiments: [experiment()],
    ...change,
  };
}

/** One layer with one experiment. */
export function only(change: Partial<Experiment> = {}, layerChange: Partial<Layer> = {}): Definition {
  return { layers: [layer({ experiments: [experiment(change)], ...layerChange })] };
}

export function compiled(definition: Definition): Experiments<Values> {
  const { experiments, problems } = compileExperiments(definition);
  if (experiments === undefined) throw new Error(problems.map(({ message }) => message).join('\n'));
  return experiments;
}

/** The variant of a unit in the first layer, undefined for the defaults. */
export function variantOf(experiments: Experiments<Values>, user: unknown, more: Values = {}): string | undefined {
  return experiments.assign({ user, ...more }).explain()[0]?.variant;
}
