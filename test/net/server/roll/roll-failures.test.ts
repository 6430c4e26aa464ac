// Rolls that go wrong: new code that does not load, threads that die at each step, threads too busy to turn, a stop.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { board as boardWord } from '../../../../runtime/shared/layout.ts';
import type { PoolThread } from '../../../../scheduler/pool-thread.ts';
import { eager, eventually } from '../../../faults/rig.ts';
import { Side, Work } from './contracts.ts';
import { RollRig, yaml } from './rig.ts';

test.serial('new code that does not load leaves the old one running, and the error says why', async (t) => {
  await using rig = await RollRig.start(t, yaml({ threads: 1 }));
  const work = rig.client(Work);
  const numbers = rig.server.supervisor.numbersInUse;
  const fails = async (top: string, message: RegExp) => {
    rig.write(2, { top });
    await t.throwsAsync(rig.roll(), { message });
    t.deepEqual(rig.threads(), ['work-1']);
    t.like(await work.answer({ id: 1, act: 'call' }), { version: 1, inner: 1 });
  };
  await fails('throw new Error("no luck");', /work\.mjs: it does not load: Error: no luck/);
  await fails('const const;', /work\.mjs: it does not load: SyntaxError/);
  await fails(
    'process.exit(3);',
    /thread work-1\.g\d ended before its modules had loaded: something called process\.exit\(3\)\nIt was loading .*:\n {2}roll\.Work {2}.*work\.mjs$/,
  );
  await fails("import './none.mjs';", /Cannot find module '.*none\.mjs' imported from .*work\.mjs(?!.*loaded-files)/);
  writeFileSync(join(rig.folder, 'work.mjs'), 'export const nothing = 0;');
  await t.throwsAsync(rig.roll(), { message: /work\.mjs: .*default/ });
  await eventually('its numbers are free', () => rig.server.supervisor.numbersInUse === numbers);
  rig.write(2);
  t.like(await rig.roll(), { generation: 7 });
  t.like(await work.answer({ id: 1 }), { version: 2 });
});

test.serial(
  'a new thread that dies before the turn fails the roll, and one that dies after it is replaced',
  async (t) => {
    await using rig = await RollRig.start(t, yaml(), { restart: eager });
    const work = rig.client(Work);
    const killed = async (state: PoolThread['state']): Promise<void> => {
      const find = () => [...rig.pool.threads].find((one) => one.generation > 1 && one.state === state && one.worker);
      for (let thread = find(); ; thread = find()) {
        if (thread !== undefined) return void thread.worker!.terminate();
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    rig.write(2);
    for (const state of ['starting', 'ready'] as const) {
      const [result] = await Promise.allSettled([rig.roll(), killed(state)]);
      t.like(result, { status: 'rejected', reason: { code: 'UNAVAILABLE' } });
      t.notRegex(result.status === 'rejected' ? result.reason.message : '', /while the process started/);
      t.like(await work.answer({ id: 1 }), { version: 1 });
    }
    await eventually('no thread is left', () => rig.pool.generations.length === 1);
    await rig.roll();
    await killed('going');
    await eventually('it is replaced', () => rig.pool.restarts === 1 && rig.pool.inUse.size === 2);
    await eventually('the old one has ended', () => rig.pool.generations.length === 1);
    t.deepEqual(rig.threads().sort(), ['work-1.g4', 'work-2.g4']);
    t.like(await work.answer({ id: 1 }), { version: 2 });
  },
);

test.serial(
  'an old thread that dies while its queue drains is replaced, and what waits in the queue is answered',
  async (t) => {
    await using rig = await RollRig.start(t, yaml({ threads: 1 }));
    const work = rig.client(Work);
    const blocked = work.answer({ id: 1, until: 'blocked' });
    await eventually('it runs', () => rig.server.stats().fibers === 1);
    const waiting = Array.from({ length: 50 }, (_, id) => work.answer({ id }));
    rig.write(2);
    t.like(await rig.roll(), { late: ['work-1'] });
    const [old] = rig.pool.generations;
    t.is(old!.phase, 'draining');
    void [...old!.threads][0]!.worker!.terminate();
    await t.throwsAsync(blocked, { code: 'UNAVAILABLE' });
    const replies = await Promise.all(waiting);
    t.deepEqual(
      replies.map(({ id }) => id),
      waiting.map((_, id) => id),
    );
    await eventually('the old generation has ended', () => rig.pool.generations.length === 1);
    t.deepEqual(rig.threads(), ['work-1.g2']);
  },
);

test.serial(
  'an old generation that goes down while it drains answers what waits, and the new one serves on',
  async (t) => {
    const restart = { max: 0, windowMs: 60_000, backoffFirstMs: 60_000, backoffMaxMs: 60_000 };
    await using rig = await RollRig.start(t, yaml({ threads: 1 }), { restart });
    const work = rig.client(Work);
    const blocked = work.answer({ id: 1, until: 'blocked' });
    await eventually('it runs', () => rig.server.stats().fibers === 1);
    const waiting = Array.from({ length: 50 }, (_, id) => work.answer({ id }));
    rig.write(2);
    await rig.roll();
    const [old] = rig.pool.generations;
    void [...old!.threads][0]!.worker!.terminate();
    const lost = await Promise.allSettled([blocked, ...waiting]);
    t.true(lost.every((one) => one.status === 'rejected' && one.reason.code === 'UNAVAILABLE'));
    await eventually('the old generation has ended', () => rig.pool.generations.length === 1);
    t.false(rig.pool.down);
    t.like(await work.answer({ id: 2 }), { version: 2 });
    // Its queue is the next one's, and is not down any more.
    rig.write(3);
    await rig.roll();
    t.like(await work.answer({ id: 3, act: 'call' }), { version: 3, inner: 3 });
  },
);

test.serial('a pool that is down is up again with code that does not die', async (t) => {
  const restart = { max: 0, windowMs: 60_000, backoffFirstMs: 60_000, backoffMaxMs: 60_000 };
  await using rig = await RollRig.start(t, yaml({ threads: 1 }), { restart });
  const work = rig.client(Work);
  await t.throwsAsync(work.answer({ id: 1, act: 'exit' }), { code: 'UNAVAILABLE' });
  await eventually('it is down', () => rig.pool.down);
  await t.throwsAsync(work.answer({ id: 2 }), { code: 'UNAVAILABLE' });
  rig.write(2);
  await rig.roll();
  t.false(rig.pool.down);
  t.like(await work.answer({ id: 3 }), { version: 2 });
  await eventually('the old generation has ended', () => rig.pool.generations.length === 1);
  await eventually('its numbers are free', () => rig.server.supervisor.numbersInUse === 3);
});

test.serial(
  'a thread that is too busy to turn is named, keeps the old generation, and holds up the one after the next',
  async (t) => {
    await using rig = await RollRig.start(t, yaml({ threads: 1 }));
    const side = rig.client(Side);
    const busy = side.answer({ id: 1, until: 'blocked', act: 'call-work' });
    await eventually('it runs', () => rig.server.stats().fibers === 1);
    rig.write(2);
    t.like(await rig.roll(), { late: ['side-1'] });
    t.like(await rig.client(Work).answer({ id: 2 }), { version: 2 });
    rig.write(3);
    const next = rig.roll();
    rig.letGo();
    t.like(await busy, { version: 1, inner: 1 }, 'it calls before it turns, and the old code still answers');
    t.like(await next, { generation: 3, late: [] });
    t.like(await rig.client(Work).answer({ id: 3 }), { version: 3 });
  },
);

test.serial('only so many generations may finish what they run, and a roll beyond them says so', async (t) => {
  await using rig = await RollRig.start(t, yaml({ threads: 1 }));
  const work = rig.client(Work);
  const held: Promise<unknown>[] = [];
  for (let round = 1; round <= 8; round++) {
    held.push(work.answer({ id: round, until: 'held' }));
    await eventually('it runs', () => rig.server.stats().fibers === round);
    await rig.roll();
    await eventually(
      'it leaves',
      () => rig.pool.generations.filter(({ phase }) => phase === 'leaving').length === round,
    );
  }
  await t.throwsAsync(rig.roll(), {
    code: 'RESOURCE_EXHAUSTED',
    message: /^8 generations of pool work still finish .* which is 5m unless/,
  });
  rig.letGo();
  await Promise.all(held);
  await eventually('they have ended', () => rig.pool.generations.length === 1);
  t.like(await rig.roll(), { generation: 10 });
});

test.serial('a stop in the middle of a roll ends what loads', async (t) => {
  await using rig = await RollRig.start(t, yaml({ threads: 1 }));
  rig.write(2, { top: 'await new Promise(() => {});' });
  const roll = rig.roll();
  const waits = rig.roll();
  await eventually('it loads', () => rig.pool.generations.length === 2);
  const stopped = rig.server.stop();
  for (const one of await Promise.allSettled([roll, waits])) {
    t.like(one, { status: 'rejected', reason: { code: 'CANCELLED' } });
  }
  t.true(await stopped);
  t.deepEqual(rig.threads(), []);
});

/** The pool's thread has room for two requests, none of which has a deadline. */
const narrow = yaml({ threads: 1, more: 'roll: { finish: 1s }' })
  .replace('work: { threads: 1,', 'work: { threads: 1, maxFibers: 2, timeout: none,')
  .replace('pool: work,', 'pool: work, timeout: none,');

test.serial(
  'old threads that never get free cost what waits for them roll.finish, and the next roll nothing',
  async (t) => {
    await using rig = await RollRig.start(t, narrow);
    const work = rig.client(Work);
    const calls = [1, 2, 3, 4, 5].map((id) => work.answer({ id, until: 'held' }));
    const outcomes = Promise.allSettled(calls);
    await eventually('two run', () => rig.server.supervisor.board.sum(boardWord.fibers) === 2);
    await eventually('three wait', () => rig.server.supervisor.board.sum(boardWord.puts) >= 5);
    rig.write(2);
    await rig.roll();
    t.like(await work.answer({ id: 6 }), { version: 2 });
    const codes = (await outcomes).map((one) => (one.status === 'rejected' ? one.reason : one.value));
    const waited = codes.filter(({ message }) => /that this request waited for end with what they run/.test(message));
    t.is(waited.length, 3);
    for (const error of waited) t.like(error, { code: 'UNAVAILABLE', retry: 'yes' });
    t.is(codes.filter(({ code }) => code === 'UNAVAILABLE').length, 5, 'none hangs for ever');
    await eventually('it has ended', () => rig.pool.generations.length === 1);
    rig.write(3);
    await rig.roll();
    t.like(await work.answer({ id: 7 }), { version: 3 });
  },
);

test.serial('a deadline months away lets its request finish, and ends no thread', async (t) => {
  await using rig = await RollRig.start(t, yaml({ threads: 1 }));
  const far = fetch(`http://127.0.0.1:${rig.port('http')}/roll.Work/answer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'heddle-timeout': '99999m' },
    body: JSON.stringify({ id: 1, until: 'held' }),
  }).then((response) => response.json());
  const calls = [far, rig.client(Work).answer({ id: 2, until: 'held' })];
  await eventually('both run', () => rig.server.supervisor.board.sum(boardWord.fibers) === 2);
  rig.write(2);
  await rig.roll();
  await eventually('the old one leaves', () => rig.pool.generations[0]?.phase === 'leaving');
  t.like(await rig.client(Work).answer({ id: 3 }), { version: 2 });
  rig.letGo();
  for (const call of calls) t.like(await call, { version: 1 });
  await eventually('it has ended', () => rig.pool.generations.length === 1);
  t.is(rig.pool.restarts, 0);
});
