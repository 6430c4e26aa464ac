// ThreadPool: a thread that never says that it is ready, with real Workers.

import { Worker } from 'node:worker_threads';
import test from 'ava';
import { systemClock } from '../../runtime/clock.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { CounterTable, poolCounters } from '../../runtime/shared/counters.ts';
import { RunQueue } from '../../runtime/shared/run-queue.ts';
import type { Spawner } from '../../scheduler/pool-thread.ts';
import { Supervisor } from '../../scheduler/supervisor.ts';
import { ThreadPool } from '../../scheduler/thread-pool.ts';

/** Lives until it is ended, and says nothing. */
const spawnSilent: Spawner = () => {
  const worker = new Worker('setInterval(() => {}, 1e6)', { eval: true });
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  return { worker: () => worker, exited, failure: () => undefined, endAlone: () => {} };
};

test('a thread that does not load in time fails the start with its name, and a stop ends it', async (t) => {
  const queue = { name: 'work', memory: RunQueue.allocate(2), capacity: 2, calls: false };
  const pool = new ThreadPool({
    name: 'work',
    threads: 1,
    takes: () => ['work'],
    threadName: (place) => `work-${place + 1}`,
    supervisor: new Supervisor({ pools: [queue], services: 1, tableEntries: 64, arenaBytes: 65_536 }),
    spawn: spawnSilent,
    maxRequests: 64,
    spinMs: 0,
    clock: systemClock,
    log: silentLogger,
    counts: { table: new CounterTable(poolCounters, 1), row: 0 },
    startTimeoutMs: 20,
  });
  const error = await t.throwsAsync(pool.spawn(), { message: /modules of thread work-1 did not load within 20ms/ });
  t.like(error, { code: 'UNAVAILABLE' });
  t.is(pool.lostAtStart, 'work-1');
  await pool.stop(1);
  t.is([...pool.threads].length, 0);
});
