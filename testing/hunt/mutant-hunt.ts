// Puts the mutants into the sources, one after another, and hunts for each: the simulation must find them all.

import type { Clock } from '../../runtime/clock.ts';
import { isFoundBy, type Mutant } from '../mutants/mutant.ts';
import { type HuntResult, hunt } from './hunt.ts';
import type { Failure } from './hunted-world.ts';
import { openWorld } from './open-world.ts';

export interface MutantResult {
  mutant: Mutant;
  result: HuntResult;
}

export interface MutantPlan {
  mutants: readonly Mutant[];
  seed: number;
  /** For each mutant. */
  minutes: number;
  /** For each mutant, instead of a time. */
  seeds?: number | undefined;
  clock: Clock;
  signal: AbortSignal;
  onMutant?: (result: MutantResult) => void;
}

/** In their order; those that a stop has left out are missing. */
export async function huntMutants(plan: MutantPlan): Promise<MutantResult[]> {
  const { clock, signal, seed, seeds } = plan;
  const results: MutantResult[] = [];
  for (const mutant of plan.mutants) {
    if (signal.aborted) break;
    const worlds = [await openWorld(mutant.world, mutant)];
    const endMs = clock.nowMs() + plan.minutes * 60_000;
    const isGame = (failure: Failure): boolean => isFoundBy(mutant, failure);
    const result = await hunt({ worlds, seed, seeds, endMs, clock, signal, isGame });
    if (signal.aborted && result.failure === undefined) break;
    results.push({ mutant, result });
    plan.onMutant?.(results.at(-1)!);
  }
  return results;
}
