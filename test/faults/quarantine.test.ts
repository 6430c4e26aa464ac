// Requests that end their threads are refused after the second time, and nothing else is.

import test from 'ava';
import { HeddleError } from '../../runtime/errors.ts';
import { rejection } from '../spine/rejection.ts';
import { startLoad } from './load.ts';
import { LogLines } from './log-lines.ts';
import { eager, eventually, type Rig, startRig } from './rig.ts';
import { Work } from './services/contracts.ts';
import { Guarded } from './services/guarded-contract.ts';
import { Timers } from './services/timers-contract.ts';

const services = (log: LogLines, more = '') => `
io: { threads: 1 }
pools: { guarded: { threads: 2 } }
services:
  faults.Guarded: { module: ./guarded.ts, pool: guarded, listen: ["heddle://127.0.0.1:0"] }
${log.yaml}
${more}
`;

/** Ends a thread by this text, and waits until its place is filled again. */
async function kill(rig: Rig, text: string): Promise<HeddleError> {
  const guarded = rig.client(Guarded, { maxAttempts: 1 });
  const { restarts } = rig.pool('guarded');
  try {
    await guarded.poison({ text });
  } catch (error) {
    if (HeddleError.from(error).code === 'UNAVAILABLE') {
      await eventually(
        'a replacement',
        () => rig.pool('guarded').restarts > restarts && rig.pool('guarded').size === 2,
      );
    }
    return HeddleError.from(error);
  }
  throw new Error('it did not die');
}

test.serial('a request that ended two threads is refused by its fingerprint, others are not', async (t) => {
  const log = new LogLines();
  await using rig = await startRig(services(log), { restart: eager });
  const guarded = rig.client(Guarded);
  t.is((await kill(rig, 'bad')).code, 'UNAVAILABLE');
  t.is((await kill(rig, 'worse')).code, 'UNAVAILABLE');
  t.deepEqual(rig.server.guards.quarantine.refused, [], 'two different ones have killed once each');
  t.is((await kill(rig, 'bad')).code, 'UNAVAILABLE');
  const [refused] = (await eventually('a quarantine', () => {
    const list = rig.server.guards.quarantine.refused;
    return list.length > 0 ? list : undefined;
  }))!;
  t.like(refused, { name: 'faults.Guarded/poison', kills: 2 });
  const error = await kill(rig, 'bad');
  t.is(error.code, 'FAILED_PRECONDITION');
  t.is(error.retry, 'no');
  t.regex(
    error.message,
    new RegExp(`fingerprint ${refused!.fingerprint}\\) have ended 2 threads and are refused until 20`),
  );
  t.is((await guarded.poison({ text: 'good' })).text, 'good');
  t.is((await guarded.echo({ id: 1 })).id, 1);
  const line = await eventually('its line', () => log.find(/are refused/));
  t.like(line, { level: 'error', method: 'faults.Guarded/poison', fingerprint: refused!.fingerprint, cause: 'exit' });
  t.is(rig.server.supervisor.counters.total('quarantined'), 1);
  t.is(rig.server.poolCounters.get(1, 'death-exit'), 3);

  t.false(rig.server.guards.quarantine.lift('00000000'), 'there is no such fingerprint');
  t.true(rig.server.guards.quarantine.lift(refused!.fingerprint));
  t.is((await kill(rig, 'bad')).code, 'UNAVAILABLE', 'lifted, it runs and kills again');
});

test.serial('a thread that comes later refuses what was quarantined before', async (t) => {
  const log = new LogLines();
  await using rig = await startRig(services(log), { restart: eager });
  await kill(rig, 'bad');
  await kill(rig, 'bad');
  await eventually('a quarantine', () => rig.server.guards.quarantine.refused.length === 1);
  await kill(rig, 'other');
  for (let tries = 0; tries < 8; tries++) t.is((await kill(rig, 'bad')).code, 'FAILED_PRECONDITION');
});

test.serial('a quarantine ends by itself', async (t) => {
  const log = new LogLines();
  await using rig = await startRig(services(log, 'quarantine: { kills: 1, for: 3s }'), { restart: eager });
  const guarded = rig.client(Guarded, { maxAttempts: 1 });
  const poison = async () => (await rejection(guarded.poison({ text: 'bad' }))).code;
  t.is(await poison(), 'UNAVAILABLE');
  await eventually('a quarantine', () => rig.server.guards.quarantine.refused.length === 1);
  // The other thread hears of it in a turn of its own: a request may be faster.
  const codes = [await poison(), await poison()];
  t.is(codes.at(-1), 'FAILED_PRECONDITION', `${codes}`);
  await eventually('its end', () => log.find(/a quarantine is over/));
  t.is(await poison(), 'UNAVAILABLE');
});

test.serial('threads ended from outside, or by exceptions of no fiber, put nobody into quarantine', async (t) => {
  const log = new LogLines();
  await using rig = await startRig(services(log, 'quarantine: { kills: 1, for: 10m }'), { restart: eager });
  const guarded = rig.client(Guarded, { maxAttempts: 1 });
  for (let round = 0; round < 3; round++) {
    const running = guarded.stall({ how: 'loop', ms: 60_000 });
    const busy = await eventually('a busy thread', () =>
      [...rig.pool('guarded').threads].find(({ number }) => rig.server.supervisor.board.running(number) !== undefined),
    );
    void busy!.worker!.terminate();
    await t.throwsAsync(running, { code: 'UNAVAILABLE' });
    await eventually('a replacement', () => rig.pool('guarded').size === 2);
  }
  t.deepEqual(rig.server.guards.quarantine.refused, []);
  t.is(rig.server.poolCounters.get(1, 'death-terminated'), 3);
});

for (const [how, cause, bounds] of [
  ['reject', 'rejection', ''],
  ['loop', 'stalled', 'stallWarning: 50ms, stallLimit: 200ms'],
  ['heap', 'out-of-memory', 'memory: 64MiB, stallLimit: none'],
  ['parsed', 'out-of-memory', 'memory: 64MiB, stallLimit: none'],
] as const) {
  test.serial(`a request that ended two threads by ${cause} (${how}) is refused`, async (t) => {
    const log = new LogLines();
    await using rig = await startRig(
      `
io: { threads: 1 }
pools: { work: { threads: 1, ${bounds} } }
services:
  faults.Work: { module: ./work.ts, pool: work, listen: ["heddle://127.0.0.1:0"] }
${log.yaml}
`,
      { restart: eager },
    );
    const work = rig.client(Work, { maxAttempts: 1 });
    const counts = rig.server.poolCounters;
    const deaths = () => counts.get(1, `death-${cause}`);
    // A rejection is laid at the door of what left the stack within the last millisecond: a thread that had to wait for its
    // processor just then has died of an exception that is nobody's.
    const all = () => deaths() + counts.get(1, 'death-exception');
    for (let kills = 1; deaths() < 2; kills++) {
      t.true(kills <= 10, 'a death is laid at the door of its request');
      await t.throwsAsync(work.doom({ how }), { code: 'UNAVAILABLE' });
      // One that fills its heap may be replaced for it before it dies: then that is no restart.
      await eventually(`death ${kills}`, () => all() >= kills);
      t.is(all(), kills, 'one request, one death');
      await eventually('another thread', () => rig.pool('work').size === 1);
    }
    await eventually('a quarantine', () => rig.server.guards.quarantine.refused.length === 1);
    t.like(await eventually('a line', () => log.find(/are refused/)), { method: 'faults.Work/doom', cause, kills: 2 });
    // A thread that was there before hears of it in a turn of its own: a request may be faster.
    const codes = [await rejection(work.doom({ how })), await rejection(work.doom({ how }))].map(({ code }) => code);
    t.is(codes.at(-1), 'FAILED_PRECONDITION', String(codes));
    t.is((await work.mirror({ id: 1, text: 'others' })).text, 'others');
  });
}

for (const [how, cause] of [
  ['exit', 'exit'],
  ['loop', 'stalled'],
] as const) {
  test.serial(`a request beside a timer that ends its thread (${cause}) is neither named nor refused`, async (t) => {
    const log = new LogLines();
    await using rig = await startRig(
      `
io: { threads: 1 }
pools: { timers: { threads: 1, stallWarning: 150ms, stallLimit: 700ms } }
quarantine: { kills: 1 }
services:
  faults.Timers: { module: ./timers.ts, pool: timers, listen: ["heddle://127.0.0.1:0"] }
${log.yaml}
`,
      { restart: eager },
    );
    const timers = rig.client(Timers, { maxAttempts: 1 });
    // One turn after another: a timer mostly fires right after a turn of theirs.
    const load = startLoad(4, 1, async () => Object.keys(await timers.busy({ ms: 2 })).length === 0);
    const rounds = 3;
    const isRefused = () => rig.server.guards.quarantine.refused.length > 0;
    for (let deaths = 1; deaths <= rounds && !isRefused(); deaths++) {
      const before = load.good;
      await eventually('answers', () => load.good > before + 10);
      await timers.arm({ how, ms: 10 }).catch(() => {});
      await eventually('a death', () => rig.pool('timers').restarts === deaths && rig.pool('timers').size === 1);
    }
    await load.stop();
    t.false(isRefused());
    t.is(log.find(/ended its thread|are refused/), undefined);
    t.is(rig.server.poolCounters.get(1, `death-${cause}`), rounds);
    if (how === 'loop')
      t.like(await eventually('its line', () => log.find(/beyond stallLimit/)), { method: 'unknown' });
    await timers.busy({ ms: 0 });
  });
}
