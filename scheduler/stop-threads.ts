// stopThreads (main thread): tells threads to end, and sees to it that they do.

import type { Clock } from '../runtime/clock.ts';
import type { ToThread } from '../runtime/thread-control.ts';
import type { PoolThread } from './pool-thread.ts';

/**
 * Resolves when they have stopped; one that does not within `graceMs` is terminated, and one that was not even born by
 * then is left to its spawner.
 */
export async function stopThreads(threads: readonly PoolThread[], graceMs: number, clock: Clock): Promise<void> {
  for (const thread of threads) {
    if (thread.state === 'dead') continue;
    thread.state = 'stopping';
    thread.control.postMessage({ type: 'stop' } satisfies ToThread);
  }
  const unborn = Promise.withResolvers<void>();
  const timer = clock.setTimer(graceMs, () => {
    for (const thread of threads) if (!isDead(thread)) void thread.worker?.terminate();
    unborn.resolve();
  });
  await Promise.all(
    threads.map((thread) =>
      Promise.race([
        thread.spawned.exited,
        unborn.promise.then(() => (thread.worker === undefined ? undefined : thread.spawned.exited)),
      ]),
    ),
  );
  clock.clearTimer(timer);
}

function isDead({ state }: PoolThread): boolean {
  return state === 'dead';
}
