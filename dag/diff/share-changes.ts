// diffShares: the layers of two strategies as dag/experiment compares them. No expression is evaluated: their texts are
// compared.

import type { ExperimentData, LayerData } from '../definition.ts';
import { compileExperiments } from '../experiment/compile.ts';
import type { ExperimentDefinition, LayerDefinition } from '../experiment/definition.ts';
import { diffExperiments } from '../experiment/diff.ts';
import type { ExperimentsDiff } from '../experiment/experiments-diff.ts';

/** Undefined when one of them is wrong; dag/check says why. */
export function diffShares(before: readonly LayerData[], after: readonly LayerData[]): ExperimentsDiff | undefined {
  const { experiments: was } = compileExperiments({ layers: before.map(layerOf) });
  const { experiments: now } = compileExperiments({ layers: after.map(layerOf) });
  return was === undefined || now === undefined ? undefined : diffExperiments(was, now);
}

const evaluate = (): undefined => undefined;

function layerOf({ salt, unit, parameters, experiments, ...layer }: LayerData): LayerDefinition<unknown> {
  return {
    ...layer,
    ...(salt === undefined ? {} : { salt }),
    unit: { text: unit, evaluate },
    parameters: parameters.map(({ choices, ...rest }) => ({ ...rest, ...(choices === undefined ? {} : { choices }) })),
    experiments: experiments.map(experimentOf),
  };
}

function experimentOf({ when, sampled, ...experiment }: ExperimentData): ExperimentDefinition<unknown> {
  return {
    ...experiment,
    ...(when === undefined ? {} : { condition: { text: when, evaluate } }),
    ...(sampled === undefined ? {} : { sampled }),
  };
}
