// CPU threads that die: what was running on them is answered at once, all else goes on, nothing is left over.

import test from 'ava';
import { seededRandom } from '../../runtime/clock.ts';
import { HeddleError } from '../../runtime/errors.ts';
import { codesOf, startLoad } from './load.ts';
import { allPools, comesToRest, eager, eventually, goingThreads, openFiles, startRig } from './rig.ts';
import { Front, isTagged, Side, sumOf, taggedBytes, Work } from './services/contracts.ts';
import { runsOf, shareRuns } from './services/runs.ts';

const services = `
io: { threads: 2 }
pools: { work: { threads: 2 }, side: { threads: 1 }, front: { threads: 2 } }
services:
  faults.Work: { module: ./work.ts, pool: work, listen: ["heddle://127.0.0.1:0"] }
  faults.Side: { module: ./side.ts, pool: side, listen: ["heddle://127.0.0.1:0"] }
  faults.Front: { module: ./front.ts, pool: front, listen: ["heddle://127.0.0.1:0"] }
`;

const seed = Number(process.env.HEDDLE_SEED ?? Date.now() % 1_000_000);

test.serial(
  'a thread killed at any instant costs its own requests an UNAVAILABLE, and nobody else anything',
  async (t) => {
    t.log(`HEDDLE_SEED=${seed}`);
    const random = seededRandom(seed);
    const filesBefore = openFiles();
    {
      await using rig = await startRig(services, { restart: eager });
      const { server } = rig;
      const work = rig.client(Work, { connections: 2 });
      const side = rig.client(Side);
      const front = rig.client(Front);
      await Promise.all([
        work.echo({ id: 0, text: 'warm' }),
        side.echo({ id: 1, text: 'warm' }),
        front.relay({ id: 2, text: 'warm' }),
      ]);
      // An IO thread opens a file of its own with its first connection.
      await eventually('4 connections', () => server.stats().connections === 4);
      const filesAtStart = openFiles();
      const text = 'x'.repeat(600);
      const loads = {
        echo: startLoad(16, 1, async (id) => {
          const reply = await work.echo({ id, text: `echo ${id}`, sleepMs: id % 5 === 0 ? 2 : 0 });
          return reply.id === id && reply.text === `echo ${id}`;
        }),
        mirror: startLoad(8, 100_000, async (id) => {
          const reply = await work.mirror({ id, text: `${text}${id}` });
          return reply.id === id && reply.sum === sumOf(`${text}${id}`);
        }),
        raw: startLoad(4, 200_000, async (id) => {
          const length = 8 + Math.floor(random() * 200_000);
          return isTagged(await work.raw(taggedBytes(id, length)), id, length);
        }),
        nested: startLoad(8, 300_000, async (id) => {
          const reply = await front.relay({ id, text: `nested ${id}` });
          return reply.id === id && reply.text === `nested ${id}`;
        }),
      };
      const aside = startLoad(4, 400_000, async (id) => (await side.echo({ id, text: 'aside' })).id === id);
      let kills = 0;
      while (kills < 30) {
        await new Promise((resolve) => setTimeout(resolve, random() * 100));
        const pool = rig.pool(random() < 0.6 ? 'work' : 'front');
        // Now and then also one that only just loads its modules.
        const young = random() < 0.2;
        const living = [...pool.threads].filter(
          ({ worker, state }) => worker !== undefined && (young || state === 'going'),
        );
        const victim = living[Math.floor(random() * living.length)];
        if (victim === undefined) continue;
        void victim.worker!.terminate();
        kills++;
      }
      await comesBack(rig.pool('work'), rig.pool('front'));
      const goodBefore = loads.echo.good;
      await eventually('answers after the last death', () => loads.echo.good > goodBefore + 100);
      for (const load of [...Object.values(loads), aside]) await load.stop();
      for (const [name, load] of Object.entries(loads)) {
        t.is(load.wrong, 0, name);
        t.true(load.good > 0, name);
        t.deepEqual(
          codesOf(load).filter((code) => code !== 'UNAVAILABLE'),
          [],
          `${name}: ${JSON.stringify([...load.failures])}`,
        );
      }
      t.deepEqual([...aside.failures], []);
      t.is(aside.wrong, 0);
      await comesToRest(t, server);
      t.is(allPools(server).reduce((sum, pool) => sum + pool.restarts, 0) >= kills / 2, true);
      await eventually('no file more than before the deaths', () => openFiles() <= filesAtStart).catch(() => {});
      t.true(openFiles() <= filesAtStart, `${openFiles()} files, ${filesAtStart} before`);
    }
    await eventually('no file more than before the server', () => openFiles() <= filesBefore).catch(() => {});
    t.true(openFiles() <= filesBefore, `${openFiles()} files, ${filesBefore} before the server`);
  },
);

for (const how of ['exit', 'throw', 'reject', 'heap', 'loop'] as const) {
  test.serial(
    `a handler that takes its thread along by ${how} fails what ran there, and the thread is replaced`,
    async (t) => {
      await using rig = await startRig(
        `
io: { threads: 1 }
pools: { work: { threads: 1, memory: 48MiB }, side: { threads: 1 } }
services:
  faults.Work: { module: ./work.ts, pool: work, listen: ["heddle://127.0.0.1:0"] }
  faults.Side: { module: ./side.ts, pool: side, listen: ["heddle://127.0.0.1:0"] }
`,
        { restart: eager },
      );
      const work = rig.client(Work, { maxAttempts: 1 });
      const side = rig.client(Side);
      const [before] = goingThreads(rig.pool('work'));
      const beside = Array.from({ length: 8 }, (_, id) => work.echo({ id, text: 'beside', sleepMs: 30_000 }));
      await eventually('8 fibers', () => rig.server.stats().fibers === 8);
      const doomed = work.doom({ how });
      if (how === 'loop') {
        await eventually('the loop', () => rig.server.stats().fibers === 9);
        rig.pool('work').condemn(before!.number);
      }
      for (const call of [...beside, doomed]) {
        const error = await t.throwsAsync(call, { instanceOf: HeddleError });
        t.like(error, { code: 'UNAVAILABLE', retry: 'if-idempotent' });
        t.regex(error!.message, /thread that ran this request died/);
      }
      t.is((await side.echo({ id: 1, text: 'untouched' })).text, 'untouched');
      t.is((await work.echo({ id: 2, text: 'replaced' })).text, 'replaced');
      await comesToRest(t, rig.server);
      // One that fills its heap slowly may be replaced for it before it dies: then that is no restart.
      t.is(rig.pool('work').restarts + rig.server.poolCounters.get(1, 'retired'), 1);
    },
  );
}

test.serial('requests that wait when the only thread dies are run by its replacement', async (t) => {
  await using rig = await startRig(
    `
io: { threads: 1 }
pools: { work: { threads: 1, maxFibers: 1 } }
services:
  faults.Work: { module: ./work.ts, pool: work, listen: ["heddle://127.0.0.1:0"] }
`,
  );
  const work = rig.client(Work, { maxAttempts: 1 });
  const running = work.echo({ id: 0, text: 'runs', sleepMs: 30_000 });
  await eventually('it runs', () => rig.server.stats().fibers === 1);
  const waiting = Array.from({ length: 50 }, (_, at) => work.echo({ id: at + 1, text: `waits ${at + 1}` }));
  await work.mirror({ id: 99, text: '' }, { timeoutMs: 50 }).catch(() => {});
  void goingThreads(rig.pool('work'))[0]!.worker!.terminate();
  await t.throwsAsync(running, { code: 'UNAVAILABLE' });
  const replies = await Promise.all(waiting);
  t.deepEqual(
    replies.map(({ id, text }) => `${id} ${text}`),
    replies.map((_, at) => `${at + 1} waits ${at + 1}`),
  );
  await comesToRest(t, rig.server);
});

test.serial('a condemned thread that takes long to die has its callers answered at once', async (t) => {
  shareRuns();
  await using rig = await startRig(
    `
io: { threads: 1 }
pools: { work: { threads: 1 }, side: { threads: 1 } }
services:
  faults.Work: { module: ./work.ts, pool: work, listen: ["heddle://127.0.0.1:0"] }
  faults.Side: { module: ./side.ts, pool: side, listen: ["heddle://127.0.0.1:0"] }
`,
    { restart: eager },
  );
  const work = rig.client(Work, { maxAttempts: 1 });
  const doomId = 100;
  const [stuck] = goingThreads(rig.pool('work'));
  const calls = [...Array.from({ length: 8 }, (_, id) => work.echo({ id, text: '', sleepMs: 30_000 }))];
  await eventually('8 fibers', () => rig.server.stats().fibers === 8);
  calls.push(work.doom({ how: 'pbkdf2', id: doomId }).then(() => work.echo({ id: 9, text: '' })));
  await eventually('the ninth', () => runsOf(doomId).began === 1);
  // Nothing tells that native code has begun; before it, the thread would die at once.
  const beganMs = performance.now();
  await eventually('it computes', () => performance.now() - beganMs > 100);
  let exitedMs = Number.POSITIVE_INFINITY;
  void stuck!.spawned.exited.then(() => {
    exitedMs = performance.now();
  });
  const startMs = performance.now();
  rig.pool('work').condemn(stuck!.number);
  for (const call of calls) t.is((await t.throwsAsync(call, { instanceOf: HeddleError }))?.code, 'UNAVAILABLE');
  const answeredMs = performance.now() - startMs;
  t.log(`answered after ${answeredMs.toFixed(1)} ms`);
  t.is(exitedMs, Number.POSITIVE_INFINITY, 'the thread still lived when its callers had their answers');
  t.true(answeredMs < 500, `${answeredMs} ms`);
  await eventually('its end', () => exitedMs < Number.POSITIVE_INFINITY, 60_000);
  t.log(`dead after ${(exitedMs - startMs).toFixed(0)} ms`);
  t.is((await work.echo({ id: 1, text: 'replaced' })).text, 'replaced');
  await comesToRest(t, rig.server);
});

async function comesBack(...pools: { readonly size: number; readonly threads: Iterable<unknown> }[]): Promise<void> {
  for (const pool of pools)
    await eventually('the pool is whole again', () => pool.size === [...pool.threads].length && pool.size === 2);
}
