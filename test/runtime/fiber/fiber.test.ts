// One fiber by itself: how it starts, stands, is stopped and ends.

import test from 'ava';
import { HeddleError } from '../../../runtime/errors.ts';
import type { FiberContext } from '../../../runtime/fiber/context.ts';
import { FiberRig } from '../../helpers/fiber-rig.ts';
import { settle } from '../../helpers/virtual-clock.ts';

/** Named by a constant, since objects with a literal `then` are what the linter warns of. */
const then = String('then');

test('ends at once, without a promise, when its function returns a plain value', (t) => {
  const { exit } = new FiberRig().start(() => 42);
  t.deepEqual(exit, { how: 'returned', value: 42, atMs: 0 });
});

test('runs the first part of its function inside start', (t) => {
  const steps: string[] = [];
  new FiberRig().start(async () => {
    steps.push('body');
    await null;
    steps.push('rest');
  });
  t.deepEqual(steps, ['body']);
});

test('returns what its promise gives', async (t) => {
  t.is(await new FiberRig().value(async () => 'late'), 'late');
});

test('awaits any thenable its function returns', async (t) => {
  const thenable = { [then]: (resolve: (value: number) => void) => resolve(7) };
  t.is(await new FiberRig().value(() => thenable), 7);
});

test('fails with what a getter named then throws', (t) => {
  const cause = new Error('no then');
  const trap = Object.defineProperty({}, then, {
    get() {
      throw cause;
    },
  });
  t.like(new FiberRig().start(() => trap).exit, { how: 'failed', error: { cause } });
});

test('fails with the HeddleError that its function throws', async (t) => {
  const error = new HeddleError('NOT_FOUND', 'no film 7');
  t.deepEqual(await new FiberRig().outcome(() => Promise.reject(error)), { how: 'failed', error, atMs: 0 });
});

test('keeps a foreign error as the cause of an INTERNAL one that says which fiber failed', async (t) => {
  const cause = new TypeError('secret');
  const exit = await new FiberRig().outcome(
    () => {
      throw cause;
    },
    { name: 'svc/get' },
  );
  t.like(exit, { how: 'failed', error: { code: 'INTERNAL', cause } });
  t.regex(exit.how === 'failed' ? exit.error.message : '', /^fiber svc\/get failed/);
});

test('stands runnable, running, blocked and exited, each with its time', async (t) => {
  const rig = new FiberRig();
  const run = rig.start(async (fiber) => {
    t.deepEqual(fiber.state, { is: 'running', sinceMs: 0 });
    await fiber.sleep(10);
    t.deepEqual(fiber.state, { is: 'running', sinceMs: 10 });
  });
  t.deepEqual(run.fiber.state, { is: 'blocked', on: 'sleep', sinceMs: 0 });
  rig.clock.advanceSync(10);
  t.deepEqual(run.fiber.state, { is: 'runnable', sinceMs: 10 });
  await settle();
  t.like(run.fiber.state, { is: 'exited', exit: { how: 'returned' }, sinceMs: 10 });
});

test('cannot be started twice', (t) => {
  const { fiber } = new FiberRig().start(() => 1);
  t.throws(() => fiber.start(() => 2), { message: /has been started/ });
});

test('resumes fibers one by one, each entered just before its own code', async (t) => {
  const rig = new FiberRig();
  const steps: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    rig.start(
      async (fiber) => {
        await fiber.sleep(5);
        steps.push(`${rig.entered.at(-1)} entered, ${name} runs`);
      },
      { name },
    );
  }
  await rig.clock.advance(5);
  t.deepEqual(steps.sort(), ['a entered, a runs', 'b entered, b runs', 'c entered, c runs']);
});

test('sleep wakes at its time and not before', async (t) => {
  const rig = new FiberRig();
  const run = rig.start((fiber) => fiber.sleep(30));
  await rig.clock.advance(29);
  t.is(run.exit, undefined);
  await rig.clock.advance(1);
  t.like(run.exit, { how: 'returned', atMs: 30 });
});

test('sleep refuses what is no time', async (t) => {
  for (const ms of [-1, Number.NaN]) {
    t.like(await new FiberRig().outcome((fiber) => fiber.sleep(ms)), { error: { code: 'INVALID_ARGUMENT' } });
  }
});

test('sleeps until it is cancelled when told to sleep for ever', async (t) => {
  const rig = new FiberRig();
  const run = rig.start((fiber) => fiber.sleep(Number.POSITIVE_INFINITY));
  await rig.clock.advance(1e9);
  t.is(run.exit, undefined);
  run.fiber.cancel();
  await settle();
  t.like(run.exit, { how: 'cancelled' });
});

test('yield lets what is due go first', async (t) => {
  const rig = new FiberRig();
  const steps: string[] = [];
  rig.start(async (fiber) => {
    await fiber.yield();
    steps.push('yielded');
  });
  rig.start(() => steps.push('other'));
  await rig.clock.runAll();
  t.deepEqual(steps, ['other', 'yielded']);
});

test('cancel is thrown by the wait under way', async (t) => {
  const rig = new FiberRig();
  const run = rig.start((fiber) => fiber.sleep(1000));
  const reason = new HeddleError('CANCELLED', 'client gone');
  run.fiber.cancel(reason);
  await settle();
  t.deepEqual(run.exit, { how: 'cancelled', error: reason, atMs: 0 });
  t.is(rig.timers.size, 0);
});

test('cancel is thrown by each wait and check to come', async (t) => {
  const rig = new FiberRig();
  const thrown: unknown[] = [];
  const run = rig.start(async (fiber) => {
    await null;
    for (const wait of [() => fiber.check(), () => fiber.sleep(1), () => fiber.yield(), () => fiber.all([() => 1])]) {
      try {
        await wait();
      } catch (error) {
        thrown.push(error);
      }
    }
    t.true(fiber.cancelled);
    return 'ignored it';
  });
  run.fiber.cancel('enough');
  await rig.clock.runAll();
  t.is(thrown.length, 4);
  t.true(thrown.every((error) => error instanceof HeddleError && error.code === 'CANCELLED'));
  t.like(run.exit, { how: 'returned', value: 'ignored it' });
});

test('the first reason to stop stands', async (t) => {
  const rig = new FiberRig();
  const run = rig.start((fiber) => fiber.sleep(1000));
  run.fiber.cancel('first');
  run.fiber.cancel('second');
  await settle();
  t.regex(run.exit?.how === 'cancelled' ? run.exit.error.message : '', /first/);
});

test('counts as cancelled whatever it throws once it was asked to stop', async (t) => {
  const rig = new FiberRig();
  const run = rig.start(async (fiber) => {
    await fiber.sleep(1000).catch((cause: unknown) => Promise.reject(new Error('wrapped', { cause })));
  });
  run.fiber.cancel();
  await rig.clock.runAll();
  t.like(run.exit, { how: 'cancelled', error: { code: 'CANCELLED' } });
  t.deepEqual(rig.logged, ['debug fiber root was asked to stop and threw something else']);
});

test('does not run at all when it was cancelled before it started', async (t) => {
  const rig = new FiberRig();
  const run = rig.start(() => 1);
  // A second fiber of the same origin, so that the test can come between making and starting it.
  const { Fiber } = await import('../../../runtime/fiber/fiber.ts');
  const late = new Fiber(run.fiber.host, { ...run.fiber.origin, ended: () => {} }, 0);
  late.cancel();
  late.start(() => t.fail('must not run'));
  t.like(late.exit, { how: 'cancelled' });
});

test('wins over a cancel that comes after what it waited for', async (t) => {
  const rig = new FiberRig();
  const run = rig.start(async (fiber) => {
    await fiber.sleep(10);
    return 'slept';
  });
  rig.clock.advanceSync(10);
  run.fiber.cancel();
  await settle();
  t.like(run.exit, { how: 'returned', value: 'slept' });
});

test('fails with DEADLINE_EXCEEDED when its deadline passes, blocked or awaiting something foreign', async (t) => {
  const rig = new FiberRig();
  const blocked = await rig.outcome((fiber) => fiber.sleep(1000), { deadlineMs: 50 });
  t.like(blocked, { how: 'failed', error: { code: 'DEADLINE_EXCEEDED' }, atMs: 50 });
  const foreign = rig.outcome((fiber) => new Promise((resolve) => fiber.onCancel(() => resolve('let go'))), {
    deadlineMs: rig.clock.nowMs() + 50,
  });
  t.like(await foreign, { how: 'failed', error: { code: 'DEADLINE_EXCEEDED' } });
});

test('does not run when its deadline has passed before it starts', async (t) => {
  const rig = new FiberRig();
  rig.clock.skip(100);
  const exit = await rig.outcome(() => t.fail('must not run'), { deadlineMs: 100 });
  t.like(exit, { how: 'failed', error: { code: 'DEADLINE_EXCEEDED' } });
});

test('leaves no timer behind when it ends before its deadline', async (t) => {
  const rig = new FiberRig();
  const run = rig.start((fiber) => fiber.sleep(10), { deadlineMs: 5000 });
  t.is(rig.timers.size, 2);
  await rig.clock.advance(10);
  t.like(run.exit, { how: 'returned' });
  t.is(rig.timers.size, 0);
});

test('uses no timer for a deadline when its function returns at once', (t) => {
  const rig = new FiberRig();
  rig.start(() => 1, { deadlineMs: 5000 });
  t.is(rig.clock.pending, 0);
});

test('check notices a passed deadline in a loop that lets no timer fire', async (t) => {
  const rig = new FiberRig();
  const exit = await rig.outcome(
    (fiber) => {
      for (let round = 0; round < 1000; round++) {
        rig.clock.skip(1);
        fiber.check();
      }
    },
    { deadlineMs: 20 },
  );
  t.like(exit, { how: 'failed', error: { code: 'DEADLINE_EXCEEDED' } });
  t.true(exit.atMs <= 22, `noticed at ${exit.atMs}`);
});

test('check looks at the clock rarely in a fast loop and at each turn in a slow one', async (t) => {
  const rig = new FiberRig();
  let readings = 0;
  const nowMs = rig.clock.nowMs.bind(rig.clock);
  rig.clock.nowMs = () => {
    readings++;
    return nowMs();
  };
  const readingsOf = (rounds: number, everyMs: number, fiber: FiberContext) => {
    readings = 0;
    for (let round = 0; round < rounds; round++) {
      rig.clock.skip(everyMs);
      fiber.check();
    }
    return readings;
  };
  await rig.value(
    (fiber) => {
      t.true(readingsOf(6400, 0.0001, fiber) < 120);
      readingsOf(64, 1, fiber);
      t.is(readingsOf(100, 1, fiber), 100);
    },
    { deadlineMs: 1e6 },
  );
});

test('check stops a fiber whose result nobody wants any more, and its root with it', async (t) => {
  let wanted = true;
  const exit = await new FiberRig().outcome(
    async (fiber) => {
      fiber.spawn((child) => {
        child.check();
        wanted = false;
        child.check();
        t.fail('must not get here');
      });
      await fiber.sleep(1000);
    },
    { isWanted: () => wanted },
  );
  t.like(exit, { how: 'cancelled', error: { code: 'CANCELLED' }, atMs: 0 });
});

test('runs an onCancel callback once, and not when it was taken back', async (t) => {
  const rig = new FiberRig();
  const calls: string[] = [];
  const run = rig.start(async (fiber) => {
    fiber.onCancel((reason) => calls.push(`kept ${reason.code}`));
    fiber.onCancel(() => calls.push('taken back'))();
    await fiber.sleep(1000);
  });
  run.fiber.cancel();
  run.fiber.cancel();
  await settle();
  t.deepEqual(calls, ['kept CANCELLED']);
});

test('runs an onCancel callback at once when it was asked to stop already', async (t) => {
  const rig = new FiberRig();
  const run = rig.start((fiber) => fiber.sleep(1000));
  run.fiber.cancel();
  let called = 0;
  run.fiber.onCancel(() => called++);
  t.is(called, 1);
  await settle();
});

test('logs an onCancel callback that throws, and runs the others', async (t) => {
  const rig = new FiberRig();
  let called = 0;
  const run = rig.start((fiber) => {
    fiber.onCancel(() => {
      throw new Error('no');
    });
    fiber.onCancel(() => called++);
    return fiber.sleep(1000);
  });
  run.fiber.cancel();
  await settle();
  t.is(called, 1);
  t.deepEqual(rig.logged, ['error an onCancel callback of fiber root failed']);
});

test('aborts its signal with the reason to stop, also when the signal is asked for afterwards', async (t) => {
  const rig = new FiberRig();
  const run = rig.start(async (fiber) => {
    t.false(fiber.signal.aborted);
    await fiber.sleep(1000);
  });
  const other = rig.start((fiber) => fiber.sleep(1000));
  run.fiber.cancel();
  other.fiber.cancel();
  t.like(run.fiber.signal, { aborted: true, reason: { code: 'CANCELLED' } });
  t.like(other.fiber.signal, { aborted: true, reason: { code: 'CANCELLED' } });
  await settle();
});

test('aborts its signal when its function fails, and not when it returns', async (t) => {
  const rig = new FiberRig();
  const failed = rig.start(async (fiber) => {
    t.truthy(fiber.signal);
    throw new Error('no');
  });
  const returned = rig.start(async (fiber) => void fiber.signal);
  await settle();
  t.true(failed.fiber.signal.aborted);
  t.false(returned.fiber.signal.aborted);
});

test('ends waits that nobody awaited when it ends, and gives back what they held a place in', async (t) => {
  const rig = new FiberRig();
  const run = rig.start(async (fiber) => {
    void fiber.sleep(1000);
    await fiber.sleep(1);
  });
  await rig.clock.advance(1);
  t.like(run.exit, { how: 'returned' });
  t.is(rig.timers.size, 0);
  await t.throwsAsync(run.fiber.sleep(1), { message: /the fiber has ended/ });
});

test('tells its origin nothing more once it has ended', async (t) => {
  const rig = new FiberRig();
  rig.start((fiber) => void fiber.sleep(1000));
  const entered = rig.entered.length;
  await rig.clock.runAll();
  t.is(rig.entered.length, entered);
});

test('may wait for several things at once, each interrupted by cancel', async (t) => {
  const rig = new FiberRig();
  const run = rig.start(async (fiber) => {
    const ends = await Promise.allSettled([fiber.sleep(1), fiber.sleep(2), fiber.sleep(50), fiber.sleep(60)]);
    return ends.map((end) => end.status);
  });
  await rig.clock.advance(10);
  t.like(run.fiber.state, { is: 'blocked', on: 'sleep' });
  run.fiber.cancel();
  await settle();
  t.like(run.exit, { value: ['fulfilled', 'fulfilled', 'rejected', 'rejected'] });
});

test('bounds what one fiber waits for at once', async (t) => {
  const exit = await new FiberRig().outcome((fiber) => {
    const waits: Promise<void>[] = [];
    for (let index = 0; index < 10_001; index++) waits.push(fiber.sleep(10));
    return waits.at(-1);
  });
  t.like(exit, { how: 'failed', error: { code: 'RESOURCE_EXHAUSTED' } });
});

test('knows how much time is left, and never less than none', async (t) => {
  await new FiberRig().value((fiber) => t.is(fiber.remainingMs(), Number.POSITIVE_INFINITY));
  const rig = new FiberRig();
  rig.start(
    (fiber) => {
      rig.clock.skip(30);
      t.is(fiber.remainingMs(), 20);
      rig.clock.skip(30);
      t.is(fiber.remainingMs(), 0);
    },
    { deadlineMs: 50 },
  );
});
