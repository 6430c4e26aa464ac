// A canary as the Roller has it: two generations serve, until somebody says go on, or back.

import test from 'ava';
import { eventually } from '../../../faults/rig.ts';
import { Work, WorkPlus } from './contracts.ts';
import { RollRig, yaml } from './rig.ts';

/** How many of `count` calls were answered by each version. */
async function versionsOf(rig: RollRig, count: number): Promise<Map<number, number>> {
  const work = rig.client(Work);
  const versions = new Map<number, number>();
  for (let id = 0; id < count; id++) {
    const { version } = await work.answer({ id });
    versions.set(version, (versions.get(version) ?? 0) + 1);
  }
  return versions;
}

test.serial('a canary gets its share, its own calls stay in it, and goes on', async (t) => {
  await using rig = await RollRig.start(t, yaml({ threads: 1 }));
  const { roller, settingsInForce: settings } = rig.server;
  rig.write(2, { methods: ['answer', 'extra'] });
  const canary = await roller.canary({ settings, pools: ['work'], percent: 25 });
  t.like(canary.generations[0], { pool: 'work', generation: 2, threads: 1 });
  t.is(canary.lost, undefined);
  t.is(rig.pool.inUse.number, 1);
  const versions = await versionsOf(rig, 400);
  t.is(versions.get(1)! + versions.get(2)!, 400);
  t.true(versions.get(2)! > 50 && versions.get(2)! < 150, `${versions.get(2)} of 400 are about a quarter`);

  const plus = rig.client(WorkPlus);
  t.like(await plus.extra({ id: 1, act: 'call' }), { version: 2, inner: 2 }, 'what only the new code has');
  for (let id = 0; id < 20; id++) {
    t.like(await plus.extra({ id, act: 'call' }), { version: 2, inner: 2 });
    t.like(await plus.extra({ id, act: 'offload' }), { version: 2, inner: 2 });
  }
  await t.throwsAsync(rig.roll(), { code: 'FAILED_PRECONDITION', message: /a canary gets a share/ });
  await t.throwsAsync(roller.canary({ settings, pools: ['work'], percent: 100 }), { code: 'INVALID_ARGUMENT' });

  const [roll] = await canary.goOn();
  t.like(roll, { pool: 'work', generation: 2, late: [] });
  t.deepEqual([...(await versionsOf(rig, 50)).keys()], [2]);
  await eventually('the old generation has ended', () => rig.pool.generations.length === 1);
  await t.throwsAsync(canary.rollBack(), { code: 'FAILED_PRECONDITION' });
});

test.serial('a canary that is rolled back leaves all as it was, and what it runs is answered', async (t) => {
  await using rig = await RollRig.start(t, yaml({ threads: 1 }));
  const { roller, settingsInForce: settings } = rig.server;
  rig.write(2, { methods: ['answer', 'extra'] });
  const canary = await roller.canary({ settings, pools: ['work'], percent: 50 });
  const plus = rig.client(WorkPlus);
  const held = plus.extra({ id: 1, until: 'held', act: 'call' });
  await eventually('it runs', () => rig.server.stats().fibers === 1);
  await canary.rollBack();
  t.deepEqual([...(await versionsOf(rig, 50)).keys()], [1]);
  await t.throwsAsync(plus.extra({ id: 2 }), { code: 'NOT_FOUND' });
  rig.letGo();
  t.like(await held, { version: 2, inner: 1 });
  await eventually('the canary has ended', () => rig.pool.generations.length === 1);
  t.deepEqual(rig.threads(), ['work-1']);
  rig.write(3);
  t.like(await rig.roll(), { generation: 3 });
  t.deepEqual([...(await versionsOf(rig, 50)).keys()], [3]);
});

test.serial('a canary whose threads die too often is down, and the old code serves on', async (t) => {
  const restart = { max: 0, windowMs: 60_000, backoffFirstMs: 60_000, backoffMaxMs: 60_000 };
  await using rig = await RollRig.start(t, yaml({ threads: 1 }), { restart });
  const { roller, settingsInForce: settings } = rig.server;
  rig.write(2, { methods: ['answer', 'extra'] });
  const canary = await roller.canary({ settings, pools: ['work'], percent: 50 });
  await t.throwsAsync(rig.client(WorkPlus).extra({ id: 1, act: 'exit' }), { code: 'UNAVAILABLE' });
  await eventually('it is lost', () => /work die too often/.test(canary.lost ?? ''));
  t.false(rig.pool.down);
  await canary.rollBack();
  t.deepEqual([...(await versionsOf(rig, 50)).keys()], [1]);
  await eventually('the canary has ended', () => rig.pool.generations.length === 1);
});
