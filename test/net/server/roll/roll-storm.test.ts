// Rolls while threads of all kinds die at random instants: every call is answered, a roll is done or has changed nothing, and
// the process comes to rest.

import test from 'ava';
import { seededRandom } from '../../../../runtime/clock.ts';
import { codesOf, endLoads, startLoad } from '../../../faults/load.ts';
import { allPools, eager, eventually, held } from '../../../faults/rig.ts';
import { Work } from './contracts.ts';
import { oneAttempt, RollRig, yaml } from './rig.ts';

const seed = Number(process.env.HEDDLE_SEED ?? Math.floor(Math.random() * 1_000_000));
const rolls = 4;
const acts = ['nothing', 'call', 'offload', 'call-side'] as const;

test('threads that die in the midst of rolls cost nobody but their own requests', async (t) => {
  t.timeout(300_000);
  t.teardown(endLoads);
  t.log(`HEDDLE_SEED=${seed}`);
  const random = seededRandom(seed);
  const config = yaml().replace('io: { threads: 1 }', 'io: { threads: 2 }');
  await using rig = await RollRig.start(t, config, { restart: eager });
  const { server } = rig;
  const kills = { old: 0, new: 0, other: 0 };
  let reaping = true;
  const reap = async (): Promise<void> => {
    while (reaping) {
      await new Promise((resolve) => setTimeout(resolve, 150 + random() * 500));
      const living = allPools(server).flatMap((pool) => [...pool.threads].map((thread) => ({ pool, thread })));
      const one = living[Math.floor(random() * living.length)]!;
      // Somebody stays to be asked.
      if (one.pool !== rig.pool && one.pool.size < one.pool.inUse.plan.threads) continue;
      if (one.pool.name === 'side') continue;
      if (one.pool !== rig.pool) kills.other++;
      else if (one.thread.generation === one.pool.inUse.number) kills.old++;
      else kills.new++;
      void one.thread.worker?.terminate();
    }
  };
  let least = 1;
  const work = rig.client(Work, { ...oneAttempt, connections: 8 });
  const load = startLoad(12, 1, async (id) => {
    const from = least;
    const reply = await work.answer({ id, act: acts[id % acts.length]!, sleepMs: id % 5 === 0 ? 10 : 0 });
    await new Promise((resolve) => setTimeout(resolve, 15));
    return reply.id === id && reply.version === reply.part && reply.version >= from;
  });
  const reaper = reap();
  let done = 0;
  for (let version = 2; done < rolls; version++) {
    rig.write(version);
    try {
      await rig.roll();
      least = version;
      done++;
    } catch (reason) {
      t.like(reason, { code: 'UNAVAILABLE' });
    }
  }
  reaping = false;
  await reaper;
  await eventually('all threads are there', () => rig.pool.inUse.size === 2 && server.ioPool.size === 2);
  const { good } = load;
  await eventually('answers come', () => load.good > good + 100);
  await load.stop();
  t.log({ kills, good: load.good, failures: Object.fromEntries(load.failures) });
  t.is(load.wrong, 0);
  t.deepEqual(
    codesOf(load).filter((code) => code !== 'UNAVAILABLE'),
    [],
  );
  await eventually('old generations have ended', () => rig.pool.generations.length === 1);
  await eventually('deaths are settled', () => server.supervisor.numbersInUse === 2 + 2 + 1);
  await eventually('nothing is held', () => Object.values(held(server)).every((count) => count === 0)).catch(() => {});
  t.deepEqual(held(server), { blocks: 0, entries: 0, permits: 0, fibers: 0 });
});
