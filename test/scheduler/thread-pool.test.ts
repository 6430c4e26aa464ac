// ThreadPool: a thread that never says that it is ready, with a real Worker; and threads that come, are replaced and end
// at the worst moments, played by the test over real ports with a clock that it moves.

import { Worker } from 'node:worker_threads';
import test from 'ava';
import { systemClock } from '../../runtime/clock.ts';
import type { Spawner } from '../../scheduler/pool-thread.ts';
import { eventually } from '../faults/rig.ts';
import { linkWaitMs, makePool, Stage, startTimeoutMs } from './stage.ts';

/** Lives until it is ended, and says nothing. */
const spawnSilent: Spawner = () => {
  const worker = new Worker('setInterval(() => {}, 1e6)', { eval: true });
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  return { worker: () => worker, exited, failure: () => undefined, endAlone: () => {} };
};

test('a thread that does not load in time fails the start with its name, and a stop ends it', async (t) => {
  const pool = makePool(spawnSilent, systemClock);
  const error = await t.throwsAsync(pool.spawn(), { message: /modules of thread work-1 did not load within 20ms/ });
  t.like(error, { code: 'UNAVAILABLE' });
  t.is(pool.lostAtStart, 'work-1');
  await pool.stop(1);
  t.is([...pool.threads].length, 0);
});

test('a successor that dies before it goes leaves the old thread in its place', async (t) => {
  await using stage = new Stage();
  const old = await stage.start();
  const replaced = stage.pool.replace(old.number);
  await stage.reaches(1, 'ready');
  stage.played[1]!.exit();
  await stage.clock.advance(linkWaitMs);
  t.false(await replaced);
  t.deepEqual(stage.states(), ['going']);
  t.false(stage.played[0]!.told.includes('retire'));
  t.is(stage.pool.restarts, 0);

  const again = stage.pool.replace(old.number);
  await stage.goes(2);
  t.true(await again, 'the next one may take it');
  await eventually('it is told', () => stage.played[0]!.told.includes('retire'));
  stage.played[0]!.say({ type: 'retired' });
  await eventually('it has ended', () => stage.states().join() === 'going');
});

test('a pool is up again as soon as any thread of a place goes, also beside one that retires', async (t) => {
  await using stage = new Stage({ max: 1, windowMs: 60_000, backoffFirstMs: 300, backoffMaxMs: 300 });
  const old = await stage.start();
  const replaced = stage.pool.replace(old.number);
  await stage.goes(1);
  t.true(await replaced);
  stage.played[1]!.exit();
  await stage.goes(2);
  t.false(stage.pool.down);
  stage.played[2]!.exit();
  await eventually('past the limit', () => stage.pool.down);
  await stage.clock.advance(300);
  await stage.goes(3);
  t.is(old.state, 'retiring');
  t.false(stage.pool.down);
});

test('a thread that is born too late is ended then, and its place is filled', async (t) => {
  await using stage = new Stage();
  await stage.start();
  stage.loads = false;
  stage.played[0]!.exit();
  await eventually('a replacement', () => stage.played.length === 2);
  await stage.clock.advance(startTimeoutMs);
  stage.loads = true;
  stage.played[1]!.load();
  await stage.goes(2);
  t.is(stage.played[1]!.terminations, 1);
  t.deepEqual(stage.states(), ['going']);
  t.is(stage.pool.restarts, 2);
});

test('a successor that has served and is condemned is replaced like any other', async (t) => {
  await using stage = new Stage();
  const old = await stage.start();
  const replaced = stage.pool.replace(old.number);
  const successor = await stage.goes(1);
  t.true(await replaced);
  stage.played[0]!.say({ type: 'retired' });
  await eventually('the old one has ended', () => stage.states().join() === 'going');
  stage.pool.condemn(successor.number);
  await stage.goes(2);
  t.is(stage.pool.restarts, 1);
  t.deepEqual(stage.states(), ['going']);
});

test('the place of a condemned thread that does not stop is filled after a second', async (t) => {
  await using stage = new Stage();
  const stuck = await stage.start();
  stage.played[0]!.deep = true;
  stage.pool.condemn(stuck.number);
  t.is(stage.played[0]!.terminations, 1);
  await stage.clock.advance(999);
  t.is(stage.played.length, 1);
  await stage.clock.advance(1);
  await stage.goes(1);
  t.deepEqual(stage.states(), ['condemned', 'going']);
  stage.played[0]!.exit();
  await eventually('it has stopped at last', () => stage.states().join() === 'going');
  t.is(stage.played.length, 2, 'and nobody else comes for it');
  t.is(stage.pool.restarts, 1);
});
