// The hunt: seed after seed, the worlds in turn, until a law breaks, the seeds or the time are used up, or somebody stops it.

import type { Clock } from '../../runtime/clock.ts';
import { type Failure, type HuntedWorld, pause } from './hunted-world.ts';

export interface HuntPlan {
  worlds: readonly HuntedWorld[];
  seed: number;
  /** How many; undefined: until `endMs`. */
  seeds: number | undefined;
  /** On the clock, ms. */
  endMs: number;
  clock: Clock;
  signal: AbortSignal;
  /** The scenario of every seed, in the place of the one that it draws. */
  scenario?: unknown;
  /** Whether a failure is what is hunted for; of others only the first is kept. Default: each is. */
  isGame?: ((failure: Failure) => boolean) | undefined;
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
  /** The first that was not hunted for. */
  other: Failure | undefined;
  ranMs: number;
};

/** Seed `n` runs in the world whose turn it is: `n` modulo their number. */
export async function hunt(plan: HuntPlan): Promise<HuntResult> {
  const { worlds, clock, signal, scenario, isGame = () => true } = plan;
  const startMs = clock.nowMs();
  const so: HuntTally = { seeds: 0, steps: 0, deaths: 0, requests: 0 };
  let failure: Failure | undefined;
  let other: Failure | undefined;
  const isOver = (): boolean => (plan.seeds === undefined ? clock.nowMs() >= plan.endMs : so.seeds >= plan.seeds);
  while (failure === undefined && !isOver() && !signal.aborted) {
    const seed = plan.seed + so.seeds;
    const result = await worlds[seed % worlds.length]!.run(seed, { scenario, onLine: plan.onLine });
    if (result.failure !== undefined && isGame(result.failure)) failure = result.failure;
    else other ??= result.failure;
    so.seeds++;
    so.steps += result.steps;
    so.deaths += result.deaths;
    so.requests += result.requests;
    plan.onSeed?.(so);
    await pause(signal);
  }
  return { ...so, failure, other, ranMs: clock.nowMs() - startMs };
}
