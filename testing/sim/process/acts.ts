// Acts: what a simulated request does, drawn from the seed and carried in the request itself: a small program in the
// language of fibers.

import type { Draws } from '../draws.ts';

/** Where a nested call goes. `far`: to this very process, but over a socket. */
export type Target = 'a' | 'b' | 'io' | 'far';

export type Act =
  | { do: 'sleep'; ms: number }
  | { do: 'yield' }
  /** Waits for a timer that is not Heddle's: no cancel reaches it. */
  | { do: 'foreign'; ms: number }
  | { do: 'call'; target: Target; acts: Act[]; timeoutMs: number; json: boolean }
  | { do: 'offload'; pool: string; acts: Act[] }
  | { do: 'spawn' | 'all' | 'any' | 'race' | 'group'; bodies: Act[][]; count: number }
  | { do: 'defer'; count: number; ms: number }
  /** In turn with the other requests of the thread. */
  | { do: 'lock'; kind: 'mutex' | 'semaphore'; ms: number }
  | { do: 'channel'; items: number; ms: number }
  | { do: 'fail' }
  /** Ends its thread: by process.exit, or by an exception of a timer. */
  | { do: 'exit' | 'crash' }
  /** Keeps its thread from turning. */
  | { do: 'stall'; ms: number };

/** What the exception of a crash says. */
export const meantCrash = 'the scenario wants this thread to end';

export interface ActShares {
  /** Acts of one body at most. */
  lengthMax: number;
  /** Bodies within bodies, and calls within calls. */
  depthMax: number;
  sleepMsMax: number;
  targets: readonly Target[];
  pools: readonly string[];
  /** How often a request ends its thread, or keeps it busy. */
  exits: number;
  stalls: number;
  stallMsMax: number;
  /** How often one waits for what is not Heddle's. */
  foreign: number;
}

export function drawActs(draws: Draws, shares: ActShares, depth = 0): Act[] {
  const length = draws.chance(0.3) ? 0 : draws.between(1, shares.lengthMax);
  return Array.from({ length }, () => drawAct(draws, shares, depth));
}

function drawAct(draws: Draws, shares: ActShares, depth: number): Act {
  if (draws.chance(shares.exits)) return { do: draws.pick(['exit', 'crash'] as const) };
  if (draws.chance(shares.stalls)) return { do: 'stall', ms: draws.within(1, shares.stallMsMax) };
  if (draws.chance(shares.foreign)) return { do: 'foreign', ms: draws.within(1, shares.sleepMsMax / 4) };
  const isLeaf = depth >= shares.depthMax;
  const kind = draws.below(isLeaf ? 8 : 16);
  switch (kind) {
    case 0:
    case 1:
    case 2:
      // Some are long enough that only a cancel ends them in time.
      return { do: 'sleep', ms: draws.chance(0.35) ? draws.within(0, shares.sleepMsMax) : draws.within(0, 5) };
    case 3:
      return { do: 'yield' };
    case 4:
    case 5:
      return { do: 'defer', count: draws.between(1, 3), ms: draws.chance(0.3) ? draws.within(0, 5) : 0 };
    case 6:
      return draws.chance(0.4) ? { do: 'fail' } : { do: 'yield' };
    case 7:
      return draws.chance(0.5)
        ? { do: 'lock', kind: draws.pick(['mutex', 'semaphore'] as const), ms: draws.within(0, 4) }
        : { do: 'channel', items: draws.between(1, 5), ms: draws.within(0, 2) };
    case 8:
    case 9:
    case 10:
    case 11:
      return {
        do: 'call',
        target: draws.pick(shares.targets),
        acts: drawActs(draws, shares, depth + 1),
        timeoutMs: draws.chance(0.3) ? Math.ceil(draws.within(1, 60)) : 0,
        json: draws.chance(0.2),
      };
    case 12:
      return { do: 'offload', pool: draws.pick(shares.pools), acts: drawActs(draws, shares, depth + 1) };
    default: {
      const bodies = Array.from({ length: draws.between(1, 3) }, () => drawActs(draws, shares, depth + 1));
      const how = draws.pick(['spawn', 'all', 'any', 'race', 'group'] as const);
      return { do: how, bodies, count: draws.between(1, bodies.length) };
    }
  }
}
