// What shared memory a process needs for its settings: the run queues of its pools and the arenas of its threads. Main
// thread, before any thread is spawned.

import type { BindingSettings, Settings } from '../../runtime/settings.ts';
import { RunQueue } from '../../runtime/shared/run-queue.ts';
import type { PoolMemory } from '../../runtime/thread-control.ts';
import { callQueueName } from '../thread/thread-carrier.ts';

/** Shared memory per asking thread for bodies over 256 bytes; more when one frame may be large. */
const arenaBytesMin = 64 * 1_048_576;
/** Frames of the largest size that an arena holds at least. */
const arenaFrames = 4;

/** The two run queues of a CPU pool: one of the generation in use, the other of the next, and of the one before. */
export function queueNames(pool: string): readonly [string, string] {
  return [pool, `${pool}#2`];
}

/**
 * The run queues of a process: two for each CPU pool, one for pool `io`, one for each IO thread's outgoing calls. Memory
 * that nobody has touched costs nothing.
 */
export function poolMemories(settings: Settings): PoolMemory[] {
  const queue = (name: string, length: number, calls: boolean, pool = name): PoolMemory => {
    const capacity = 2 ** Math.ceil(Math.log2(length));
    return { name, pool, memory: RunQueue.allocate(capacity), capacity, calls };
  };
  const { io, pools } = settings;
  return [
    queue('io', io.queueLength, false),
    ...Array.from({ length: io.threads }, (_, place) => queue(callQueueName(place), io.queueLength, true)),
    ...pools.flatMap((pool) => queueNames(pool.name).map((name) => queue(name, pool.queueLength, false, pool.name))),
  ];
}

/** For one asking thread. */
export function arenaBytesFor(settings: Settings, bindings: readonly BindingSettings[]): number {
  const frames = [...bindings, ...settings.clients].map(({ frameBytes }) => frameBytes);
  const largest = Math.max(0, ...frames);
  return Math.max(arenaBytesMin, 2 ** Math.ceil(Math.log2(Math.max(1, largest * arenaFrames))));
}
