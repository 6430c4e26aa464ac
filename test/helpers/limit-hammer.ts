// A worker thread that takes from a process-wide limit as fast as it can, on a clock in shared memory. The one with
// `movesClock` takes at each instant until it is refused, and moves the clock on then; the others until the clock is over.

import { parentPort, workerData } from 'node:worker_threads';
import { CountLimit, RateLimit } from '../../runtime/shared/process-limits.ts';

export interface HammerPlan {
  limit: { count: number; gapMs: number } | { perSecond: number; burst: number };
  cells: SharedArrayBuffer;
  /** Milliseconds; threads that are ready. */
  clock: SharedArrayBuffer;
  threads: number;
  lastMs: number;
  movesClock: boolean;
}

const { limit: options, cells, clock, threads, lastMs, movesClock } = workerData as HammerPlan;
const limit = 'count' in options ? new CountLimit(cells, 0, options) : new RateLimit(cells, 0, options);
const words = new Int32Array(clock);
let granted = 0;

Atomics.add(words, 1, 1);
while (Atomics.load(words, 1) < threads);
for (;;) {
  const nowMs = Atomics.load(words, 0);
  if (nowMs > lastMs) break;
  if (limit.take(nowMs)) granted++;
  else if (movesClock) Atomics.store(words, 0, nowMs + 1);
}
parentPort!.postMessage(granted);
