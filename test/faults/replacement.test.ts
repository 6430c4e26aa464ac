// Threads that die too often, that do not start, and that are replaced while others are busy.

import { setEnvironmentData, type Worker } from 'node:worker_threads';
import test from 'ava';
import { Server } from '../../net/server/server.ts';
import { HeddleError } from '../../runtime/errors.ts';
import { comesToRest, eager, eventually, goingThreads, openFiles, type Rig, settingsOf, startRig } from './rig.ts';
import { Side, Work } from './services/contracts.ts';

const one = `
io: { threads: 1 }
pools: { work: { threads: 1 }, side: { threads: 1 } }
services:
  faults.Work: { module: ./work.ts, pool: work, listen: ["heddle://127.0.0.1:0"] }
  faults.Side: { module: ./side.ts, pool: side, listen: ["heddle://127.0.0.1:0"] }
`;

async function killOnce(rig: Rig, pool: string): Promise<void> {
  await eventually('a thread', () => rig.pool(pool).size > 0);
  const thread = goingThreads(rig.pool(pool))[0]!;
  void thread.worker!.terminate();
  await eventually('its death', () => !goingThreads(rig.pool(pool)).includes(thread));
}

test.serial('a pool whose threads keep dying is down, says so at once, and comes back after the wait', async (t) => {
  await using rig = await startRig(one, {
    restart: { max: 5, windowMs: 30_000, backoffFirstMs: 2_000, backoffMaxMs: 2_000 },
  });
  const work = rig.client(Work, { backoffMaxMs: 100, maxAttempts: 1 });
  const side = rig.client(Side, { backoffMaxMs: 100 });
  for (let deaths = 0; deaths < 5; deaths++) await killOnce(rig, 'work');
  await eventually('the fifth replacement', () => rig.pool('work').size === 1);
  t.false(rig.pool('work').down);
  const running = work.echo({ id: 0, text: '', sleepMs: 30_000 });
  await eventually('it runs', () => rig.server.stats().fibers === 1);
  await killOnce(rig, 'work');
  await t.throwsAsync(running, { code: 'UNAVAILABLE' });
  await eventually('down', () => rig.pool('work').down);
  const startMs = performance.now();
  const error = await t.throwsAsync(work.echo({ id: 1, text: '' }), { instanceOf: HeddleError });
  t.like(error, { code: 'UNAVAILABLE', retry: 'yes' });
  t.regex(error!.message, /^pool work is down: its threads keep dying; the request has not run/);
  t.is((await side.echo({ id: 2, text: 'up' })).text, 'up');
  // A thread that comes while the pool is down knows it too.
  void goingThreads(rig.server.ioPool)[0]!.worker!.terminate();
  await eventually('another IO thread', () => rig.server.ioPool.restarts === 1 && rig.server.ioPool.size === 1);
  if (rig.pool('work').down) {
    const again = await t.throwsAsync(work.echo({ id: 3, text: '' }), { instanceOf: HeddleError });
    t.regex(again!.message, /^pool work is down/);
  }
  await eventually('up again', () => !rig.pool('work').down);
  t.true(performance.now() - startMs > 1_000);
  t.is((await work.echo({ id: 4, text: 'back' })).text, 'back');
  await comesToRest(t, rig.server);
});

test.serial('requests that wait in the queue of a pool that goes down are answered then', async (t) => {
  await using rig = await startRig(one, {
    restart: { max: 0, windowMs: 30_000, backoffFirstMs: 300, backoffMaxMs: 300 },
  });
  const work = rig.client(Work, { maxAttempts: 1 });
  const spinning = work.echo({ id: 0, text: '', spinMs: 20_000 });
  await eventually('it runs', () => rig.server.stats().fibers === 1);
  const waiting = Array.from({ length: 20 }, (_, at) => work.echo({ id: at + 1, text: '' }));
  const outcomes = Promise.allSettled([spinning, ...waiting]);
  await work.raw(Buffer.alloc(8), { timeoutMs: 50 }).catch(() => {});
  void goingThreads(rig.pool('work'))[0]!.worker!.terminate();
  const messages = (await outcomes).map((outcome) => (outcome.status === 'rejected' ? outcome.reason.message : 'ran'));
  t.regex(messages[0]!, /died/);
  t.deepEqual(new Set(messages.slice(1)).size, 1, JSON.stringify(messages));
  t.regex(messages[1]!, /^pool work is down/);
  await comesToRest(t, rig.server);
});

test.serial('a busy thread holds up neither the replacement of another nor its first answers', async (t) => {
  await using rig = await startRig(one, { restart: eager });
  const work = rig.client(Work);
  const side = rig.client(Side, { maxAttempts: 1 });
  const spinning = t.throwsAsync(side.echo({ id: 0, text: '', spinMs: 60_000 }), { code: 'UNAVAILABLE' });
  await eventually('it spins', () => rig.server.stats().fibers === 1);
  await killOnce(rig, 'work');
  t.is((await work.echo({ id: 1, text: 'replaced' })).text, 'replaced');
  // Only now the other thread ends.
  const [busy] = goingThreads(rig.pool('side'));
  rig.pool('side').condemn(busy!.number);
  await spinning;
  await comesToRest(t, rig.server);
});

test.serial('a replacement whose module does not load is tried again, in a fresh thread', async (t) => {
  setEnvironmentData('heddle test loads', new SharedArrayBuffer(4));
  await using rig = await startRig(
    `
io: { threads: 1 }
pools: { work: { threads: 1 } }
services:
  faults.Work: { module: ./fails-second.ts, pool: work, listen: ["heddle://127.0.0.1:0"] }
`,
    { restart: eager },
  );
  const work = rig.client(Work);
  await killOnce(rig, 'work');
  t.is((await work.echo({ id: 1, text: 'third load' })).text, 'third load');
  t.is(rig.pool('work').restarts, 2);
  await comesToRest(t, rig.server);
});

for (const pool of ['{ threads: 1 }', 'io']) {
  test.serial(`a thread that dies while its modules load fails the start with a reason (pool ${pool})`, async (t) => {
    const filesBefore = openFiles();
    const server = new Server(
      settingsOf(`
io: { threads: 1 }
services:
  faults.Work: { module: ./exits-at-load.ts, pool: ${pool}, listen: ["heddle://127.0.0.1:0"] }
`),
    );
    const error = await t.throwsAsync(server.start(), { instanceOf: HeddleError });
    t.like(error, { code: 'UNAVAILABLE' });
    t.regex(error!.message, /^thread .* ended before its modules had loaded/);
    t.true(await server.stop());
    await eventually('no file more', () => openFiles() <= filesBefore);
    t.pass();
  });

  test.serial(`a stop during a start that never ends ends it (pool ${pool})`, async (t) => {
    const server = new Server(
      settingsOf(`
io: { threads: 1 }
stop: { timeout: 300ms }
services:
  faults.Work: { module: ./loops-at-load.ts, pool: ${pool}, listen: ["heddle://127.0.0.1:0"] }
`),
    );
    const started = t.throwsAsync(server.start(), { code: 'CANCELLED' });
    await eventually('a thread', () => [...server.ioPool.threads].length === 1);
    await server.stop();
    await started;
    t.is([...server.ioPool.threads, ...server.cpuPools.flatMap((one) => [...one.threads])].length, 0);
  });
}

test.serial('a thread that dies between its modules and the start of the process fails the start', async (t) => {
  for (const pick of ['ioPool', 'cpuPool'] as const) {
    const server = new Server(settingsOf(one.replace('./side.ts', './loads-late.ts')));
    const started = t.throwsAsync(server.start(), { instanceOf: HeddleError });
    const pool = pick === 'ioPool' ? server.ioPool : server.cpuPools[0]!;
    const thread = await eventually('ready', () => [...pool.threads].find(({ state }) => state === 'ready'));
    void thread!.worker!.terminate();
    const error = await started;
    t.regex(error!.message, /ended (while the process started|before its modules had loaded)/);
    await server.stop();
  }
});

test.serial('a replacement that dies while it is being born is replaced too', async (t) => {
  await using rig = await startRig(one, { restart: eager });
  const work = rig.client(Work);
  let killed = 0;
  const kill = (worker: Worker): void => {
    if (killed === 4) return;
    killed++;
    setTimeout(() => void worker.terminate(), killed * 10);
  };
  process.on('worker', kill);
  t.teardown(() => process.off('worker', kill));
  await killOnce(rig, 'work');
  t.is((await work.echo({ id: 1, text: 'fifth life' }, { timeoutMs: 10_000 })).text, 'fifth life');
  t.is(killed, 4);
  await comesToRest(t, rig.server);
});
