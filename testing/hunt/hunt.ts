// The hunt: seed after seed, the worlds in turn, until a law breaks, the seeds or the time are used up, or somebody stops it.

import type { Clock } from '../../runtime/clock.ts';
import type { Failure, HuntedWorld } from './hunted-world.ts';

export interface HuntPlan {
  worlds: readonly HuntedWorld[];
  seed: number;
  /** How many; undefined: until `endMs`. */
  seeds: number | undefined;
  /** On the clock, ms. */
  endMs: number;
  clock: Clock;
  signal: AbortSignal;
  onSeed?: (so: HuntTally) => void;
  onLine?: ((line: string) => void) | undefined;
}

export interface HuntTally {
  seeds: number;
  steps: number;
  deaths: number;
  requests: number;
}

export type HuntResult = HuntTally & {
  failure: Failure | undefined;
  ranMs: number;
};

/** Seed `n` runs in the world whose turn it is: `n` modulo their number. */
export async function hunt(plan: HuntPlan): Promise<HuntResult> {
  const { worlds, clock, signal } = plan;
  const startMs = clock.nowMs();
  const so: HuntTally = { seeds: 0, steps: 0, deaths: 0, requests: 0 };
  let failure: Failure | undefined;
  const isOver = (): boolean => (plan.seeds === undefined ? clock.nowMs() >= plan.endMs : so.seeds >= plan.seeds);
  while (failure === undefined && !isOver() && !signal.aborted) {
    const seed = plan.seed + so.seeds;
    const result = await worlds[seed % worlds.length]!.run(seed, { onLine: plan.onLine });
    failure = result.failure;
    so.seeds++;
    so.steps += result.steps;
    so.deaths += result.deaths;
    so.requests += result.requests;
    plan.onSeed?.(so);
    // Signals are heard between two seeds.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { ...so, failure, ranMs: clock.nowMs() - startMs };
}
