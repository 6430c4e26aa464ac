// Caches in simulations: sampled requests are few, so their real keys would hit nearly always. Instead each run has a
// key of its own, by a parameter that only simulations have, and the model says how often its value is found.

import type { StrategyDefinition } from '../definition.ts';

/** Longer than what authors call their parameters; one that has this name would be hidden in simulations. */
export const runParameter = 'heddle.number-of-the-simulated-run';

/** Entries of each cache: more than there are runs at once. */
const maxEntries = 10_000;

/** The definition with a parameter for the number of the run, which is the key of all caches. */
export function withSimulatedCaches(definition: StrategyDefinition): StrategyDefinition {
  if (definition.nodes.every(({ cache }) => cache === undefined)) return definition;
  const layer = {
    name: runParameter,
    salt: undefined,
    unit: 'request',
    parameters: [{ name: runParameter, default: 0, choices: undefined }],
    experiments: [],
  };
  const key = `params['${runParameter}']`;
  return {
    ...definition,
    layers: [...definition.layers, layer],
    nodes: definition.nodes.map((node) =>
      node.cache === undefined ? node : { ...node, cache: { ...node.cache, key, maxEntries } },
    ),
  };
}
