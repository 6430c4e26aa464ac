// Fault: one kind of harm that the soak runner does, and the scene that it is done in.

import type { Random } from '../../../runtime/clock.ts';
import type { ErrorCode } from '../../../runtime/errors.ts';
import type { SoakClients } from '../clients.ts';
import type { PoolName } from '../config.ts';
import type { CallKind, Ledger, Reach } from '../ledger.ts';
import type { Processes } from '../processes.ts';

export interface Scene {
  readonly clients: SoakClients;
  readonly ledger: Ledger;
  readonly processes: Processes;
  readonly logFile: string;
}

export interface Fault {
  kind: string;
  /** For --list: what happens, in a few words. */
  what: string;
  /** Mean time between two, ms. */
  everyMs: number;
  /** The whole service process ends: only in the first part of a run, since nothing can leak across its end. */
  endsProcess?: true;
  /** Calls that depend on any of these may fail with `codes` from its begin until `lingersMs` after its end. */
  reaches: readonly Reach[];
  codes: readonly ErrorCode[];
  lingersMs: number;
  /** Resolves when it is over; with false when it could not be done now. */
  inject(scene: Scene, random: Random): Promise<boolean>;
}

/** Time until a pool of a busy machine is whole again and its callers know, ms. */
export const healsMs = 4_000;

export function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Calls that are made to do harm, and may themselves be hit by any other harm. */
export function harmful(name: string, pool: PoolName): CallKind {
  return { name, dependsOn: ['process', 'io', `cpu:${pool}`] };
}

let bodies = 0;

/** A number that makes a body different from all others, so that no fingerprint comes twice. */
export function nextBody(): number {
  return ++bodies;
}

/** How long a pool may take to be whole again, ms: births are slow where many share the cores. */
const wholeWithinMs = 30_000;

/**
 * A fault that ends threads of `pool`: done only while the pool is whole, so that no two of them leave it empty, and over
 * when it is whole again.
 */
export function endsThreads(pool: PoolName, inject: Fault['inject']): Fault['inject'] {
  return async (scene, random) => {
    if (!(await isWhole(scene, pool))) return false;
    const done = await inject(scene, random);
    const endMs = performance.now() + wholeWithinMs;
    while (!(await isWhole(scene, pool))) {
      if (performance.now() > endMs) throw new Error(`pool ${pool} is not whole ${wholeWithinMs} ms later`);
      await later(100);
    }
    return done;
  };
}

/** Also when the process is being started again: then there is nothing to wait for. */
async function isWhole({ processes }: Scene, pool: PoolName): Promise<boolean> {
  const whole = await processes.remote('service')?.ask({ do: 'whole', pool });
  return whole !== false;
}
