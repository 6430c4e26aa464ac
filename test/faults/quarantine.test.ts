// Requests that end their threads are refused after the second time, and nothing else is.

import test from 'ava';
import { HeddleError } from '../../runtime/errors.ts';
import { LogLines } from './log-lines.ts';
import { eager, eventually, type Rig, startRig } from './rig.ts';
import { Guarded } from './services/guarded-contract.ts';

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
  const line = log.find(/are refused/)!;
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
  await using rig = await startRig(services(log, 'quarantine: { kills: 1, for: 1s }'), { restart: eager });
  await kill(rig, 'bad');
  await eventually('a quarantine', () => rig.server.guards.quarantine.refused.length === 1);
  t.is((await kill(rig, 'bad')).code, 'FAILED_PRECONDITION');
  await eventually('its end', () => log.find(/a quarantine is over/) !== undefined);
  t.is((await kill(rig, 'bad')).code, 'UNAVAILABLE');
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
