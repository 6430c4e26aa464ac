// Channel, Latch, Condition: fibers that tell each other something.

import test from 'ava';
import fc from 'fast-check';
import { seededRandom } from '../../../runtime/clock.ts';
import { Channel } from '../../../runtime/fiber/channel.ts';
import { Condition } from '../../../runtime/fiber/condition.ts';
import type { FiberContext } from '../../../runtime/fiber/context.ts';
import { Latch } from '../../../runtime/fiber/latch.ts';
import { Mutex } from '../../../runtime/fiber/mutex.ts';
import { FiberRig } from '../../helpers/fiber-rig.ts';
import { settle } from '../../helpers/virtual-clock.ts';

test('a channel gives values in the order they were sent', async (t) => {
  const channel = new Channel<number>(2);
  const value = await new FiberRig().value(async (fiber) => {
    fiber.spawn(async (sender) => {
      for (let number = 0; number < 10; number++) await channel.send(sender, number);
      channel.close();
    });
    const received: number[] = [];
    for await (const number of channel.values(fiber)) received.push(number);
    return received;
  });
  t.deepEqual(value, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('send waits while the channel is full', async (t) => {
  const rig = new FiberRig();
  const channel = new Channel<string>(1, { name: 'jobs' });
  const run = rig.start(async (fiber) => {
    await channel.send(fiber, 'a');
    await channel.send(fiber, 'b');
  });
  await settle();
  t.like(run.fiber.state, { is: 'blocked', on: 'send to channel jobs' });
  t.deepEqual(channel.tryReceive(), { done: false, value: 'a' });
  await settle();
  t.like(run.exit, { how: 'returned' });
  t.deepEqual(channel.tryReceive(), { done: false, value: 'b' });
});

test('receive waits while the channel is empty', async (t) => {
  const rig = new FiberRig();
  const channel = new Channel<string>(1, { name: 'jobs' });
  const run = rig.start((fiber) => channel.receive(fiber));
  t.like(run.fiber.state, { is: 'blocked', on: 'receive from channel jobs' });
  t.true(channel.trySend('a'));
  await settle();
  t.like(run.exit, { value: { done: false, value: 'a' } });
});

test('a channel of capacity 0 hands each value over directly', async (t) => {
  const rig = new FiberRig();
  const channel = new Channel<string>(0);
  t.false(channel.trySend('nobody there'));
  const sender = rig.start((fiber) => channel.send(fiber, 'a'));
  await settle();
  t.is(sender.exit, undefined);
  t.deepEqual(await rig.value((fiber) => channel.receive(fiber)), { done: false, value: 'a' });
  t.like(sender.exit, { how: 'returned' });
});

test('undefined is a value like any other', async (t) => {
  const channel = new Channel<undefined>(1);
  t.true(channel.trySend(undefined));
  t.deepEqual(channel.tryReceive(), { done: false, value: undefined });
  t.is(channel.tryReceive(), undefined);
});

test('what is in a closed channel is still received, then the end', async (t) => {
  const channel = new Channel<string>(2);
  channel.trySend('a');
  channel.close();
  await new FiberRig().value(async (fiber) => {
    t.deepEqual(await channel.receive(fiber), { done: false, value: 'a' });
    t.deepEqual(await channel.receive(fiber), { done: true, value: undefined });
    t.deepEqual(await channel.receive(fiber), { done: true, value: undefined });
  });
});

test('closing wakes those who wait: receivers see the end, senders fail', async (t) => {
  const rig = new FiberRig();
  const empty = new Channel<string>(1);
  const full = new Channel<string>(0);
  const receiver = rig.start((fiber) => empty.receive(fiber));
  const sender = rig.start((fiber) => full.send(fiber, 'lost'));
  empty.close();
  full.close();
  full.close();
  await settle();
  t.like(receiver.exit, { value: { done: true } });
  t.like(sender.exit, { error: { code: 'FAILED_PRECONDITION' } });
  t.false(full.trySend('late'));
  t.like(await rig.outcome((fiber) => full.send(fiber, 'late')), { error: { code: 'FAILED_PRECONDITION' } });
});

test('the value of a sender that was cancelled in line is not sent', async (t) => {
  const rig = new FiberRig();
  const channel = new Channel<string>(0);
  const gone = rig.start((fiber) => channel.send(fiber, 'gone'));
  rig.start((fiber) => channel.send(fiber, 'stays'));
  gone.fiber.cancel();
  t.deepEqual(channel.tryReceive(), { done: false, value: 'stays' });
  t.is(channel.tryReceive(), undefined);
  await settle();
});

test('a value given to a receiver in the turn it is cancelled arrives', async (t) => {
  const rig = new FiberRig();
  const channel = new Channel<string>(0);
  const run = rig.start((fiber) => channel.receive(fiber));
  t.true(channel.trySend('a'));
  run.fiber.cancel();
  await settle();
  t.like(run.exit, { how: 'returned', value: { value: 'a' } });
});

test('too many senders in line is an answer', async (t) => {
  const rig = new FiberRig();
  const channel = new Channel<string>(0, { waitersMax: 1 });
  rig.start((fiber) => channel.send(fiber, 'first'), { deadlineMs: 10 });
  const exit = await rig.outcome((fiber) => channel.send(fiber, 'second'));
  t.like(exit, { how: 'failed', error: { code: 'RESOURCE_EXHAUSTED' } });
  t.throws(() => new Channel(-1), { message: /capacity of -1/ });
});

test('every value sent is received once, in each sender’s order, whatever the pace and whoever is cancelled', async (t) => {
  const property = fc.asyncProperty(fc.integer(), fc.integer({ min: 0, max: 5 }), async (seed, capacity) => {
    const random = seededRandom(seed);
    const rig = new FiberRig();
    const channel = new Channel<[sender: number, index: number]>(capacity);
    const sent: string[] = [];
    const received: [number, number][][] = [[], []];
    const pause = (fiber: FiberContext) => (random() < 0.5 ? fiber.sleep(Math.floor(random() * 5)) : undefined);
    const senders = [0, 1, 2].map((sender) =>
      rig.start(async (fiber) => {
        for (let index = 0; index < 15; index++) {
          await pause(fiber);
          await channel.send(fiber, [sender, index]);
          sent.push(`${sender}/${index}`);
        }
      }),
    );
    const receivers = received.map((mine) =>
      rig.start(async (fiber) => {
        for (;;) {
          const next = await channel.receive(fiber);
          if (next.done) return;
          mine.push(next.value);
          await pause(fiber);
        }
      }),
    );
    await rig.clock.advance(Math.floor(random() * 40));
    senders[0]?.fiber.cancel();
    receivers[0]?.fiber.cancel();
    await rig.clock.runAll();
    channel.close();
    await rig.clock.runAll();
    t.deepEqual(
      received
        .flat()
        .map(([sender, index]) => `${sender}/${index}`)
        .sort(),
      [...sent].sort(),
    );
    for (const mine of received) {
      for (const sender of [0, 1, 2]) {
        const indices = mine.filter(([from]) => from === sender).map(([, index]) => index);
        t.deepEqual(
          indices,
          indices.toSorted((left, right) => left - right),
        );
      }
    }
    t.true([...senders, ...receivers].every((run) => run.exit !== undefined));
  });
  await fc.assert(property, { numRuns: 60 });
});

test('a latch opens when it was counted down, and stays open', async (t) => {
  const rig = new FiberRig();
  const latch = new Latch(2, { name: 'warm' });
  const run = rig.start((fiber) => latch.wait(fiber));
  t.like(run.fiber.state, { is: 'blocked', on: 'latch warm' });
  latch.countDown();
  await settle();
  t.is(run.exit, undefined);
  latch.countDown(5);
  await settle();
  t.like(run.exit, { how: 'returned' });
  await rig.value((fiber) => latch.wait(fiber));
  t.true(latch.open);
  t.is(latch.count, 0);
  t.throws(() => new Latch(-1), { message: /count of -1/ });
});

test('a cancelled fiber no longer waits for a latch', async (t) => {
  const rig = new FiberRig();
  const latch = new Latch(1);
  const run = rig.start((fiber) => latch.wait(fiber));
  run.fiber.cancel();
  t.is(latch.waiting, 0);
  latch.countDown();
  await settle();
  t.like(run.exit, { how: 'cancelled' });
});

test('a condition wakes one fiber or all, the longest waiting first', async (t) => {
  const rig = new FiberRig();
  const condition = new Condition();
  const woken: number[] = [];
  for (let index = 0; index < 4; index++) {
    rig.start(async (fiber) => {
      await condition.wait(fiber);
      woken.push(index);
    });
  }
  t.true(condition.notifyOne());
  await settle();
  t.deepEqual(woken, [0]);
  condition.notifyAll();
  await settle();
  t.deepEqual(woken, [0, 1, 2, 3]);
  t.false(condition.notifyOne());
});

test('until looks again after each notification', async (t) => {
  const rig = new FiberRig();
  const condition = new Condition();
  let stock = 0;
  const run = rig.start((fiber) => condition.until(fiber, () => stock >= 2));
  for (let round = 0; round < 2; round++) {
    t.is(run.exit, undefined);
    stock++;
    condition.notifyAll();
    await settle();
  }
  t.like(run.exit, { how: 'returned' });
});

test('a condition lets go of its mutex while it waits, and holds it again afterwards', async (t) => {
  const rig = new FiberRig();
  const mutex = new Mutex();
  const condition = new Condition({ mutex });
  const run = rig.start(async (fiber) => {
    using guard = await mutex.lock(fiber);
    await condition.wait(fiber, guard);
    t.true(guard.held);
    t.true(mutex.locked);
  });
  await settle();
  t.false(mutex.locked);
  condition.notifyOne();
  await settle();
  t.like(run.exit, { how: 'returned' });
  t.false(mutex.locked);
});

test('a wait with a guard that is cancelled does not hold the mutex', async (t) => {
  const rig = new FiberRig();
  const mutex = new Mutex();
  const condition = new Condition({ mutex });
  const run = rig.start(async (fiber) => {
    using guard = await mutex.lock(fiber);
    await condition.wait(fiber, guard).catch(() => t.false(guard.held));
  });
  await settle();
  run.fiber.cancel();
  await settle();
  t.false(mutex.locked);
  t.is(condition.waiting, 0);
});

test('a notification is passed on when its fiber is stopped on the way back to the mutex', async (t) => {
  const rig = new FiberRig();
  const mutex = new Mutex();
  const condition = new Condition({ mutex });
  const waits = async (fiber: FiberContext) => {
    using guard = await mutex.lock(fiber);
    await condition.wait(fiber, guard);
    return 'notified';
  };
  const first = rig.start(waits);
  await settle();
  const second = rig.start(waits);
  await settle();
  const holder = mutex.tryLock();
  condition.notifyOne();
  await settle();
  first.fiber.cancel();
  await settle();
  holder?.release();
  await settle();
  t.like(first.exit, { how: 'cancelled' });
  t.like(second.exit, { value: 'notified' });
});

test('a guard needs a condition made with its mutex', async (t) => {
  const mutex = new Mutex();
  const exit = await new FiberRig().outcome(async (fiber) => {
    using guard = await mutex.lock(fiber);
    await new Condition().wait(fiber, guard);
  });
  t.like(exit, { how: 'failed', error: { code: 'FAILED_PRECONDITION' } });
});
