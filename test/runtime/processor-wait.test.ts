// processorWait: how long a thread has waited for a processor.

import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { processorWait } from '../../runtime/processor-wait.ts';

test('it is 0 or more, and never goes back', (t) => {
  const wait = processorWait();
  let lastMs = 0;
  for (let count = 0; count < 1_000; count++) {
    const nowMs = wait();
    t.true(nowMs >= lastMs && Number.isFinite(nowMs));
    lastMs = nowMs;
  }
});

test('a thread that shares its processor waits, and what it waited is told in ms', async (t) => {
  if (!existsSync('/proc/thread-self/schedstat')) {
    t.is(processorWait()(), 0);
    return;
  }
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const busy = `const { workerData } = require('node:worker_threads'); require('node:worker_threads').parentPort.postMessage(0);
    while (Atomics.load(workerData, 0) === 0);`;
  const workers = Array.from(
    { length: 2 * availableParallelism() },
    () => new Worker(busy, { eval: true, workerData: stop }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const wait = processorWait();
  const [startMs, waitedMs] = [performance.now(), wait()];
  const cpu = process.threadCpuUsage();
  // Until it has lost as much as a slice or two of the scheduler's.
  while (performance.now() - startMs < 20_000 && wait() - waitedMs < 20);
  const { user, system } = process.threadCpuUsage(cpu);
  const tookMs = performance.now() - startMs;
  const lostMs = wait() - waitedMs;
  Atomics.store(stop, 0, 1);
  await Promise.all(workers.map((worker) => once(worker, 'exit')));
  t.true(lostMs >= 20, `${lostMs}`);
  t.true(lostMs <= tookMs, `${lostMs} of ${tookMs}`);
  t.true(lostMs + (user + system) / 1_000 <= tookMs + 10, `${lostMs}, ${user + system}, ${tookMs}`);
});
