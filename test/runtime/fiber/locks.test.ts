// Mutex, RwLock, Semaphore and their permits.

import test from 'ava';
import fc from 'fast-check';
import { seededRandom } from '../../../runtime/clock.ts';
import type { FiberContext } from '../../../runtime/fiber/context.ts';
import { Mutex } from '../../../runtime/fiber/mutex.ts';
import { RwLock } from '../../../runtime/fiber/rw-lock.ts';
import { Semaphore } from '../../../runtime/fiber/semaphore.ts';
import { FiberRig } from '../../helpers/fiber-rig.ts';
import { settle } from '../../helpers/virtual-clock.ts';

test('mutex lets one fiber in at a time, in the order they came', async (t) => {
  const rig = new FiberRig();
  const mutex = new Mutex();
  const steps: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    rig.start(async (fiber) => {
      using _guard = await mutex.lock(fiber);
      steps.push(`${name} in`);
      await fiber.sleep(5);
      steps.push(`${name} out`);
    });
  }
  await rig.clock.runAll();
  t.deepEqual(steps, ['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
  t.false(mutex.locked);
});

test('a fiber that waits for a mutex says so', async (t) => {
  const rig = new FiberRig();
  const mutex = new Mutex({ name: 'stock' });
  const guard = mutex.tryLock();
  const run = rig.start((fiber) => mutex.lock(fiber));
  t.like(run.fiber.state, { is: 'blocked', on: 'mutex stock' });
  guard?.release();
  await settle();
  t.like(run.exit, { how: 'returned' });
});

test('a lock is handed to the next in line before anybody new can take it', async (t) => {
  const rig = new FiberRig();
  const mutex = new Mutex();
  const guard = mutex.tryLock();
  const run = rig.start(async (fiber) => {
    using _guard = await mutex.lock(fiber);
    await fiber.sleep(5);
  });
  guard?.release();
  t.is(mutex.tryLock(), undefined);
  await rig.clock.runAll();
  t.like(run.exit, { how: 'returned' });
});

test('releasing twice releases once', async (t) => {
  const mutex = new Mutex();
  const first = mutex.tryLock();
  first?.release();
  const second = mutex.tryLock();
  first?.release();
  t.true(mutex.locked);
  t.true(second?.held);
});

test('a cancelled fiber leaves the line, and the next one gets the lock', async (t) => {
  const rig = new FiberRig();
  const mutex = new Mutex();
  const guard = mutex.tryLock();
  const gone = rig.start((fiber) => mutex.lock(fiber));
  const next = rig.start(async (fiber) => {
    using _guard = await mutex.lock(fiber);
    return 'got it';
  });
  gone.fiber.cancel();
  t.is(mutex.waiting, 1);
  guard?.release();
  await settle();
  t.like(gone.exit, { how: 'cancelled' });
  t.like(next.exit, { value: 'got it' });
  t.false(mutex.locked);
});

test('no lock is lost when cancel and hand-over meet in one turn, in either order', async (t) => {
  for (const order of ['grant first', 'cancel first']) {
    const rig = new FiberRig();
    const mutex = new Mutex();
    const guard = mutex.tryLock();
    const run = rig.start(async (fiber) => {
      using _guard = await mutex.lock(fiber);
      return 'got it';
    });
    if (order === 'grant first') guard?.release();
    run.fiber.cancel();
    guard?.release();
    await settle();
    t.is(run.exit?.how, order === 'grant first' ? 'returned' : 'cancelled');
    t.false(mutex.locked, order);
  }
});

test('a deadline ends the wait for a lock', async (t) => {
  const rig = new FiberRig();
  const mutex = new Mutex();
  mutex.tryLock();
  const exit = await rig.outcome((fiber) => mutex.lock(fiber), { deadlineMs: 20 });
  t.like(exit, { how: 'failed', error: { code: 'DEADLINE_EXCEEDED' }, atMs: 20 });
  t.is(mutex.waiting, 0);
});

test('a fiber that is to stop is not even let into a free lock', async (t) => {
  const rig = new FiberRig();
  const mutex = new Mutex();
  const run = rig.start(async (fiber) => {
    await fiber.sleep(5).catch(() => {});
    await mutex.lock(fiber);
  });
  run.fiber.cancel();
  await settle();
  t.like(run.exit, { how: 'cancelled' });
  t.false(mutex.locked);
});

test('a finalizer of a cancelled fiber may lock', async (t) => {
  const rig = new FiberRig();
  const mutex = new Mutex();
  let locked = false;
  const run = rig.start((fiber) => {
    fiber.defer(async () => {
      using guard = await mutex.lock(fiber);
      locked = guard.held;
    });
    return fiber.sleep(1000);
  });
  run.fiber.cancel();
  await settle();
  t.true(locked);
});

test('a lock that was forgotten is given back when the root fiber ends, with a warning', async (t) => {
  const rig = new FiberRig();
  const mutex = new Mutex({ name: 'stock' });
  await rig.value(async (fiber) => {
    const child = fiber.spawn(async (inner) => {
      await mutex.lock(inner);
    });
    await child.join();
    t.true(mutex.locked);
  });
  t.false(mutex.locked);
  t.deepEqual(rig.logged, ['warn fiber root ended holding mutex stock, which was given back; take it with `using`']);
});

test('a lock may outlive the child that took it', async (t) => {
  const rig = new FiberRig();
  const mutex = new Mutex();
  await rig.value(async (fiber) => {
    using guard = await fiber.any([(child) => mutex.lock(child)]);
    t.true(guard.held);
  });
  t.false(mutex.locked);
  t.deepEqual(rig.logged, []);
});

test('a full line is an answer', async (t) => {
  const rig = new FiberRig();
  const mutex = new Mutex({ name: 'stock', waitersMax: 1 });
  mutex.tryLock();
  const first = rig.start((fiber) => mutex.lock(fiber), { deadlineMs: 50 });
  const second = await rig.outcome((fiber) => mutex.lock(fiber));
  t.like(second, { how: 'failed', error: { code: 'RESOURCE_EXHAUSTED' } });
  t.regex(second.how === 'failed' ? second.error.message : '', /^1 fibers wait for mutex stock, its bound/);
  t.like(first.exit, { how: 'failed', error: { code: 'DEADLINE_EXCEEDED' } });
});

test('a primitive takes a fiber and nothing else', (t) => {
  t.throws(() => new Mutex().lock({} as FiberContext), { message: /expected the fiber/ });
});

test('a semaphore lets as many in as it has units', async (t) => {
  const rig = new FiberRig();
  const semaphore = new Semaphore(2);
  let inside = 0;
  let most = 0;
  for (let index = 0; index < 6; index++) {
    rig.start(async (fiber) => {
      using _permit = await semaphore.acquire(fiber);
      most = Math.max(most, ++inside);
      await fiber.sleep(5);
      inside--;
    });
  }
  await rig.clock.runAll();
  t.is(most, 2);
  t.is(rig.clock.nowMs() >= 15, true);
  t.is(semaphore.free, 2);
});

test('a fiber that asks for many units is not overtaken by those that ask for few', async (t) => {
  const rig = new FiberRig();
  const semaphore = new Semaphore(3);
  const steps: string[] = [];
  const takes = (name: string, units: number) =>
    rig.start(async (fiber) => {
      using _permit = await semaphore.acquire(fiber, units);
      steps.push(name);
      await fiber.sleep(5);
    });
  takes('one', 1);
  takes('three', 3);
  takes('late one', 1);
  await rig.clock.runAll();
  t.deepEqual(steps, ['one', 'three', 'late one']);
});

test('those behind a fiber that asked for much go on when it is cancelled', async (t) => {
  const rig = new FiberRig();
  const semaphore = new Semaphore(3);
  const held = semaphore.tryAcquire(1);
  const large = rig.start((fiber) => semaphore.acquire(fiber, 3));
  const small = rig.start((fiber) => semaphore.acquire(fiber, 2));
  large.fiber.cancel();
  await settle();
  t.like(small.exit, { how: 'returned' });
  held?.release();
  t.is(semaphore.free, 3);
});

test('a semaphore refuses units that can never be', async (t) => {
  const semaphore = new Semaphore(3);
  for (const units of [0, -1, 1.5, 4]) {
    t.like(await new FiberRig().outcome((fiber) => semaphore.acquire(fiber, units)), {
      error: { code: 'INVALID_ARGUMENT' },
    });
    t.throws(() => semaphore.tryAcquire(units), { message: /can never be acquired/ });
  }
  t.throws(() => new Semaphore(0), { message: /0 units/ });
  t.throws(() => new Semaphore(1, { waitersMax: -1 }), { message: /waitersMax is -1/ });
});

test('readers share, a writer is alone', async (t) => {
  const rig = new FiberRig();
  const lock = new RwLock();
  const steps: string[] = [];
  const reader = async (fiber: FiberContext) => {
    using _guard = await lock.read(fiber);
    await fiber.sleep(10);
    steps.push(`reader, ${lock.readers} in`);
  };
  const writer = async (fiber: FiberContext) => {
    using _guard = await lock.write(fiber);
    steps.push(`writer, ${lock.readers} in`);
    t.true(lock.writing);
    await fiber.sleep(10);
  };
  rig.start(reader);
  rig.start(reader);
  rig.start(writer);
  await rig.clock.runAll();
  t.deepEqual(steps, ['reader, 2 in', 'reader, 1 in', 'writer, 0 in']);
});

test('readers that come after a waiting writer wait behind it, and the writer behind those before', async (t) => {
  const rig = new FiberRig();
  const lock = new RwLock();
  const steps: string[] = [];
  const enters = (name: string, side: 'read' | 'write') =>
    rig.start(async (fiber) => {
      using _guard = await lock[side](fiber);
      steps.push(name);
      await fiber.sleep(10);
    });
  enters('r1', 'read');
  enters('w1', 'write');
  enters('r2', 'read');
  enters('w2', 'write');
  enters('r3', 'read');
  t.is(lock.waiting, 4);
  await rig.clock.runAll();
  t.deepEqual(steps, ['r1', 'w1', 'r2', 'w2', 'r3']);
});

test('units are neither lost nor doubled, whoever is cancelled, late or forgetful', async (t) => {
  const property = fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 4 }), async (seed, units) => {
    const random = seededRandom(seed);
    const rig = new FiberRig();
    const semaphore = new Semaphore(units);
    let inside = 0;
    const runs = Array.from({ length: 20 }, () =>
      rig.start(
        async (fiber) => {
          await fiber.sleep(Math.floor(random() * 10));
          const wanted = 1 + Math.floor(random() * units);
          const permit = await semaphore.acquire(fiber, wanted);
          inside += wanted;
          t.true(inside <= units);
          try {
            await fiber.sleep(Math.floor(random() * 10));
          } finally {
            inside -= wanted;
            if (random() < 0.8) permit.release();
          }
        },
        { deadlineMs: random() < 0.3 ? 1 + random() * 30 : Number.POSITIVE_INFINITY },
      ),
    );
    for (let round = 0; round < 10; round++) {
      await rig.clock.advance(Math.floor(random() * 4));
      // In the same turn as whatever just came due.
      rig.clock.skip(1);
      rig.timers.advance();
      runs[Math.floor(random() * runs.length)]?.fiber.cancel();
    }
    await rig.clock.runAll();
    t.true(runs.every((run) => run.exit !== undefined));
    t.is(semaphore.free, units);
    t.is(semaphore.waiting, 0);
    t.is(rig.timers.size, 0);
  });
  await fc.assert(property, { numRuns: 60 });
});
