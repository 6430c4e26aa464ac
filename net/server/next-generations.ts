// loadNext (main thread): the next generations of some pools, loaded and linked beside those in use: all, or none. Nothing is
// put into their queues yet.

import { HeddleError } from '../../runtime/errors.ts';
import type { Settings } from '../../runtime/settings.ts';
import type { ServedRow } from '../../scheduler/pool-thread.ts';
import type { ThreadGeneration } from '../../scheduler/thread-generation.ts';
import type { ThreadPool } from '../../scheduler/thread-pool.ts';
import type { CpuGenerations } from './cpu-generations.ts';
import { loadingText } from './loading-text.ts';
import { queueNames } from './server-memory.ts';

/** How long threads that are not to be may take to end, ms. */
const discardGraceMs = 500;

export interface NextGeneration {
  pool: ThreadPool;
  generation: ThreadGeneration;
  queue: string;
  served: readonly ServedRow[];
  loadMs: number;
}

/**
 * `settings` must have the pools. Rejects with what is wrong with the first module that does not load, or with what `stopped`
 * rejects with; then all their threads have ended.
 */
export async function loadNext(
  pools: readonly ThreadPool[],
  settings: Settings,
  cpu: CpuGenerations,
  stopped: Promise<never>,
  nowMs: () => number,
): Promise<NextGeneration[]> {
  const made: { pool: string; generation: ThreadGeneration }[] = [];
  const load = async (pool: ThreadPool): Promise<NextGeneration> => {
    const beganMs = nowMs();
    const poolSettings = settings.pools.find(({ name }) => name === pool.name)!;
    const queue = queueNames(pool.name).find((name) => name !== pool.queue)!;
    const generation = pool.next((number) => cpu.plan(poolSettings, settings, number, queue));
    made.push({ pool: pool.name, generation });
    const served = await generation.spawn();
    await generation.link();
    return { pool, generation, queue, served, loadMs: Math.round(nowMs() - beganMs) };
  };
  try {
    return await Promise.race([Promise.all(pools.map(load)), stopped]);
  } catch (reason) {
    const lost = made.filter(({ generation }) => generation.lostAtStart !== undefined).map(({ pool }) => pool);
    await discard(made.map(({ generation }) => generation));
    throw withModules(reason, lost, settings);
  }
}

/** Of pools that lost a thread: that ended without a word about its modules. */
function withModules(reason: unknown, lost: readonly string[], { services, jobs }: Settings): unknown {
  if (!(reason instanceof HeddleError && reason.code === 'UNAVAILABLE')) return reason;
  const what = loadingText([...services, ...jobs].filter(({ pool }) => lost.includes(pool)));
  if (what === undefined) return reason;
  return new HeddleError(reason.code, `${reason.message}\n${what}`, { retry: reason.retry, cause: reason });
}

/** Those that are loaded are not wanted after all. */
export async function discard(generations: readonly ThreadGeneration[]): Promise<void> {
  await Promise.all(generations.map((generation) => generation.discard(discardGraceMs)));
}
