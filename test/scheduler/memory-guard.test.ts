// MemoryGuard: limits that change while threads are looked at, with a clock that the test moves and a thread that it plays.

import test from 'ava';
import { silentLogger } from '../../runtime/logger.ts';
import { MemoryGuard } from '../../scheduler/memory-guard.ts';
import type { ThreadPool } from '../../scheduler/thread-pool.ts';
import { VirtualClock } from '../helpers/virtual-clock.ts';

test('a limit that comes, changes and goes holds from then on', async (t) => {
  const clock = new VirtualClock(1_000);
  let replaced = 0;
  const worker = { getHeapStatistics: () => Promise.resolve({ used_heap_size: 100, external_memory: 0 }) };
  const thread = { number: 1, name: 'work-1', state: 'going', worker };
  const replace = () => Promise.resolve(++replaced > 0);
  const pool = { name: 'work', threads: [thread], replace } as unknown as ThreadPool;
  const guard = new MemoryGuard([{ pool }], clock, silentLogger);
  const change = (memoryBytes: number | undefined) => guard.change(new Map([['work', { memoryBytes }]]));
  const passes = async () => {
    replaced = 0;
    await clock.advance(10_000);
    return replaced;
  };
  change(99);
  t.is(await passes(), 0, 'it has not started');
  change(undefined);
  guard.start();
  t.is(await passes(), 0);
  change(99);
  t.true((await passes()) > 0);
  change(101);
  t.is(await passes(), 0);
  change(50);
  t.true((await passes()) > 0);
  change(undefined);
  t.is(await passes(), 0);
  change(50);
  guard.stop();
  t.is(await passes(), 0);
});
