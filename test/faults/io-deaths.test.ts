// IO threads that die: their connections close, their requests stop, their clients go on over the others.

import test from 'ava';
import { seededRandom } from '../../runtime/clock.ts';
import { board as boardWord } from '../../runtime/shared/layout.ts';
import type { PoolThread } from '../../scheduler/pool-thread.ts';
import { codesOf, startLoad } from './load.ts';
import { comesToRest, eager, eventually, goingThreads, openFiles, startRig } from './rig.ts';
import { Inline, isTagged, taggedBytes, Work } from './services/contracts.ts';
import { runsOf, shareRuns } from './services/runs.ts';

const services = `
io: { threads: 3 }
pools: { work: { threads: 2 } }
services:
  faults.Work: { module: ./work.ts, pool: work, listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"] }
  faults.Inline: { module: ./inline.ts, pool: io, listen: ["heddle://127.0.0.1:0"] }
`;

const seed = Number(process.env.HEDDLE_SEED ?? Date.now() % 1_000_000);

test.serial('IO threads killed under load give nobody a foreign answer and leave nothing behind', async (t) => {
  t.log(`HEDDLE_SEED=${seed}`);
  const random = seededRandom(seed);
  const filesBefore = openFiles();
  {
    await using rig = await startRig(services, { restart: eager });
    const { server } = rig;
    const work = rig.client(Work, { connections: 6, backoffMaxMs: 100 });
    const inline = rig.client(Inline, { connections: 3, backoffMaxMs: 100 });
    const http = `http://127.0.0.1:${rig.port('http')}/faults.Work/echo?text=http&id=`;
    await work.echo({ id: 0, text: 'warm' });
    const loads = {
      echo: startLoad(16, 1, async (id) => {
        const reply = await work.echo({ id, text: `echo ${id}`, sleepMs: id % 3 });
        return reply.id === id && reply.text === `echo ${id}`;
      }),
      raw: startLoad(4, 100_000, async (id) => {
        const length = 8 + Math.floor(random() * 200_000);
        return isTagged(await work.raw(taggedBytes(id, length)), id, length);
      }),
      inline: startLoad(8, 200_000, async (id) => {
        const reply = await inline.echo({ id, text: `inline ${id}`, sleepMs: id % 3 });
        return reply.id === id && reply.text === `inline ${id}`;
      }),
      http: startLoad(4, 300_000, async (id) => {
        const response = await fetch(`${http}${id}`, { headers: { connection: 'close' } }).catch(lostConnection);
        const reply = (await response?.json().catch(lostConnection)) as { id: number } | undefined;
        return response === undefined || reply === undefined || reply.id === id;
      }),
    };
    const killed = new Set<PoolThread>();
    for (let kills = 0; kills < 15; kills++) {
      await new Promise((resolve) => setTimeout(resolve, random() * 200));
      await eventually(
        'two IO threads',
        () => goingThreads(server.ioPool).filter((one) => !killed.has(one)).length >= 2,
      );
      const living = goingThreads(server.ioPool).filter((thread) => !killed.has(thread));
      const victim = living[Math.floor(random() * living.length)]!;
      killed.add(victim);
      void victim.worker!.terminate();
    }
    await eventually('three IO threads', () => server.ioPool.size === 3);
    const goodBefore = loads.echo.good;
    await eventually('answers after the last death', () => loads.echo.good > goodBefore + 100);
    for (const load of Object.values(loads)) await load.stop();
    for (const [name, load] of Object.entries(loads)) {
      t.is(load.wrong, 0, name);
      t.true(load.good > 0, name);
      const others = codesOf(load).filter((code) => code !== 'UNAVAILABLE');
      t.deepEqual(others, [], `${name}: ${JSON.stringify([...load.failures])}`);
    }
    await comesToRest(t, server);
    await eventually('9 connections', () => server.stats().connections === 9);
    t.is(server.ioPool.restarts, 15);
    const good = Object.values(loads).reduce((sum, load) => sum + load.good, 0);
    // Each thread writes its counts once a turn: what it counted in its last turn dies with it.
    t.true(server.supervisor.count(boardWord.answered) > good / 2, 'what the dead had counted is not forgotten');
  }
  await eventually('no file more than before the server', () => openFiles() <= filesBefore).catch(() => {});
  t.true(openFiles() <= filesBefore, `${openFiles()} files, ${filesBefore} before the server`);
});

test.serial('what ran for the clients of a dead IO thread is cancelled, what ran for others goes on', async (t) => {
  shareRuns();
  await using rig = await startRig(
    `
io: { threads: 2 }
pools: { work: { threads: 1 } }
services:
  faults.Work: { module: ./work.ts, pool: work, listen: ["heddle://127.0.0.1:0"] }
`,
    { restart: eager },
  );
  const { server } = rig;
  const clients = [rig.client(Work, { maxAttempts: 1 }), rig.client(Work, { maxAttempts: 1 })];
  // One connection on each IO thread: the acceptor takes the one with the fewest.
  await eventually('2 connections', () => server.stats().connections === 2);
  const calls = clients.flatMap((client, at) =>
    Array.from({ length: 4 }, (_, call) => client.echo({ id: 10 * at + call, text: '', sleepMs: 1_000 })),
  );
  const outcomes = Promise.allSettled(calls);
  await eventually('8 fibers', () => server.stats().fibers === 8);
  void goingThreads(server.ioPool)[0]!.worker!.terminate();
  await eventually('4 fibers', () => server.stats().fibers === 4);
  const answered = (await outcomes).filter(({ status }) => status === 'fulfilled').length;
  t.is(answered, 4);
  const ids = [0, 1, 2, 3, 10, 11, 12, 13];
  t.is(ids.filter((id) => runsOf(id).began === 1).length, 8);
  t.is(ids.filter((id) => runsOf(id).ended === 1).length, 4);
  await eventually('both connected again', () => server.stats().connections === 2);
  await comesToRest(t, server);
});

/** A call over HTTP has no second try: a connection that closed under it counts as no answer. */
function lostConnection(): undefined {}
