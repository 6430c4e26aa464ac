// FiberRun: a run is fibers of the request, and leaves nothing behind.

import { AsyncLocalStorage } from 'node:async_hooks';
import test from 'ava';
import { HeddleError } from '../../../runtime/errors.ts';
import { childrenMax } from '../../../runtime/fiber/bounds.ts';
import type { FiberContext } from '../../../runtime/fiber/context.ts';
import { settle } from '../../helpers/virtual-clock.ts';
import { GraphRig } from './world.ts';

const two = `
nodes:
  first: { run: ./any.ts#any, timeout: 30ms }
  second: { run: ./any.ts#any }
output: [first, second]
`;
const one = 'nodes: { only: { run: ./any.ts#any } }\noutput: only\n';

test('each node is a fiber of the request, and both run at once', async (t) => {
  const began: [string, number][] = [];
  const body = async (_: unknown, fiber: FiberContext) => {
    began.push([fiber.name, world.rig.clock.nowMs()]);
    await fiber.sleep(10);
    return fiber.name;
  };
  const world = await GraphRig.of(t, two, { first: body, second: body });
  t.deepEqual(await world.rig.value((fiber) => world.run(fiber)), ['test/first', 'test/second']);
  t.deepEqual(began, [
    ['test/first', 0],
    ['test/second', 0],
  ]);
  t.true(world.isAtRest);
});

test('a function may answer at once, by a promise, with nothing; what it throws is an error with the node in it', async (t) => {
  const says = async (body: () => unknown) => {
    const world = await GraphRig.of(t, one, { only: body });
    const exit = await world.rig.outcome((fiber) => world.run(fiber));
    t.true(world.isAtRest);
    return exit.how === 'returned' ? exit.value : [exit.error.code, exit.error.message];
  };
  t.is(await says(() => 7), 7);
  t.is(await says(() => Promise.resolve(7)), 7);
  t.is(await says(() => undefined), null);
  const told = new HeddleError('NOT_FOUND', 'no such user');
  t.deepEqual(await says(() => Promise.reject(told)), ['NOT_FOUND', 'test failed at only: no such user']);
  for (const thrown of ['text', undefined, null, 7, { code: 'x' }]) {
    const failure = (await says(() => {
      throw thrown;
    })) as string[];
    t.is(failure[0], 'INTERNAL');
    t.regex(failure[1]!, /^test failed at only: fiber test\/only failed/);
  }
});

test('every node runs in the async context of whoever asked for the run, whatever ends the node before it', async (t) => {
  const scope = new AsyncLocalStorage<string>();
  const text = `
nodes:
  first: { run: ./any.ts#any }
  second: { run: ./any.ts#any, needs: [first] }
output: second
`;
  const world = await GraphRig.of(t, text, {
    first: (_input, fiber) => fiber.sleep(10),
    second: () => scope.getStore() ?? 'none',
  });
  let answer: unknown;
  scope.run('the asker', () =>
    world.rig.start(async (fiber) => {
      answer = await world.run(fiber);
    }),
  );
  await scope.run('another', () => world.rig.clock.advance(10));
  t.is(answer, 'the asker');
});

test('cancelling the request cancels the nodes under way, and counts as a run that nobody wanted', async (t) => {
  const reasons: string[] = [];
  const body = async (_: unknown, fiber: FiberContext) => {
    fiber.onCancel(({ code }) => reasons.push(code));
    await fiber.sleep(1000);
  };
  const world = await GraphRig.of(t, two, { first: body, second: body });
  const { fiber } = world.rig.start((root) => world.run(root));
  await world.rig.clock.advance(5);
  fiber.cancel('the client left');
  await settle();
  t.deepEqual(reasons, ['CANCELLED', 'CANCELLED']);
  t.is(fiber.exit?.how, 'cancelled');
  t.deepEqual(world.nodes(), { first: 'cancelled', second: 'cancelled' });
  t.false(world.ended[0]!.waiting);
  t.is(world.ended.length, 1);
  t.true(world.isAtRest);
});

test('a node that ignores its deadline holds up neither the graph nor the request, and is told of', async (t) => {
  const never = Promise.withResolvers<void>();
  const text = `
nodes:
  deaf: { run: ./any.ts#any, timeout: 30ms, fallback: [{ value: "'plain'" }] }
output: deaf
`;
  const world = await GraphRig.of(t, text, { deaf: () => never.promise });
  let answer: unknown;
  const started = world.rig.start(async (fiber) => {
    answer = await world.run(fiber);
  });
  await world.rig.clock.advance(31);
  t.is(answer, 'plain');
  t.like(started.exit, { how: 'returned', atMs: 30 });
  t.deepEqual(world.abandoned, [`${world.ended[0]!.graph.name}/deaf`]);
  never.resolve();
  await settle();
  t.true(world.isAtRest);
});

test('a node that ignores its end is waited for while it has finalizers, which must not run beside it', async (t) => {
  const never = Promise.withResolvers<void>();
  let cleaned = false;
  const text = `
nodes:
  deaf: { run: ./any.ts#any, timeout: 30ms, fallback: [{ value: "'plain'" }] }
output: deaf
`;
  const world = await GraphRig.of(t, text, {
    deaf: (_input, fiber) => {
      fiber.defer(() => {
        cleaned = true;
      });
      return never.promise;
    },
  });
  const started = world.rig.start((fiber) => world.run(fiber));
  await world.rig.clock.advance(40);
  t.is(started.exit, undefined);
  never.resolve();
  await settle();
  t.true(cleaned);
  t.is(started.exit?.how, 'returned');
});

test('what a node throws is told, though a fallback makes it good', async (t) => {
  const text = `
nodes:
  bad: { run: ./any.ts#any, fallback: [{ value: "'plain'" }] }
output: bad
`;
  const bad = () => {
    throw new Error('under water');
  };
  const world = await GraphRig.of(t, text, { bad });
  t.is(await world.rig.value((fiber) => world.run(fiber)), 'plain');
  t.deepEqual(world.threw, [`${world.ended[0]!.graph.name}/bad`]);
});

test('the deadline of the request bounds the strategy, less what is kept in reserve', async (t) => {
  const text = `
budget: { total: 10s, reserve: 5ms }
nodes: { slow: { run: ./any.ts#any, fallback: [{ value: "'in time'" }] } }
output: slow
`;
  const world = await GraphRig.of(t, text, { slow: (_, fiber) => fiber.sleep(60_000) });
  const exit = await world.rig.outcome((fiber) => world.run(fiber), { deadlineMs: 100 });
  t.like(exit, { how: 'returned', value: 'in time', atMs: 95 });
  t.true(world.isAtRest);
});

test('a request out of time takes its nodes along', async (t) => {
  const world = await GraphRig.of(t, two, {
    first: (_, fiber) => fiber.sleep(20),
    second: (_, fiber) => fiber.sleep(60_000),
  });
  const exit = await world.rig.outcome((fiber) => world.run(fiber), { deadlineMs: 100 });
  t.is(exit.how === 'failed' && exit.error.code, 'DEADLINE_EXCEEDED');
  t.is(exit.atMs, 100);
  t.true(world.isAtRest);
});

test('the failure of one node cancels the others, whose fibers are gone when the request ends', async (t) => {
  let ended = 0;
  const world = await GraphRig.of(t, two, {
    first: async (_, fiber) => {
      await fiber.sleep(5);
      throw new HeddleError('ABORTED', 'in between');
    },
    second: async (_, fiber) => {
      fiber.defer(() => void ended++);
      await fiber.sleep(1000);
    },
  });
  const { fiber, exit } = world.rig.start((root) => world.run(root));
  await world.rig.clock.advance(6);
  t.is(exit, undefined);
  t.like(fiber.exit, { how: 'failed', atMs: 5 });
  t.is(ended, 1);
  t.deepEqual([...fiber.children()], []);
  t.true(world.isAtRest);
});

test('what a node spawns and does not wait for fails the node, not the request', async (t) => {
  const text = 'nodes: { only: { run: ./any.ts#any, fallback: [{ value: 1 }] } }\noutput: only\n';
  const world = await GraphRig.of(t, text, {
    only: (_, fiber) => {
      fiber.spawn(() => {
        throw new Error('aside');
      });
      return 2;
    },
  });
  t.is(await world.rig.value((fiber) => world.run(fiber)), 1);
});

test('a node that would be one child too many fails, and the run goes on', async (t) => {
  const text = 'nodes: { only: { run: ./any.ts#any, fallback: [{ value: "\'full\'" }] } }\noutput: only\n';
  const world = await GraphRig.of(t, text, { only: () => 'ran' });
  const exit = await world.rig.outcome(async (fiber) => {
    for (let child = 0; child < childrenMax; child++) fiber.spawn((one) => one.sleep(1));
    return await world.run(fiber);
  });
  t.like(exit, { how: 'returned', value: 'full' });
  t.like(world.ended[0]!.core.errors![0], { code: 'RESOURCE_EXHAUSTED' });
});

test('a foreach of as many items as there may be is done, whether they answer at once or not', async (t) => {
  const text = `
request: { items: list<number> }
nodes:
  each: { run: ./any.ts#any, foreach: { in: request.items, as: item, maxItems: 10000, parallel: 10000 }, input: item }
output: each
`;
  const items = Array.from({ length: 10_000 }, (_, at) => at);
  for (const later of [false, true]) {
    const world = await GraphRig.of(t, text, {
      each: async (item, fiber) => {
        if (later) await fiber.sleep(1);
        return item;
      },
    });
    t.deepEqual(await world.rig.value((fiber) => world.run(fiber, { items })), items);
    t.true(world.isAtRest);
  }
});

test('a hundred runs of one fiber one after another leave it without children and timers', async (t) => {
  const world = await GraphRig.of(t, two, { first: () => 1, second: (_, fiber) => fiber.sleep(1) });
  await world.rig.value(async (fiber) => {
    for (let run = 0; run < 100; run++) await world.run(fiber);
  });
  t.is(world.ended.length, 100);
  t.true(world.isAtRest);
  t.is(world.rig.clock.pending, 0);
});
