// Named seeds: each bug that a simulation ever found, with the scenario and the seed that showed it, so that it is looked for
// again at every run of the tests. They do not depend on what a seed draws today. How one is added: docs/simulation.md.

import type { WorldName } from './hunt/hunted-world.ts';

export interface NamedSeed {
  name: string;
  /** What was wrong. */
  what: string;
  world: WorldName;
  seed: number;
  /** Of that world, as its failure told it. */
  scenario: object;
  /** The mutant that brings the bug back: with it the seed must fail. */
  mutant?: string;
}

export const namedSeeds: readonly NamedSeed[] = [
  {
    name: 'ring spent on the dead',
    what: 'an asker rang a thread that had died, after all others had looked again: the request waited beside one that slept',
    world: 'endpoint',
    seed: 1,
    scenario: {
      world: 'endpoint',
      options: {
        capacity: 1,
        takers: 2,
        batches: [[1]],
        handlers: 'short',
        maxFibers: 4,
        deaths: 1,
        mayDie: 'takers',
        entries: 1,
      },
      deathChance: 0.01,
      stallChance: 0,
    },
    mutant: 'ring-spent-on-dead',
  },
];
