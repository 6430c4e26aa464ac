// Threads past the memory of their pool are replaced, and no request fails.

import test from 'ava';
import { board as boardWord } from '../../runtime/shared/layout.ts';
import { codesOf, startLoad } from './load.ts';
import { LogLines } from './log-lines.ts';
import { comesToRest, eager, eventually, goingThreads, type Rig, startRig } from './rig.ts';
import { Guarded } from './services/guarded-contract.ts';

const memoryBytes = 64 * 1_048_576;
const services = (log: LogLines) => `
io: { threads: 1 }
pools: { guarded: { threads: 2, memory: ${memoryBytes / 1_048_576}MiB } }
services:
  faults.Guarded: { module: ./guarded.ts, pool: guarded, listen: ["heddle://127.0.0.1:0"] }
${log.yaml}
`;

/** Whether a thread has more than the pool's memory by a little, so that garbage of its requests makes no difference. */
async function isPast(rig: Rig): Promise<boolean> {
  const used = goingThreads(rig.pool('guarded')).map(async ({ worker }) => {
    const { used_heap_size: heap, external_memory: buffers } = await worker!.getHeapStatistics();
    return heap + buffers > 1.1 * memoryBytes;
  });
  return (await Promise.all(used)).includes(true);
}

for (const [what, growth] of [
  ['heap', { heap: 6_000_000 }],
  ['buffers', { buffers: 12_000_000 }],
] as const) {
  test.serial(`a thread whose ${what} grow past its pool's memory is drained and replaced`, async (t) => {
    const log = new LogLines();
    await using rig = await startRig(services(log), { restart: eager });
    const guarded = rig.client(Guarded, { maxAttempts: 1 });
    await guarded.echo({ id: 0 });
    const before = goingThreads(rig.pool('guarded')).map(({ number }) => number);
    const load = startLoad(8, 1, async (id) => (await guarded.echo({ id })).id === id);
    const slow = startLoad(4, 1, async () => (await guarded.sleep({ ms: 200 })).thread > 0);
    // No further: V8's hard limit, at twice of that, would come before a replacement that is slow to be born.
    while (!(await isPast(rig))) await guarded.grow(growth);
    await eventually('its line', () => log.find(/past the memory/));
    await eventually('a thread is replaced', () => rig.server.poolCounters.get(1, 'retired') > 0);
    await eventually('the old one has ended', () => {
      const now = [...rig.pool('guarded').threads].map(({ number }) => number);
      return now.length === 2 && before.some((number) => !now.includes(number));
    });
    await load.stop();
    await slow.stop();
    t.deepEqual(codesOf(load), []);
    t.deepEqual(codesOf(slow), []);
    t.is(load.wrong, 0);
    t.is(rig.server.poolCounters.get(1, 'death-out-of-memory'), 0);
    t.is(rig.pool('guarded').restarts, 0, 'nothing died');
    await comesToRest(t, rig.server);
  });
}

test.serial('two threads past it at once are both replaced, though both still finish long requests', async (t) => {
  const log = new LogLines();
  await using rig = await startRig(services(log), { restart: eager });
  const { board } = rig.server.supervisor;
  const guarded = rig.client(Guarded, { maxAttempts: 1 });
  const old = goingThreads(rig.pool('guarded'));
  const end = new AbortController();
  const long: Promise<unknown>[] = [];
  while (old.some(({ number }) => board.gauge(number, boardWord.fibers) === 0)) {
    long.push(guarded.sleep({ ms: 120_000 }, { signal: end.signal }));
    await guarded.echo({ id: 0 });
  }
  const outcomes = Promise.allSettled(long);
  // Far past the limit: neither waits for a second sample, nor for a rest between the two.
  const grown = new Map<number, number>();
  const buffers = 16 << 20;
  while (grown.size < 2 || Math.min(...grown.values()) < 100 << 20) {
    for (const { thread } of await Promise.all([1, 2, 3, 4].map(() => guarded.grow({ buffers })))) {
      grown.set(thread, (grown.get(thread) ?? 0) + buffers);
    }
  }
  await eventually('both retire', () => old.every(({ state }) => state === 'retiring'));
  await eventually('both are replaced', () => rig.pool('guarded').size === 2);
  t.is((await guarded.echo({ id: 1 })).id, 1);
  t.is(rig.server.stats().fibers, long.length, 'none of the long ones has ended');
  end.abort();
  for (const outcome of await outcomes) t.like(outcome, { reason: { code: 'CANCELLED' } });
  await eventually('the old have ended', () => old.every(({ state }) => state === 'dead'));
  t.is(rig.pool('guarded').restarts, 0, 'nothing died');
  await comesToRest(t, rig.server);
});

test.serial('a replacement that dies before it serves leaves the old thread at work', async (t) => {
  const log = new LogLines();
  await using rig = await startRig(services(log), { restart: eager });
  const pool = rig.pool('guarded');
  const [old] = goingThreads(pool);
  const replaced = pool.replace(old!.number);
  const young = await eventually('its birth', () =>
    [...pool.threads].find(({ state, worker }) => state === 'starting' && worker !== undefined),
  );
  void young!.worker!.terminate();
  t.false(await replaced);
  t.is(old!.state, 'going');
  await eventually('two threads', () => pool.size === 2);
  t.true(await pool.replace(old!.number));
  await eventually('the old one gone', () => pool.thread(old!.number) !== old);
  await comesToRest(t, rig.server);
});
