// Threads whose handlers keep them: named in the log, ended and replaced, while everybody else goes on.

import test from 'ava';
import { HeddleError } from '../../runtime/errors.ts';
import { rejection } from '../spine/rejection.ts';
import { LogLines } from './log-lines.ts';
import { comesToRest, eager, eventually, goingThreads, startRig } from './rig.ts';
import { Side } from './services/contracts.ts';
import { Guarded } from './services/guarded-contract.ts';

const services = (log: LogLines, threads: number, limit: string) => `
io: { threads: 1 }
pools: { guarded: { threads: ${threads}, stallWarning: 100ms, stallLimit: ${limit} }, side: { threads: 1 } }
services:
  faults.Guarded: { module: ./guarded.ts, pool: guarded, listen: ["heddle://127.0.0.1:0"] }
  faults.Side: { module: ./side.ts, pool: side, listen: ["heddle://127.0.0.1:0"] }
${log.yaml}
`;

for (const [how, hottest] of [
  ['loop', /^spinUntil .*guarded\.ts:\d+$/],
  ['regexp', /^stall .*guarded\.ts:\d+$/],
  ['json', /^stall .*guarded\.ts:\d+$/],
  ['after-await', /^spinUntil .*guarded\.ts:\d+$/],
] as const) {
  test.serial(`a thread stuck by ${how} is named with its hottest line, ended and replaced`, async (t) => {
    const log = new LogLines();
    await using rig = await startRig(services(log, 1, '600ms'), { restart: eager });
    const guarded = rig.client(Guarded, { maxAttempts: 1 });
    const side = rig.client(Side);
    await guarded.echo({ id: 0 });
    const [before] = goingThreads(rig.pool('guarded'));
    const startMs = performance.now();
    const stuck = guarded.stall({ how });
    const waiting = guarded.echo({ id: 1 });
    const warned = (await eventually('a warning', () => log.find(/keeps its thread$/)))!;
    t.log(`warned after ${(performance.now() - startMs).toFixed(0)} ms`);
    t.is(warned.level, 'warn');
    // What it goes on with after an await of its own is known only while the turn before has not ended.
    t.true(['faults.Guarded/stall', how === 'after-await' ? 'unknown' : ''].includes(warned.method as string));
    if (warned.method !== 'unknown') t.true(Number(warned.fiber) > 0, JSON.stringify(warned));
    t.is((await side.echo({ id: 7, text: 'beside' })).text, 'beside');
    const error = await t.throwsAsync(stuck, { instanceOf: HeddleError });
    t.log(`answered after ${(performance.now() - startMs).toFixed(0)} ms`);
    t.is(error!.code, 'UNAVAILABLE');
    t.deepEqual(await waiting, { id: 1 }, 'what waited in the queue runs on the next thread');
    const ended = (await eventually('its line', () => log.find(/beyond stallLimit/)))!;
    t.is(ended.level, 'error');
    t.is(ended.fiber, warned.fiber);
    const line = ended.hottest as { function: string; at: string } | undefined;
    // Between two long native calls there may be no moment to begin a profile.
    if (how !== 'json' || line !== undefined) t.regex(`${line?.function} ${line?.at}`, hottest);
    t.not(goingThreads(rig.pool('guarded'))[0]!.number, before!.number);
    t.true(rig.server.poolCounters.get(1, 'stall-warnings') >= 1);
    // One in native code dies when that returns, its place filled long since.
    await eventually('its death', () => rig.server.poolCounters.get(1, 'death-stalled') === 1);
    await comesToRest(t, rig.server);
  });
}

test.serial('a thread stuck in native code can not be profiled and is ended all the same', async (t) => {
  const log = new LogLines();
  await using rig = await startRig(services(log, 1, '150ms'), { restart: eager });
  const guarded = rig.client(Guarded, { maxAttempts: 1 });
  await guarded.echo({ id: 0 });
  await t.throwsAsync(guarded.stall({ how: 'native' }), { code: 'UNAVAILABLE' });
  t.regex((await eventually('its line', () => log.find(/beyond stallLimit/)))!.msg, /in native code/);
  t.is((await guarded.echo({ id: 1 })).id, 1);
});

test.serial('what waits beside a stuck thread runs at once on the others of its pool', async (t) => {
  const log = new LogLines();
  await using rig = await startRig(services(log, 2, '2s'), { restart: eager });
  const guarded = rig.client(Guarded, { maxAttempts: 1 });
  await guarded.echo({ id: 0 });
  const stuck = guarded.stall({ how: 'loop' });
  await eventually('a warning', () => log.find(/keeps its thread$/));
  const replies = await Promise.all(Array.from({ length: 50 }, (_, id) => guarded.echo({ id })));
  t.deepEqual(
    replies.map(({ id }) => id),
    replies.map((_, id) => id),
  );
  t.is(log.find(/beyond stallLimit/), undefined, 'the stuck thread was not ended yet');
  await t.throwsAsync(stuck, { code: 'UNAVAILABLE' });
});

test.serial('a thread that is busy turn by turn, waits, or starts is not taken for stuck', async (t) => {
  const log = new LogLines();
  // Far over what a thread waits for a core on a busy machine.
  const yaml = services(log, 1, '700ms').replace('stallWarning: 100ms', 'stallWarning: 500ms');
  await using rig = await startRig(yaml, { restart: eager });
  const guarded = rig.client(Guarded);
  const sleeping = guarded.sleep({ ms: 1_600 });
  const endMs = performance.now() + 1_500;
  while (performance.now() < endMs) {
    await Promise.all(Array.from({ length: 8 }, () => guarded.stall({ how: 'loop', ms: 5 })));
  }
  await sleeping;
  t.is(log.find(/keeps its thread/), undefined);
  t.is(rig.pool('guarded').restarts, 0);
});

test.serial('a stall shorter than the limit is warned of and survived', async (t) => {
  const log = new LogLines();
  await using rig = await startRig(services(log, 1, '30s'), { restart: eager });
  const guarded = rig.client(Guarded);
  await guarded.stall({ how: 'loop', ms: 600 });
  const warned = await eventually('a warning', () => log.find(/keeps its thread$/));
  t.like(warned, { method: 'faults.Guarded/stall', thread: 'guarded-1' });
  t.is(rig.pool('guarded').restarts, 0);
});

test.serial(
  'a stuck IO thread is named, ended and replaced; the connections of the other one are untouched',
  async (t) => {
    const log = new LogLines();
    await using rig = await startRig(
      `
io: { threads: 2, stallWarning: 100ms, stallLimit: 600ms }
services:
  faults.Guarded: { module: ./guarded.ts, pool: io, listen: ["heddle://127.0.0.1:0"] }
${log.yaml}
`,
      { restart: eager },
    );
    const clients = Array.from({ length: 6 }, () => rig.client(Guarded, { connections: 1, maxAttempts: 1 }));
    const threadOf = async (client: (typeof clients)[number]) => (await client.sleep({ ms: 0 })).thread;
    const threads = await Promise.all(clients.map(threadOf));
    const [ill] = threads;
    const patients = clients.filter((_, at) => threads[at] === ill);
    const others = clients.filter((_, at) => threads[at] !== ill);
    t.is(others.length, 3, 'connections are spread evenly');

    const under = others.map((client) => client.sleep({ ms: 3_000 }));
    const lost = patients.slice(1).map((client) => rejection(client.sleep({ ms: 60_000 })));
    await eventually('they run', () => rig.server.stats().fibers === under.length + lost.length);
    const stuck = rejection(patients[0]!.stall({ how: 'loop' }));
    for (const error of await Promise.all([stuck, ...lost])) t.is(error.code, 'UNAVAILABLE', error.message);
    const again = await Promise.all(patients.map(threadOf));
    t.false(again.includes(ill!), 'they have connected anew');
    for (const { thread } of await Promise.all(under)) t.not(thread, ill, 'what ran there goes on');
    const well = threads.filter((thread) => thread !== ill);
    t.deepEqual(await Promise.all(others.map(threadOf)), well, 'over the same connections');

    const ended = (await eventually('its line', () => log.find(/beyond stallLimit/)))!;
    // On a busy machine others are warned of too.
    const warned = log
      .read()
      .filter(({ msg, method }) => /keeps its thread$/.test(msg) && method === 'faults.Guarded/stall');
    t.like(warned[0], { level: 'warn', thread: ended.thread });
    t.regex(String(ended.thread), /^io-[12]$/);
    t.regex((ended.hottest as { function: string }).function, /^spinUntil$/);
    await eventually('its death', () => rig.server.poolCounters.get(0, 'death-stalled') === 1);
    t.is(rig.server.ioPool.restarts, 1);
    await comesToRest(t, rig.server);
  },
);
