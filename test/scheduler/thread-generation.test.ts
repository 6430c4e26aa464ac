// Generations of a pool that come and go at the worst moments of its threads; played, as in thread-pool.test.ts.

import test from 'ava';
import { silentLogger } from '../../runtime/logger.ts';
import { Quarantine } from '../../scheduler/quarantine.ts';
import { eventually } from '../faults/rig.ts';
import { VirtualClock } from '../helpers/virtual-clock.ts';
import { linkWaitMs, Stage, startTimeoutMs } from './stage.ts';

test('a generation that does not load in time fails, and is discarded with all that it had', async (t) => {
  await using stage = new Stage();
  await stage.start();
  stage.loads = false;
  const next = stage.next();
  const failed = t.throwsAsync(next.spawn(), { message: /thread work-1\.g2 did not load within 20ms/ });
  await stage.clock.advance(startTimeoutMs);
  await failed;
  await next.discard(10);
  t.is(next.phase, 'ended');
  t.deepEqual([stage.states(), next.closed], [['going'], 1]);
  await eventually('it is gone', () => stage.pool.generations.length === 1);
  t.is(stage.pool.restarts, 0);
});

test('a thread that is deep in native code does not hold up the end of what is discarded', async (t) => {
  await using stage = new Stage();
  await stage.start();
  stage.loads = false;
  const next = stage.next();
  const failed = t.throwsAsync(next.spawn());
  stage.played[1]!.deep = true;
  stage.played[1]!.say({ type: 'born', threadId: 1 });
  await stage.clock.advance(startTimeoutMs);
  await failed;
  const discarded = next.discard(10);
  await stage.clock.advance(20);
  await discarded;
  t.deepEqual([next.phase, stage.pool.generations.length], ['leaving', 2]);
  stage.played[1]!.exit();
  await next.ended;
  t.is(stage.pool.generations.length, 1);
});

test('a queue is free when all that took from it have left it or have died, and not before', async (t) => {
  await using stage = new Stage();
  const old = await stage.start();
  const first = stage.pool.inUse;
  await stage.rolled();
  t.is(first.phase, 'draining');
  let left = false;
  const retired = first.retire().then(() => {
    left = true;
  });
  await eventually('it is told', () => stage.played[0]!.told.includes('retire'));
  t.deepEqual([left, old.state], [false, 'retiring']);
  stage.played[0]!.say({ type: 'leaving', untilMs: 0 });
  await retired;
  t.is(first.phase, 'leaving');
  stage.played[0]!.say({ type: 'retired' });
  await first.ended;
  t.deepEqual(
    [...stage.pool.threads].map(({ name }) => name),
    ['work-1.g2'],
  );

  const second = stage.pool.inUse;
  await stage.rolled();
  const again = second.retire();
  stage.played[1]!.exit();
  await again;
  await second.ended;
  t.is(stage.pool.restarts, 0, 'who dies then is not replaced');
});

test('a successor that is just loading when the pool rolls takes its place in its own generation', async (t) => {
  await using stage = new Stage();
  const old = await stage.start();
  const next = await stage.linked();
  const replaced = stage.pool.replace(old.number);
  await stage.reaches(2, 'ready');
  next.go();
  stage.pool.use(next);
  const successor = await stage.goes(2);
  t.true(await replaced);
  t.deepEqual([successor.name, successor.generation, old.state], ['work-1', 1, 'retiring']);
  t.false(await stage.pool.replace(successor.number), 'and nobody takes its place any more');
});

test('a thread that is just loading when its generation leaves is ended, and serves nobody', async (t) => {
  await using stage = new Stage();
  const old = await stage.start();
  const first = stage.pool.inUse;
  stage.loads = false;
  const replaced = stage.pool.replace(old.number);
  stage.played[1]!.say({ type: 'born', threadId: 1 });
  stage.loads = true;
  await stage.rolled();
  stage.played[0]!.say({ type: 'leaving', untilMs: 0 });
  await first.retire();
  t.false(await replaced);
  t.is(stage.played[1]!.terminations, 1);
  stage.played[0]!.say({ type: 'retired' });
  await first.ended;
  t.deepEqual(
    [...stage.pool.threads].map(({ name }) => name),
    ['work-1.g2'],
  );
});

test('one that is ready when its generation leaves never goes', async (t) => {
  await using stage = new Stage();
  await stage.start();
  const first = stage.pool.inUse;
  await stage.rolled();
  stage.played[0]!.exit();
  const replacement = await stage.reaches(2, 'ready');
  await first.retire();
  await stage.clock.advance(linkWaitMs);
  await first.ended;
  t.is(replacement.state, 'dead');
  t.false(stage.played[2]!.told.includes('go'));
});

test('a thread that leaves may go on until the last deadline of what it runs, and otherwise as long as it says', async (t) => {
  const until = async (deadlineMs: number): Promise<number> => {
    await using stage = new Stage();
    await stage.start();
    const first = stage.pool.inUse;
    await stage.rolled();
    const retired = first.retire();
    await eventually('it is told', () => stage.played[0]!.told.includes('retire'));
    const fromMs = stage.clock.nowMs();
    stage.played[0]!.say({ type: 'leaving', untilMs: deadlineMs === 0 ? 0 : fromMs + deadlineMs });
    await retired;
    while (stage.played[0]!.terminations === 0) await stage.clock.advance(1_000);
    return stage.clock.nowMs() - fromMs;
  };
  t.deepEqual([await until(0), await until(10_000)], [300_000, 300_000]);
  t.is(await until(1_000_000), 1_001_000, 'and an answer that says so');
});

test('a generation that takes too long to drain is given up: its queue is down until it has left, nobody is replaced', async (t) => {
  await using stage = new Stage();
  await stage.start();
  const first = stage.pool.inUse;
  await stage.rolled();
  first.giveUp();
  t.true(first.isDown('work'));
  t.is(stage.played[0]!.terminations, 1);
  await first.retire();
  await first.ended;
  t.false(first.isDown('work'), 'the queue is free for the next one');
  t.deepEqual([stage.pool.restarts, stage.played.length], [0, 2]);
});

test('what is refused in one generation is refused in no other, and forgotten when it ends', async (t) => {
  const clock = new VirtualClock();
  const quarantine = new Quarantine({ kills: 2, forMs: 60_000 }, clock, silentLogger, () => 'demo.Echo/echo');
  const changes: [number, number][][] = [];
  quarantine.on('change', (refused) => changes.push(refused.map(({ generation, body }) => [generation, body])));
  const dies = (generation: number) => {
    const killer = { method: 1, body: 7, sinceMs: 0, fiber: 1 };
    quarantine.onDeath({ pool: 'work', generation, thread: 'work-1', number: 1, cause: 'exit', killer });
  };
  dies(1);
  dies(2);
  t.deepEqual(changes, [], 'each has killed once');
  dies(2);
  dies(1);
  t.deepEqual(changes, [
    [[2, 7]],
    [
      [2, 7],
      [1, 7],
    ],
  ]);
  quarantine.forget({ pool: 'other', generation: 2 });
  quarantine.forget({ pool: 'work', generation: 2 });
  t.deepEqual(changes.slice(2), [[[1, 7]]]);
  quarantine.forget({ pool: 'work', generation: 1 });
  t.deepEqual([quarantine.refused, clock.pending], [[], 0]);
});
