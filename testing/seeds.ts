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
    seed: 2,
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
  {
    name: 'connection to nobody holds its thread',
    what: 'an IO thread that left ended its timers before its connections: one to a peer that had vanished held the thread, and its number, for 300 s',
    world: 'process',
    seed: 13,
    scenario: {
      ioThreads: 1,
      ioFibers: 1,
      ioQueueLength: 16,
      pools: [{ name: 'a', threads: 1, maxFibers: 2, maxNested: 1, queueLength: 2 }],
      tableEntries: 64,
      arenaBytes: 65_536,
      ringBytes: 8_192,
      spinMs: 0,
      maxConcurrency: 4,
      maxRequests: 1_000,
      stallLimitMs: 150,
      operationsPerStop: 8,
      requests: 10,
      gapMs: 0.3,
      batchMax: 1,
      clients: 0,
      callsPerClient: 1,
      attemptTimeoutMs: 18,
      retryBackoffMs: 500,
      bodyBytesMax: 60,
      cancels: 0,
      deadlines: 0.29482059576548636,
      acts: {
        lengthMax: 2,
        depthMax: 3,
        sleepMsMax: 10,
        targets: ['a', 'far', 'far'],
        pools: ['a', 'io'],
        exits: 0,
        stalls: 0,
        stallMsMax: 30,
        foreign: 0,
      },
      networkDelayMs: 3,
      kernelBytes: 65_536,
      faults: [
        { kind: 'cut', atMs: 10, draw: 13 },
        { kind: 'cut', atMs: 12, draw: 14 },
        { kind: 'replace', atMs: 15, draw: 91 },
        { kind: 'replace', atMs: 20, draw: 169 },
        { kind: 'replace', atMs: 40, draw: 65 },
      ],
      stopsAtEnd: false,
    },
    mutant: 'timers-go-first',
  },
];
