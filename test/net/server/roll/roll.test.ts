// Rolls of a real server: new code and sizes while it serves.

import test from 'ava';
import { eventually } from '../../../faults/rig.ts';
import { Work, WorkPlus } from './contracts.ts';
import { RollRig, yaml } from './rig.ts';

test.serial('after a roll the new code answers, the old one finishes what it runs, and its threads end', async (t) => {
  await using rig = await RollRig.start(t, yaml());
  const { supervisor } = rig.server;
  const work = rig.client(Work);
  const numbers = supervisor.numbersInUse;
  // By then the table has turned: what the old code calls, the new one answers.
  const long = work.answer({ id: 7, until: 'held', act: 'call' });
  const longTask = work.answer({ id: 8, until: 'held', act: 'offload' });
  rig.write(2);
  t.like(await work.answer({ id: 1, act: 'call' }), { version: 1, part: 1, inner: 1 });
  const { loadMs, turnMs, ...roll } = await rig.roll();
  t.true(loadMs > 0 && turnMs >= 0);
  t.deepEqual(roll, { pool: 'work', generation: 2, threads: 2, late: [] });
  t.like(await work.answer({ id: 2, act: 'call' }), { version: 2, part: 2, inner: 2 });
  t.deepEqual(
    rig.pool.generations.map(({ number }) => number),
    [1, 2],
  );
  rig.letGo();
  t.like(await long, { id: 7, version: 1, part: 1, inner: 2 });
  t.like(await longTask, { id: 8, version: 1, inner: 2 });
  await eventually('the old generation has ended', () => rig.pool.generations.length === 1);
  t.deepEqual(rig.threads(), ['work-1.g2', 'work-2.g2']);
  await eventually('its numbers are free', () => supervisor.numbersInUse === numbers);

  const settings = rig.settings(yaml({ threads: 3 }));
  t.like(await rig.roll({ settings }), { generation: 3, threads: 3 });
  await eventually('the old generation has ended', () => rig.pool.generations.length === 1);
  t.deepEqual(rig.threads(), ['work-1.g3', 'work-2.g3', 'work-3.g3']);
  t.is(rig.pool.restarts, 0);
});

test.serial(
  'a method that comes with new code is found, and one that goes is not, though what waits of it is run',
  async (t) => {
    await using rig = await RollRig.start(t, yaml({ threads: 1 }));
    const plus = rig.client(WorkPlus, { connections: 1 });
    await t.throwsAsync(plus.extra({ id: 1 }), { code: 'NOT_FOUND', message: /has no method "extra"/ });
    rig.write(2, { methods: ['answer', 'extra'] });
    await rig.roll();
    t.like(await plus.extra({ id: 1 }), { version: 2 });
    t.deepEqual(
      rig.server.methods.map(({ method }) => method),
      ['answer', 'answer', 'extra'],
    );

    await eventually('the first generation has ended', () => rig.pool.generations.length === 1);
    rig.write(3);
    const busy = plus.answer({ id: 2, until: 'blocked' });
    const waits = plus.extra({ id: 3 });
    t.like(await rig.roll(), { late: ['work-1.g2'] });
    await t.throwsAsync(plus.extra({ id: 4 }), { code: 'NOT_FOUND', message: /has no method "extra"/ });
    t.like(await plus.answer({ id: 5 }), { version: 3 });
    rig.letGo();
    t.like(await busy, { version: 2 });
    t.like(await waits, { version: 2 });
    t.like(rig.server.methods[2], { index: 3, method: 'extra', gone: true });

    rig.write(4, { methods: ['answer', 'extra'] });
    await rig.roll();
    t.like(await plus.extra({ id: 6 }), { version: 4 });
    t.is(rig.server.methods.length, 3, 'it has its row again');
  },
);

test.serial('code with more new methods than there is room for is not taken', async (t) => {
  await using rig = await RollRig.start(t, yaml({ threads: 1 }));
  const many = Array.from({ length: 65 }, (_, at) => `more${at}`);
  rig.write(2, { methods: ['answer', ...many] });
  await t.throwsAsync(rig.roll(), {
    code: 'RESOURCE_EXHAUSTED',
    message: 'the new code has 65 methods that are new, and the running process has room for 64: restart it',
  });
  t.deepEqual(rig.threads(), ['work-1']);
  rig.write(3, { methods: ['answer', ...many.slice(1)] });
  await rig.roll();
  t.is(rig.server.methods.length, 2 + 64);
});

test.serial('two pools roll together or not at all', async (t) => {
  await using rig = await RollRig.start(t, yaml({ threads: 1 }));
  const work = rig.client(Work);
  const pools = ['work', 'side'];
  const settings = rig.server.settingsInForce;
  rig.write(2);
  rig.write(2, { top: 'throw new Error("no side");' }, 'Side');
  await t.throwsAsync(rig.server.roller.roll({ settings, pools }), { message: /side\.mjs: .*no side/ });
  t.like(await work.answer({ id: 1, act: 'call-side' }), { version: 1, inner: 1 });
  rig.write(2, {}, 'Side');
  const rolls = await rig.server.roller.roll({ settings, pools });
  t.deepEqual(
    rolls.map(({ pool, generation }) => `${pool} ${generation}`),
    ['work 3', 'side 3'],
  );
  t.like(await work.answer({ id: 1, act: 'call-side' }), { version: 2, inner: 2 });
  await t.throwsAsync(rig.roll({ pools: ['io'] }), { code: 'INVALID_ARGUMENT', message: /needs? a restart/ });
  await t.throwsAsync(rig.roll({ pools: ['none'] }), {
    code: 'INVALID_ARGUMENT',
    message: /the pools are work, side$/,
  });
});

test.serial(
  'plugins are installed on new threads before they serve, and disposed on old ones when they have finished',
  async (t) => {
    await using rig = await RollRig.start(t, yaml({ threads: 1, more: 'plugins: [./noting.mjs]' }));
    const work = rig.client(Work);
    const held = work.answer({ id: 1, until: 'held' });
    await eventually('it runs', () => rig.server.stats().fibers === 1);
    rig.write(2, { top: 'throw new Error("no luck");' });
    await t.throwsAsync(rig.roll());
    rig.write(2);
    await rig.roll();
    t.deepEqual(rig.notes().sort(), [
      'dispose work-1.g2',
      'install side-1',
      'install work-1',
      'install work-1.g2',
      'install work-1.g3',
    ]);
    rig.letGo();
    await held;
    await eventually('the old generation has ended', () => rig.pool.generations.length === 1);
    t.is(rig.notes().at(-1), 'dispose work-1');
  },
);
