// Scenario: what a seed stands for: how large the process is, what it is asked, and what goes wrong. Plain data, so that a
// failing one can be made smaller and run again.

import { Draws } from '../draws.ts';
import type { ActShares, Target } from './acts.ts';

/** The longest call over a connection, all its attempts together, ms. */
export const callMsMax = 2_000;

export interface PoolScenario {
  name: 'a' | 'b';
  threads: number;
  maxFibers: number;
  maxNested: number;
  /** A power of two. */
  queueLength: number;
}

export type FaultKind =
  /** A thread stops for ever before one of its next operations. */
  | 'death'
  /** As the watchdog does. */
  | 'condemn'
  /** Its Worker is terminated by somebody outside. */
  | 'terminate'
  /** Its event loop stands still. */
  | 'stall'
  /** The event loop of an IO thread stands still just when main tells it of a change, before it has heard of it. */
  | 'lag'
  /** The memory guard wants a thread replaced. */
  | 'replace'
  /** The next generation of a pool. */
  | 'roll'
  /** A connection breaks, stands still for a while, or carries nothing any more without a word. */
  | 'reset'
  | 'hold'
  | 'cut';

export interface Fault {
  kind: FaultKind;
  /** After the process goes, ms. */
  atMs: number;
  /** Picks the thread, pool or connection among those that there are then, and how it goes. */
  draw: number;
}

export interface Scenario {
  ioThreads: number;
  ioFibers: number;
  ioQueueLength: number;
  pools: PoolScenario[];
  /** Powers of two. */
  tableEntries: number;
  arenaBytes: number;
  /** Of one completion ring. */
  ringBytes: number;
  /** How long a thread polls before it parks, if the last wake-up came soon, ms; 0: not at all. */
  spinMs: number;
  /** Requests of one service at once; 0: no bound. */
  maxConcurrency: number;
  /** From outside, at once. */
  maxRequests: number;
  /** When the watchdog ends a thread that does not turn, ms. */
  stallLimitMs: number;
  /** Operations between two stops of a thread, on average. */
  operationsPerStop: number;
  /** Put by the load source on IO threads, the wait between two batches on average, ms, and the largest batch. */
  requests: number;
  gapMs: number;
  batchMax: number;
  /** Stand-alone clients, and the calls of each. */
  clients: number;
  callsPerClient: number;
  attemptTimeoutMs: number;
  retryBackoffMs: number;
  bodyBytesMax: number;
  /** Shares of the requests. */
  cancels: number;
  deadlines: number;
  acts: ActShares;
  networkDelayMs: number;
  kernelBytes: number;
  faults: Fault[];
  /** When the process stops as on SIGTERM, ms after it goes; undefined: when everything is answered, or not at all. */
  stopAtMs: number | undefined;
  stopsAtEnd: boolean;
}

const kinds: readonly FaultKind[] = [
  'death',
  'death',
  'death',
  'condemn',
  'terminate',
  'stall',
  'stall',
  'lag',
  'replace',
  'roll',
  'reset',
  'hold',
  'cut',
];

export function drawScenario(seed: number): Scenario {
  const draws = new Draws(seed, 'scenario');
  const names: ('a' | 'b')[] = draws.chance(0.6) ? ['a', 'b'] : ['a'];
  const pools = names.map((name): PoolScenario => {
    return {
      name,
      threads: draws.between(1, 3),
      maxFibers: draws.pick([1, 2, 4, 16]),
      maxNested: draws.pick([1, 2, 8]),
      queueLength: draws.pick([1, 2, 4, 16]),
    };
  });
  const isCalm = draws.chance(0.3);
  const clients = draws.pick([0, 0, 1, 2]);
  const targets: Target[] = [...names, 'io', ...(draws.chance(0.4) ? (['far'] as const) : [])];
  // Rolls while requests go on, and IO threads that hear of them late: by chance they seldom meet.
  const turns = draws.chance(0.15) ? draws.between(1, 2) : 0;
  const requests = turns > 0 ? draws.between(30, 60) : draws.between(5, 40);
  const gapMs = turns > 0 ? 20 : draws.pick([0.02, 0.3, 3]);
  const lastMs = Math.max(20, (requests / 2) * gapMs);
  const faults = isCalm ? 0 : draws.between(1, 6);
  return {
    ioThreads: draws.between(1, 2),
    ioFibers: draws.pick([1, 4, 16]),
    ioQueueLength: draws.pick([1, 4, 16]),
    pools,
    tableEntries: draws.pick([4, 16, 64]),
    arenaBytes: draws.pick([16_384, 65_536]),
    ringBytes: draws.pick([256, 1_024, 8_192]),
    spinMs: draws.pick([0, 0, 0.05]),
    maxConcurrency: draws.chance(0.3) ? draws.between(1, 6) : 0,
    maxRequests: draws.chance(0.2) ? draws.between(4, 16) : 1_000,
    stallLimitMs: draws.pick([150, 5_000]),
    operationsPerStop: draws.pick([8, 25, 80, 300]),
    requests,
    gapMs,
    batchMax: draws.between(1, turns > 0 ? 2 : 8),
    clients,
    callsPerClient: clients === 0 ? 0 : draws.between(3, 12),
    attemptTimeoutMs: draws.chance(0.5) ? draws.between(5, 40) : 0,
    retryBackoffMs: draws.pick([5, 50, 500]),
    bodyBytesMax: draws.pick([60, 300, 3_000, 12_000]),
    cancels: draws.chance(0.6) ? draws.within(0, 0.4) : 0,
    deadlines: draws.chance(0.7) ? draws.within(0, 0.5) : 0,
    acts: {
      lengthMax: draws.between(1, 4),
      depthMax: draws.between(0, 3),
      sleepMsMax: draws.pick([10, 300, 3_000]),
      targets,
      pools: [...names, 'io'],
      exits: isCalm ? 0 : draws.pick([0, 0, 0.005]),
      stalls: draws.chance(0.3) ? 0.02 : 0,
      stallMsMax: 30,
      foreign: draws.chance(0.3) ? 0.08 : 0,
    },
    networkDelayMs: draws.pick([0.05, 0.5, 3]),
    kernelBytes: draws.pick([1_500, 8_000, 65_536]),
    faults: [
      ...Array.from({ length: faults }, () => drawFault(draws, draws.pick(kinds), lastMs)),
      ...Array.from({ length: 2 * turns }, (_, at) => drawFault(draws, at % 2 === 0 ? 'lag' : 'roll', lastMs / 2)),
    ],
    stopAtMs: draws.chance(0.15) ? draws.within(0, lastMs) : undefined,
    stopsAtEnd: draws.chance(0.5),
  };
}

function drawFault(draws: Draws, kind: FaultKind, lastMs: number): Fault {
  return { kind, atMs: draws.within(0, lastMs), draw: draws.below(1_000_000) };
}
