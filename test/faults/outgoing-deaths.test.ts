// Threads that die with calls to another process under way: on the side that calls, on the side that answers.

import test from 'ava';
import { seededRandom } from '../../runtime/clock.ts';
import { codesOf, startLoad } from './load.ts';
import { allPools, comesToRest, eager, eventually, goingThreads, type Rig, startRig } from './rig.ts';
import { Front } from './services/contracts.ts';

const seed = Number(process.env.HEDDLE_SEED ?? Date.now() % 1_000_000);

const backend = `
io: { threads: 2 }
pools: { work: { threads: 2 } }
services:
  faults.Work: { module: ./work.ts, pool: work, listen: ["heddle://127.0.0.1:0"] }
`;

const caller = (port: number) => `
io: { threads: 2 }
pools: { front: { threads: 2 } }
services:
  faults.Front: { module: ./front.ts, pool: front, listen: ["heddle://127.0.0.1:0"] }
clients:
  faults.Work: { target: "heddle://127.0.0.1:${port}" }
`;

function killOne(rig: Rig, random: () => number): void {
  const pools = allPools(rig.server);
  const living = goingThreads(pools[Math.floor(random() * pools.length)]!);
  void living[Math.floor(random() * living.length)]?.worker?.terminate();
}

test.serial('threads that die on either side of a call leave nothing behind on either', async (t) => {
  t.log(`HEDDLE_SEED=${seed}`);
  const random = seededRandom(seed);
  const behind = await startRig(backend, { restart: eager });
  const before = await startRig(caller(behind.port('heddle')), { restart: eager });
  const front = before.client(Front, { connections: 4, backoffMaxMs: 100 });
  const load = startLoad(32, 1, async (id) => {
    const text = `relayed ${id} ${'x'.repeat((id % 7) * 300)}`;
    const reply = await front.relay({ id, text, sleepMs: id % 4 });
    return reply.id === id && reply.text === text;
  });
  await eventually('load', () => load.good > 100);
  for (let kills = 0; kills < 24; kills++) {
    await new Promise((resolve) => setTimeout(resolve, random() * 150));
    killOne(kills % 3 === 0 ? behind : before, random);
  }
  const goodBefore = load.good;
  await eventually('answers after the last death', () => load.good > goodBefore + 200);
  await load.stop();
  t.is(load.wrong, 0);
  t.deepEqual(
    codesOf(load).filter((code) => code !== 'UNAVAILABLE'),
    [],
    JSON.stringify([...load.failures]),
  );
  await comesToRest(t, before.server);
  await comesToRest(t, behind.server);
  await front.close();
  t.true(await before.server.stop(), 'no outgoing call is left');
  t.true(await behind.server.stop());
});

test.serial('what runs elsewhere for a call through an IO thread that dies is stopped there', async (t) => {
  await using behind = await startRig(backend);
  await using before = await startRig(caller(behind.port('heddle')).replaceAll('threads: 2', 'threads: 1'), {
    restart: eager,
  });
  const front = before.client(Front, { backoffMaxMs: 50 });
  const call = front.relay({ id: 1, text: 'slow', sleepMs: 20_000 });
  const outcome = t.throwsAsync(call, { code: 'UNAVAILABLE' });
  await eventually('it runs behind', () => behind.server.stats().fibers === 1);
  void goingThreads(before.server.ioPool)[0]!.worker!.terminate();
  await outcome;
  await eventually('it stops behind', () => behind.server.stats().fibers === 0);
  await eventually('and before', () => before.server.stats().fibers === 0);
  const again = startLoad(1, 2, async (id) => (await front.relay({ id, text: 'again' })).id === id);
  await eventually('calls are answered again', () => again.good > 0);
  await again.stop();
  await comesToRest(t, before.server);
});
