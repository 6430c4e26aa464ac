// Bodies that are one wait of their fiber: how they end.

import { AsyncLocalStorage } from 'node:async_hooks';
import test from 'ava';
import { HeddleError } from '../../../runtime/errors.ts';
import type { FiberContext } from '../../../runtime/fiber/context.ts';
import { Wait, waiterOf } from '../../../runtime/fiber/wait.ts';
import { FiberRig } from '../../helpers/fiber-rig.ts';
import { settle } from '../../helpers/virtual-clock.ts';

/** Named by a constant, since objects with a literal `then` are what the linter warns of. */
const then = String('then');

test('a body that is one wait ends when the wait does: with its value or its failure', async (t) => {
  const rig = new FiberRig();
  t.deepEqual(await rig.outcome((fiber) => fiber.all([(child) => child.sleep(5), async () => 'now'])), {
    how: 'returned',
    value: [undefined, 'now'],
    atMs: 5,
  });
  const stopped = rig.start((fiber) => fiber.sleep(50), { deadlineMs: 20 });
  await rig.clock.runAll();
  t.like(stopped.exit, { how: 'failed', error: { code: 'DEADLINE_EXCEEDED' } });
});

test('what user code hangs on the wait that its body returns runs as that fiber, and before it ends', async (t) => {
  const rig = new FiberRig();
  const steps: string[] = [];
  const body = (step: string) => (child: FiberContext) => {
    const slept = child.sleep(5);
    void slept.then(() => steps.push(`${step} as ${rig.entered.at(-1)}`));
    return slept;
  };
  await rig.value(async (fiber) => {
    await fiber.all([body('one'), body('two')], { name: 'child' });
    steps.push(`after as ${rig.entered.at(-1)}`);
  });
  t.deepEqual(steps, ['one as child[0]', 'two as child[1]', 'after as root']);
});

test('a body that returns the wait of another fiber ends by it all the same', async (t) => {
  const exit = await new FiberRig().outcome((fiber) => {
    const slept = fiber.sleep(7);
    return fiber.all([() => slept, () => slept]);
  });
  t.like(exit, { how: 'returned', atMs: 7 });
});

/** Ends when a test says so. */
class Awaited extends Wait<unknown> {
  get on(): string {
    return 'the test';
  }

  protected enroll(): void {}

  protected withdraw(): void {}
}

/** A fan-out of one whose body is such a wait, that is granted `value`. */
async function granted(value: unknown, finalizer?: () => void) {
  let wait: Awaited | undefined;
  const rig = new FiberRig();
  const run = rig.start((fiber) =>
    fiber.all([
      (child) => {
        if (finalizer !== undefined) child.defer(finalizer);
        wait = new Awaited(waiterOf(child));
        return wait.begin();
      },
    ]),
  );
  const other = rig.start((fiber) => fiber.sleep(5));
  elsewhere.run('elsewhere', () => wait!.grant(value));
  await settle();
  await rig.clock.runAll();
  return { exit: run.exit, other: other.exit };
}

const elsewhere = new AsyncLocalStorage<string>();

test('a body whose wait is granted a promise ends with what that comes to', async (t) => {
  t.like((await granted(Promise.resolve('come'))).exit, { how: 'returned', value: ['come'] });
  t.like((await granted(Promise.reject(new HeddleError('NOT_FOUND', 'none')))).exit, { how: 'failed' });
});

test('what can not be read at the end of a body fails that fiber and stops no other', async (t) => {
  const unreadable = Object.defineProperty({}, then, {
    get: () => {
      throw new Error('not to be read');
    },
  });
  const { exit, other } = await granted(unreadable);
  t.like(exit, { how: 'failed' });
  t.like(other, { how: 'returned' });
});

test('a finalizer runs in the async context of its own fiber, whoever ends the wait before it', async (t) => {
  const seen: (string | undefined)[] = [];
  await granted('done', () => seen.push(elsewhere.getStore()));
  t.deepEqual(seen, [undefined]);
});
