// Parents and children: spawn, join, failure, cancel, deadlines, finalizers.

import test from 'ava';
import { HeddleError } from '../../../runtime/errors.ts';
import type { ChildFiber, FiberContext } from '../../../runtime/fiber/context.ts';
import { FiberRig } from '../../helpers/fiber-rig.ts';
import { settle } from '../../helpers/virtual-clock.ts';

const fails =
  (afterMs: number, message = 'broken') =>
  async (fiber: FiberContext) => {
    await fiber.sleep(afterMs);
    throw new HeddleError('ABORTED', message);
  };

test('a fiber ends only when its children have ended', async (t) => {
  const rig = new FiberRig();
  const run = rig.start((fiber) => {
    fiber.spawn((child) => child.sleep(50));
    return 'body done';
  });
  await rig.clock.advance(49);
  t.like(run.fiber.state, { is: 'blocked', on: 'its children' });
  await rig.clock.advance(1);
  t.like(run.exit, { how: 'returned', value: 'body done', atMs: 50 });
});

test('spawn runs the child up to its first await, then goes on', async (t) => {
  const rig = new FiberRig();
  const steps: string[] = [];
  await rig.value(async (fiber) => {
    fiber.spawn(async (child) => {
      steps.push('child');
      await child.yield();
      steps.push('child again');
    });
    steps.push('parent');
  });
  t.deepEqual(steps, ['child', 'parent', 'child again']);
  t.deepEqual(rig.entered.slice(0, 3), ['root', 'child', 'root']);
});

test('a child is named by its options, its function or nothing', async (t) => {
  await new FiberRig().value((fiber) => {
    async function ranker() {}
    t.is(fiber.spawn(ranker, { name: 'mine' }).name, 'mine');
    t.is(fiber.spawn(ranker).name, 'ranker');
    t.is(fiber.spawn(() => 1).name, 'child');
  });
});

test('join gives the value, before and after the child ended, any number of times', async (t) => {
  const value = await new FiberRig().value(async (fiber) => {
    const child = fiber.spawn(async (inner) => {
      await inner.sleep(5);
      return 'value';
    });
    return [...(await Promise.all([child.join(), child.join()])), await child.join()];
  });
  t.deepEqual(value, ['value', 'value', 'value']);
});

test('join throws the failure of its child', async (t) => {
  let thrown: unknown;
  await new FiberRig().outcome(async (fiber) => {
    const child = fiber.spawn(fails(5));
    thrown = await child.join().catch((error: unknown) => error);
  });
  t.like(thrown, { code: 'ABORTED', message: 'broken' });
});

test('join says what it waits for, and is interrupted by cancel', async (t) => {
  const rig = new FiberRig();
  let thrown: unknown;
  const run = rig.start(async (fiber) => {
    const child = fiber.spawn((inner) => inner.sleep(50), { name: 'ranker' });
    thrown = await child.join().catch((error: unknown) => error);
  });
  t.like(run.fiber.state, { is: 'blocked', on: 'join ranker' });
  run.fiber.cancel();
  await settle();
  t.like(thrown, { code: 'CANCELLED' });
});

test('a sibling may join, as the fiber that waits', async (t) => {
  const rig = new FiberRig();
  const value = await rig.value(async (fiber) => {
    const slow = fiber.spawn(async (child) => {
      await child.sleep(10);
      return 'slow';
    });
    const joiner = fiber.spawn((child) => slow.join(child));
    t.like(joiner.state, { is: 'blocked', on: 'join child' });
    return joiner.join();
  });
  t.is(value, 'slow');
});

test('a fiber cannot join itself', async (t) => {
  await new FiberRig().outcome(async (fiber) => {
    const child: ChildFiber<unknown> = fiber.spawn(async (inner): Promise<unknown> => {
      await inner.yield();
      return child.join(inner).catch((error: unknown) => error);
    });
    t.like(await child.join(), { code: 'FAILED_PRECONDITION' });
  });
});

test('a child that fails cancels its siblings and fails its parent once they have ended', async (t) => {
  const rig = new FiberRig();
  const steps: string[] = [];
  const exit = await rig.outcome(async (fiber) => {
    fiber.spawn(async (sibling) => {
      try {
        await sibling.sleep(1000);
      } catch (error) {
        steps.push(`sibling ${(error as HeddleError).code}`);
      }
      sibling.defer(async () => {
        await sibling.sleep(20);
        steps.push('sibling cleaned up');
      });
    });
    fiber.spawn(fails(5));
    await fiber.sleep(1000).finally(() => steps.push('parent woken'));
  });
  t.like(exit, { how: 'failed', error: { code: 'ABORTED', message: 'broken' }, atMs: 25 });
  t.deepEqual(steps.sort(), ['parent woken', 'sibling CANCELLED', 'sibling cleaned up']);
});

test('a child that fails fails its parent even when the parent caught it at join', async (t) => {
  const exit = await new FiberRig().outcome(async (fiber) => {
    const child = fiber.spawn(fails(5));
    await child.join().catch(() => {});
    return 'recovered?';
  });
  t.like(exit, { how: 'failed', error: { code: 'ABORTED' } });
});

test('a failed parent cancels its children and waits for them', async (t) => {
  const rig = new FiberRig();
  let child: ChildFiber<unknown> | undefined;
  const exit = await rig.outcome((fiber) => {
    child = fiber.spawn((inner) => inner.sleep(1000));
    throw new HeddleError('ABORTED', 'parent broken');
  });
  t.like(exit, { how: 'failed', error: { message: 'parent broken' }, atMs: 0 });
  t.like(child?.state, { exit: { how: 'cancelled', error: { message: 'cancelled because fiber root failed' } } });
});

test('the first failure is the one that is reported', async (t) => {
  const exit = await new FiberRig().outcome((fiber) => {
    fiber.spawn(fails(5, 'first'));
    fiber.spawn(async (child) => {
      await child.sleep(1000).catch(() => Promise.reject(new Error('second')));
    });
  });
  t.like(exit, { how: 'failed', error: { message: 'first' } });
});

test('cancelling a parent cancels its children, with the same reason', async (t) => {
  const rig = new FiberRig();
  let child: ChildFiber<unknown> | undefined;
  const run = rig.start((fiber) => {
    child = fiber.spawn((inner) => {
      inner.spawn((grandchild) => grandchild.sleep(1000));
      return inner.sleep(1000);
    });
    return child.join();
  });
  const reason = new HeddleError('CANCELLED', 'client gone');
  run.fiber.cancel(reason);
  await rig.clock.runAll();
  t.deepEqual(run.exit, { how: 'cancelled', error: reason, atMs: 0 });
  t.like(child?.state, { exit: { how: 'cancelled', error: reason } });
});

test('a parent is cancelled, not returned, when its body was over but its children were cut short', async (t) => {
  const rig = new FiberRig();
  const run = rig.start((fiber) => {
    fiber.spawn((child) => child.sleep(1000));
    return 'body done';
  });
  await settle();
  run.fiber.cancel();
  await settle();
  t.like(run.exit, { how: 'cancelled' });
});

test('a parent waits for a child that ignores cancel', async (t) => {
  const rig = new FiberRig();
  let release = (): void => {};
  const run = rig.start((fiber) => {
    fiber.spawn(
      () =>
        new Promise<void>((resolve) => {
          release = resolve;
        }),
    );
    return fiber.sleep(1000);
  });
  run.fiber.cancel();
  await rig.clock.advance(5000);
  t.is(run.exit, undefined);
  release();
  await settle();
  t.like(run.exit, { how: 'cancelled' });
});

test('cancelling one child leaves its siblings and its parent alone', async (t) => {
  const value = await new FiberRig().value(async (fiber) => {
    const stopped = fiber.spawn((child) => child.sleep(1000));
    const other = fiber.spawn(async (child) => {
      await child.sleep(10);
      return 'other';
    });
    stopped.cancel('not needed');
    const error: unknown = await stopped.join().catch((reason: unknown) => reason);
    t.like(error, { code: 'CANCELLED', message: 'fiber child was cancelled: not needed' });
    return other.join();
  });
  t.is(value, 'other');
});

test('spawn throws in a fiber that is to stop', async (t) => {
  const rig = new FiberRig();
  const run = rig.start(async (fiber) => {
    await fiber.sleep(1000).catch(() => {});
    fiber.spawn(() => t.fail('must not run'));
  });
  run.fiber.cancel();
  await settle();
  t.like(run.exit, { how: 'cancelled' });
});

test("a child's deadline is the nearer one of its own timeout and its parent's deadline", async (t) => {
  await new FiberRig().value(
    (fiber) => {
      t.is(fiber.spawn(() => 1, { timeoutMs: 30 }) && fiber.deadlineMs, 100);
      fiber.spawn((child) => t.is(child.deadlineMs, 30), { timeoutMs: 30 });
      fiber.spawn((child) => t.is(child.deadlineMs, 100), { timeoutMs: 3000 });
      fiber.spawn((child) => t.is(child.deadlineMs, 100));
    },
    { deadlineMs: 100 },
  );
});

test('a child that exceeds its own timeout has failed', async (t) => {
  const exit = await new FiberRig().outcome((fiber) => {
    fiber.spawn((child) => child.sleep(1000), { name: 'slow', timeoutMs: 30 });
  });
  t.like(exit, { how: 'failed', error: { code: 'DEADLINE_EXCEEDED' }, atMs: 30 });
  t.regex(exit.how === 'failed' ? exit.error.message : '', /deadline of fiber slow passed/);
});

test('a child whose time is over before it starts does not run', async (t) => {
  const exit = await new FiberRig().outcome((fiber) => {
    fiber.spawn(() => t.fail('must not run'), { timeoutMs: -1 });
  });
  t.like(exit, { how: 'failed', error: { code: 'DEADLINE_EXCEEDED' } });
});

test('children without a timeout of their own share the timer of their parent', async (t) => {
  const rig = new FiberRig();
  const run = rig.start(
    (fiber) => {
      for (let index = 0; index < 10; index++) fiber.spawn((child) => child.sleep(Number.POSITIVE_INFINITY));
    },
    { deadlineMs: 50 },
  );
  t.is(rig.timers.size, 1);
  await rig.clock.advance(50);
  t.like(run.exit, { how: 'failed', error: { code: 'DEADLINE_EXCEEDED' }, atMs: 50 });
});

test('finalizers run in reverse order, after the children have ended', async (t) => {
  const steps: string[] = [];
  await new FiberRig().value((fiber) => {
    fiber.defer(() => void steps.push('first registered'));
    fiber.defer(async () => {
      await fiber.sleep(10);
      steps.push('second registered');
    });
    fiber.spawn(async (child) => {
      child.defer(() => void steps.push("child's"));
      await child.sleep(50);
    });
  });
  t.deepEqual(steps, ["child's", 'second registered', 'first registered']);
});

test('finalizers run after a failure and after a cancel', async (t) => {
  const rig = new FiberRig();
  const steps: string[] = [];
  await rig.outcome((fiber) => {
    fiber.defer(() => void steps.push('failed'));
    throw new Error('no');
  });
  const run = rig.start((fiber) => {
    fiber.defer(() => void steps.push('cancelled'));
    return fiber.sleep(1000);
  });
  run.fiber.cancel();
  await settle();
  t.deepEqual(steps, ['failed', 'cancelled']);
});

test('a finalizer may wait although its fiber was cancelled', async (t) => {
  const rig = new FiberRig();
  let cleaned = false;
  const run = rig.start((fiber) => {
    fiber.defer(async () => {
      t.true(fiber.cancelled);
      fiber.check();
      await fiber.sleep(20);
      cleaned = true;
    });
    return fiber.sleep(1000);
  });
  run.fiber.cancel();
  await rig.clock.advance(20);
  t.true(cleaned);
  t.like(run.exit, { how: 'cancelled', atMs: 20 });
});

test('neither a later cancel nor the deadline interrupts a finalizer', async (t) => {
  const rig = new FiberRig();
  const run = rig.start((fiber) => void fiber.defer(() => fiber.sleep(200)), { deadlineMs: 100 });
  await rig.clock.advance(10);
  run.fiber.cancel();
  await rig.clock.advance(190);
  t.like(run.exit, { how: 'returned', atMs: 200 });
});

test('finalizers may wait for five seconds in all, then their waits throw', async (t) => {
  const rig = new FiberRig();
  const steps: string[] = [];
  const exit = await rig.outcome((fiber) => {
    fiber.defer(() => void steps.push('last'));
    fiber.defer(() => fiber.sleep(1000));
    fiber.defer(() => fiber.sleep(60_000));
    fiber.defer(() => fiber.sleep(1000));
  });
  t.like(exit, { how: 'failed', error: { code: 'DEADLINE_EXCEEDED' }, atMs: 5000 });
  t.deepEqual(steps, ['last']);
  t.is(rig.timers.size, 0);
});

test('calls of a finalizer have the rest of its grace as their deadline', async (t) => {
  const rig = new FiberRig();
  await rig.outcome(
    (fiber) => {
      t.is(fiber.callDeadlineMs, 10);
      fiber.defer(() => void t.is(fiber.callDeadlineMs, 10 + 5000));
      return fiber.sleep(50);
    },
    { deadlineMs: 10 },
  );
});

test('a finalizer that throws stops no other, is logged, and fails a fiber that was succeeding', async (t) => {
  const rig = new FiberRig();
  const steps: string[] = [];
  const exit = await rig.outcome((fiber) => {
    fiber.defer(() => void steps.push('runs'));
    fiber.defer(() => Promise.reject(new Error('later')));
    fiber.defer(() => {
      throw new HeddleError('ABORTED', 'no release');
    });
  });
  t.like(exit, { how: 'failed', error: { code: 'ABORTED', message: 'no release' } });
  t.deepEqual(steps, ['runs']);
  t.deepEqual(rig.logged, ['error a finalizer of fiber root failed', 'error a finalizer of fiber root failed']);
});

test('a finalizer that throws does not hide why the fiber failed or was cancelled', async (t) => {
  const rig = new FiberRig();
  const bad = () => Promise.reject(new Error('no release'));
  const failed = await rig.outcome((fiber) => {
    fiber.defer(bad);
    throw new HeddleError('ABORTED', 'body');
  });
  t.like(failed, { how: 'failed', error: { message: 'body' } });
  const run = rig.start((fiber) => {
    fiber.defer(bad);
    return fiber.sleep(1000);
  });
  run.fiber.cancel();
  await settle();
  t.like(run.exit, { how: 'cancelled' });
});

test('a finalizer registered by a finalizer runs next', async (t) => {
  const steps: string[] = [];
  await new FiberRig().value((fiber) => {
    fiber.defer(() => void steps.push('outer'));
    fiber.defer(() => fiber.defer(() => void steps.push('inner')));
  });
  t.deepEqual(steps, ['inner', 'outer']);
});

test('nothing is spawned in a finalizer or deferred after the end', async (t) => {
  const { fiber } = new FiberRig().start((root) => root.defer(() => void root.spawn(() => 1)));
  t.like(fiber.exit, { how: 'failed', error: { code: 'FAILED_PRECONDITION' } });
  t.throws(() => fiber.defer(() => {}), { message: /has ended/ });
  t.throws(() => fiber.spawn(() => 1), { message: /has ended/ });
});

test('bounds the children of a fiber and how deep fibers lie', async (t) => {
  const wide = await new FiberRig().outcome((fiber) => {
    for (let index = 0; index <= 10_000; index++) fiber.spawn((child) => child.sleep(10));
  });
  t.like(wide, { how: 'failed', error: { code: 'RESOURCE_EXHAUSTED' } });
  async function deeper(fiber: FiberContext): Promise<void> {
    await fiber.sleep(0);
    fiber.spawn(deeper);
  }
  t.like(await new FiberRig().outcome(deeper), { how: 'failed', error: { code: 'RESOURCE_EXHAUSTED' } });
});

test('a cancel reaches the bottom of the deepest tree', async (t) => {
  const rig = new FiberRig();
  let bottom: unknown;
  async function deeper(fiber: FiberContext, left: number): Promise<void> {
    await fiber.sleep(0);
    if (left === 0) bottom = await fiber.sleep(1e9).catch((error: unknown) => error);
    else fiber.spawn((child) => deeper(child, left - 1));
  }
  const run = rig.start((fiber) => deeper(fiber, 990));
  await rig.clock.advance(2000);
  run.fiber.cancel();
  await settle();
  t.like(bottom, { code: 'CANCELLED' });
  t.like(run.exit, { how: 'returned' });
});
