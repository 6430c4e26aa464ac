// PoolQueue: a pool as its askers see it: the run queue and who takes from it now.

import type { QueueCensus } from './queue-census.ts';
import type { RunQueue } from './run-queue.ts';

/** Why nobody takes from a queue: its threads died too often, or its generation ends with what it runs. */
export type PoolDown = 'deaths' | 'left';

export interface PoolQueue {
  readonly name: string;
  /** Of the pool, for people. */
  readonly pool: string;
  readonly queue: RunQueue;
  /** An IO thread's queue of outgoing calls, which it takes whatever its fibers do. */
  readonly calls: boolean;
  /** Numbers of the living threads that take from it. */
  members: number[];
  /** Nobody takes from it: nothing is put until main says that it is up again. */
  down: PoolDown | false;
  /** Made when the share of a service is first asked for. */
  census: QueueCensus | undefined;
}

export function poolQueue(name: string, queue: RunQueue, calls = false, pool = name): PoolQueue {
  return { name, pool, queue, calls, members: [], down: false, census: undefined };
}
