// Threads that die under clients with defaults: callers of idempotent methods see no error, from outside the process and
// from another pool of it; and backends that hang or are gone, called from fibers.

import test from 'ava';
import { seededRandom } from '../../runtime/clock.ts';
import { startLoad } from './load.ts';
import { comesToRest, eager, eventually, goingThreads, type Rig, startRig } from './rig.ts';
import { Front, Work } from './services/contracts.ts';

const seed = Number(process.env.HEDDLE_SEED ?? Date.now() % 1_000_000);

const services = `
io: { threads: 2 }
pools: { work: { threads: 2 }, front: { threads: 1 } }
services:
  faults.Work: { module: ./work.ts, pool: work, listen: ["heddle://127.0.0.1:0"] }
  faults.Front: { module: ./front.ts, pool: front, listen: ["heddle://127.0.0.1:0"] }
`;

/** Kills `deaths` CPU threads of pool `work`, one after another, each once the pool is whole and has answered again. */
async function killUnderLoad(rig: Rig, deaths: number, answered: () => number, random: () => number): Promise<void> {
  for (let death = 0; death < deaths; death++) {
    const before = answered();
    await eventually('the pool is whole', () => goingThreads(rig.pool('work')).length === 2);
    await eventually('answers', () => answered() > before + 100);
    await new Promise((resolve) => setTimeout(resolve, random() * 20));
    const living = goingThreads(rig.pool('work'));
    void living[Math.floor(random() * living.length)]?.worker?.terminate();
  }
}

test.serial('a client with defaults sees no error of an idempotent method when CPU threads die', async (t) => {
  t.timeout(120_000);
  t.log(`HEDDLE_SEED=${seed}`);
  const random = seededRandom(seed);
  await using rig = await startRig(services, { restart: eager });
  const work = rig.client(Work, { connections: 2 });
  const load = startLoad(24, 1, async (id) => {
    const reply = await work.echo({ id, text: `echo ${id}`, sleepMs: id % 3 });
    return reply.id === id && reply.text === `echo ${id}`;
  });
  await killUnderLoad(rig, 4, () => load.good, random);
  const goodBefore = load.good;
  await eventually('answers after the last death', () => load.good > goodBefore + 100);
  await load.stop();
  t.true(rig.pool('work').restarts >= 3, 'threads did die');
  t.deepEqual([...load.failures], []);
  t.is(load.wrong, 0);
  await comesToRest(t, rig.server);
});

test.serial('nor when IO threads die, and its connections with them', async (t) => {
  t.timeout(120_000);
  await using rig = await startRig(services, { restart: eager });
  const work = rig.client(Work, { connections: 4, backoffMaxMs: 50 });
  const load = startLoad(24, 1, async (id) => {
    const reply = await work.echo({ id, text: `echo ${id}`, sleepMs: id % 3 });
    return reply.id === id && reply.text === `echo ${id}`;
  });
  for (let death = 0; death < 3; death++) {
    const before = load.good;
    await eventually('two IO threads', () => goingThreads(rig.server.ioPool).length === 2);
    await eventually('answers', () => load.good > before + 100);
    void goingThreads(rig.server.ioPool)[0]!.worker!.terminate();
    await eventually('its death', () => rig.server.ioPool.restarts === death + 1);
  }
  const goodBefore = load.good;
  await eventually('answers after the last death', () => load.good > goodBefore + 100);
  await load.stop();
  t.deepEqual([...load.failures], []);
  t.is(load.wrong, 0);
  await comesToRest(t, rig.server);
});

test.serial('nor does a fiber that calls another pool, nor its caller', async (t) => {
  t.timeout(120_000);
  t.log(`HEDDLE_SEED=${seed}`);
  const random = seededRandom(seed);
  await using rig = await startRig(services, { restart: eager });
  // Its method is not idempotent: any failure inside would reach it.
  const front = rig.client(Front, { maxAttempts: 1 });
  const load = startLoad(24, 1, async (id) => {
    const reply = await front.relay({ id, text: `nested ${id}`, sleepMs: id % 3 });
    return reply.id === id && reply.text === `nested ${id}`;
  });
  await killUnderLoad(rig, 4, () => load.good, random);
  const goodBefore = load.good;
  await eventually('answers after the last death', () => load.good > goodBefore + 100);
  await load.stop();
  t.deepEqual([...load.failures], []);
  t.is(load.wrong, 0);
  await comesToRest(t, rig.server);
});

for (const via of ['io', 'caller']) {
  test.serial(`a fiber's call passes over a backend that hangs and one that dies (via ${via})`, async (t) => {
    t.timeout(120_000);
    const behind = `
io: { threads: 1 }
pools: { work: { threads: 1 } }
services:
  faults.Work: { module: ./work.ts, pool: work, listen: ["heddle://127.0.0.1:0"] }
`;
    await using hung = await startRig(behind, { restart: eager });
    await using dying = await startRig(behind, { restart: eager });
    await using good = await startRig(behind, { restart: eager });
    const ports = [hung, dying, good].map((rig) => `127.0.0.1:${rig.port('heddle')}`).join(',');
    await using before = await startRig(`
io: { threads: 1 }
pools: { front: { threads: 1 } }
services:
  faults.Front: { module: ./front.ts, pool: front, listen: ["heddle://127.0.0.1:0"] }
clients:
  faults.Work: { target: "heddle://${ports}", attemptTimeout: 300ms, via: ${via} }
`);
    const front = before.client(Front, { maxAttempts: 1 });
    const load = startLoad(4, 1, async (id) => {
      const reply = await front.relay({ id, text: `passed over ${id}` });
      return reply.id === id && reply.text === `passed over ${id}`;
    });
    await eventually('answers', () => load.good > 50);
    // Its IO thread answers pings and takes requests; nothing runs them.
    const doomed = hung.client(Work, { maxAttempts: 1 });
    const looping = doomed.doom({ how: 'loop' }).catch(() => {});
    const answeredBefore = load.good;
    await eventually('answers', () => load.good > answeredBefore + 50);
    void goingThreads(dying.pool('work'))[0]!.worker!.terminate();
    const answered = load.good;
    await eventually('answers', () => load.good > answered + 50);
    await load.stop();
    t.deepEqual([...load.failures], []);
    t.is(load.wrong, 0);
    // Unless the watchdog was faster.
    for (const { number } of goingThreads(hung.pool('work'))) hung.pool('work').condemn(number);
    await looping;
    await comesToRest(t, before.server);
    await comesToRest(t, dying.server);
  });
}
