// all, any, race, group, parallel: children that are started together and awaited as one.

import test from 'ava';
import { HeddleError } from '../../../runtime/errors.ts';
import type { FiberContext } from '../../../runtime/fiber/context.ts';
import type { Fiber } from '../../../runtime/fiber/fiber.ts';
import type { FiberCalls } from '../../../runtime/fiber/host.ts';
import { task } from '../../../runtime/fiber/task.ts';
import { FiberRig } from '../../helpers/fiber-rig.ts';
import { settle } from '../../helpers/virtual-clock.ts';

/** Returns `value` after some time. */
const gives =
  <Value>(afterMs: number, value: Value) =>
  async (fiber: FiberContext) => {
    await fiber.sleep(afterMs);
    return value;
  };

const fails = (afterMs: number, message: string) => async (fiber: FiberContext) => {
  await fiber.sleep(afterMs);
  throw new HeddleError('ABORTED', message);
};

test('all gives every value in order, typed one by one', async (t) => {
  const rig = new FiberRig();
  const exit = await rig.outcome(async (fiber) => {
    const [text, count]: [string, number] = await fiber.all([gives(20, 'text'), gives(10, 7)]);
    return { text, count };
  });
  t.deepEqual(exit, { how: 'returned', value: { text: 'text', count: 7 }, atMs: 20 });
});

test('all of nothing is nothing', async (t) => {
  t.deepEqual(await new FiberRig().value((fiber) => fiber.all([])), []);
});

test('all throws the first failure once the others, cancelled, have ended', async (t) => {
  const rig = new FiberRig();
  const steps: string[] = [];
  const exit = await rig.outcome(async (fiber) => {
    const slow = async (child: FiberContext) => {
      child.defer(async () => {
        await child.sleep(30);
        steps.push('cleaned up');
      });
      await child.sleep(1000);
    };
    await fiber.all([slow, fails(5, 'first'), fails(900, 'never')]).catch((error: HeddleError) => {
      steps.push(error.message);
    });
    return 'recovered';
  });
  t.deepEqual(steps, ['cleaned up', 'first']);
  t.deepEqual(exit, { how: 'returned', value: 'recovered', atMs: 35 });
});

test('a failure in a combinator leaves the other children of the fiber alone', async (t) => {
  const value = await new FiberRig().value(async (fiber) => {
    const other = fiber.spawn(gives(50, 'unharmed'));
    await fiber.all([fails(5, 'no')]).catch(() => {});
    return other.join();
  });
  t.is(value, 'unharmed');
});

test('a failure in a combinator that nobody catches fails the fiber', async (t) => {
  const exit = await new FiberRig().outcome((fiber) => fiber.all([fails(5, 'no')]));
  t.like(exit, { how: 'failed', error: { message: 'no' } });
});

test('all starts no more once one has failed at once', async (t) => {
  const exit = await new FiberRig().outcome((fiber) =>
    fiber.all([
      () => {
        throw new HeddleError('ABORTED', 'at once');
      },
      () => t.fail('must not run'),
    ]),
  );
  t.like(exit, { how: 'failed', error: { message: 'at once' } });
});

test('any gives the first value and cancels the rest', async (t) => {
  const rig = new FiberRig();
  const exit = await rig.outcome((fiber) => fiber.any([gives(30, 'slow'), fails(5, 'no'), gives(10, 'fast')]));
  t.deepEqual(exit, { how: 'returned', value: 'fast', atMs: 10 });
  t.is(rig.timers.size, 0);
});

test('any throws the last failure when all fail', async (t) => {
  const exit = await new FiberRig().outcome((fiber) => fiber.any([fails(30, 'last'), fails(5, 'first')]));
  t.like(exit, { how: 'failed', error: { message: 'last' } });
});

test('race gives the first end, be it a value', async (t) => {
  const exit = await new FiberRig().outcome((fiber) => fiber.race([gives(10, 'value'), fails(20, 'no')]));
  t.deepEqual(exit, { how: 'returned', value: 'value', atMs: 10 });
});

test('race gives the first end, be it a failure', async (t) => {
  const exit = await new FiberRig().outcome((fiber) => fiber.race([gives(20, 'value'), fails(10, 'no')]));
  t.like(exit, { how: 'failed', error: { message: 'no' }, atMs: 10 });
});

test('race needs somebody to run, and so does any', async (t) => {
  for (const run of [(fiber: Fiber) => fiber.race([]), (fiber: Fiber) => fiber.any([])]) {
    t.like(await new FiberRig().outcome(run), { error: { code: 'INVALID_ARGUMENT' } });
  }
});

test('group wakes when enough are in, with results by index', async (t) => {
  const exit = await new FiberRig().outcome((fiber) =>
    fiber.group(2, [gives(30, 'a'), fails(5, 'no'), gives(10, 'c'), gives(20, 'd')]),
  );
  t.deepEqual(exit, { how: 'returned', value: [undefined, undefined, 'c', 'd'], atMs: 20 });
});

test('group throws the failure that puts its count out of reach', async (t) => {
  const exit = await new FiberRig().outcome((fiber) =>
    fiber.group(2, [gives(30, 'a'), fails(5, 'first'), fails(10, 'second')]),
  );
  t.like(exit, { how: 'failed', error: { message: 'second' }, atMs: 10 });
});

test('group refuses a count it can never reach', async (t) => {
  for (const count of [-1, 0, 2, 1.5]) {
    const exit = await new FiberRig().outcome((fiber) => fiber.group(count, [gives(1, 'a')]));
    t.like(exit, { error: { code: 'INVALID_ARGUMENT' } });
  }
});

test('a timeout holds for each member', async (t) => {
  const exit = await new FiberRig().outcome((fiber) =>
    fiber.group(1, [gives(100, 'slow'), gives(200, 'slower')], { timeoutMs: 50 }),
  );
  t.like(exit, { how: 'failed', error: { code: 'DEADLINE_EXCEEDED' }, atMs: 50 });
});

test('members are named by their function, or by the group and their place', async (t) => {
  async function ranker() {}
  const rig = new FiberRig();
  const names = (fiber: FiberContext) => fiber.name;
  await rig.value(async (fiber) => {
    t.deepEqual(await fiber.all([names, (child: FiberContext) => child.name]), ['names', 'all[1]']);
    t.deepEqual(await fiber.all([names], { name: 'shard' }), ['shard[0]']);
    await fiber.all([ranker]);
  });
});

test('a cancelled caller gets its error only when the members have ended', async (t) => {
  const rig = new FiberRig();
  const steps: string[] = [];
  const run = rig.start(async (fiber) => {
    const slow = async (child: FiberContext) => {
      child.defer(async () => {
        await child.sleep(30);
        steps.push('member ended');
      });
      await child.sleep(1000);
    };
    await fiber.all([slow]).finally(() => steps.push('caller woken'));
  });
  t.like(run.fiber.state, { is: 'blocked', on: 'all of 1' });
  run.fiber.cancel();
  await rig.clock.advance(30);
  t.deepEqual(steps, ['member ended', 'caller woken']);
  t.like(run.exit, { how: 'cancelled', atMs: 30 });
});

test('a combinator in a fiber that is to stop starts nothing', async (t) => {
  const rig = new FiberRig();
  const run = rig.start(async (fiber) => {
    await fiber.sleep(10).catch(() => {});
    await fiber.all([() => t.fail('must not run')]);
  });
  run.fiber.cancel();
  await settle();
  t.like(run.exit, { how: 'cancelled' });
});

test('a combinator in a finalizer is refused with the reason', async (t) => {
  const exit = await new FiberRig().outcome((fiber) => fiber.defer(() => fiber.all([]).then(() => {})));
  t.like(exit, { how: 'returned' });
  const refused = await new FiberRig().outcome((fiber) => fiber.defer(() => fiber.any([() => {}])));
  t.like(refused, { how: 'failed', error: { code: 'FAILED_PRECONDITION' } });
});

test('combinators nest', async (t) => {
  const value = await new FiberRig().value((fiber) =>
    fiber.all([
      (left: FiberContext) => left.any([gives(10, 'left'), fails(5, 'no')]),
      (right: FiberContext) => right.group(1, [gives(20, 'right')]),
    ]),
  );
  t.deepEqual(value, ['left', ['right']]);
});

/** Calls that give each offloaded input back, tenfold, after a while. */
function tenfold(afterMs: number) {
  const seen = { running: 0, most: 0 };
  const calls: Partial<FiberCalls> = {
    async offload<Input, Output>(fiber: FiberContext, _task: unknown, input: Input): Promise<Output> {
      seen.most = Math.max(seen.most, ++seen.running);
      await fiber.sleep(afterMs);
      seen.running--;
      return (Number(input) * 10) as Output;
    },
  };
  return { seen, calls };
}

const scoring = task('file:///tasks.ts', 'score', (input: number) => input * 10);

test('parallel gives the values in the order of the inputs', async (t) => {
  const { calls } = tenfold(5);
  t.deepEqual(await new FiberRig().value((fiber) => fiber.parallel(scoring, [3, 1, 2]), { calls }), [30, 10, 20]);
  t.deepEqual(await new FiberRig().value((fiber) => fiber.parallel(scoring, []), { calls }), []);
});

test('parallel has at most 256 inputs under way', async (t) => {
  const { seen, calls } = tenfold(5);
  const inputs = Array.from({ length: 1000 }, (_, index) => index);
  const exit = await new FiberRig().outcome((fiber) => fiber.parallel(scoring, inputs), { calls });
  t.deepEqual(
    exit.how === 'returned' && exit.value,
    inputs.map((input) => input * 10),
  );
  t.is(seen.most, 256);
  t.is(exit.atMs, 20);
});

test('parallel throws the first failure and starts no more', async (t) => {
  let started = 0;
  const calls: Partial<FiberCalls> = {
    offload: () => {
      started++;
      return Promise.reject(new HeddleError('UNAVAILABLE', 'thread died'));
    },
  };
  const inputs = Array.from({ length: 1000 }, (_, index) => index);
  const exit = await new FiberRig().outcome((fiber) => fiber.parallel(scoring, inputs), { calls });
  t.like(exit, { how: 'failed', error: { code: 'UNAVAILABLE' } });
  t.is(started, 256);
});
