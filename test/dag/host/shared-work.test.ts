// What runs of one thread share: flights, cached values, the bound of concurrency, breakers; in real runs by fibers.

import test from 'ava';
import { HeddleError } from '../../../runtime/errors.ts';
import type { FiberContext, FiberExit } from '../../../runtime/fiber/context.ts';
import { settle } from '../../helpers/virtual-clock.ts';
import { GraphRig } from './world.ts';

const cached = `
request: { key: string }
nodes: { only: { run: ./any.ts#any, timeout: 100ms, cache: { key: request.key, ttl: 1s } } }
output: only
`;
const key = { key: 'a' };

function codeOf(exit: FiberExit<unknown> | undefined): unknown {
  return exit?.how === 'returned' ? exit.value : exit?.error.code;
}

test('of two equal runs one works, and both have its value; later ones have it from the cache until it is old', async (t) => {
  let works = 0;
  const world = await GraphRig.of(t, cached, {
    only: async (_, fiber) => {
      await fiber.sleep(10);
      return ++works;
    },
  });
  const runs = [1, 2].map(() => world.rig.start((fiber) => world.run(fiber, key)));
  await world.rig.clock.advance(10);
  t.deepEqual(
    runs.map(({ exit }) => codeOf(exit)),
    [1, 1],
  );
  t.is(await world.rig.value((fiber) => world.run(fiber, key)), 1);
  t.is(await world.rig.value((fiber) => world.run(fiber, { key: 'b' })), 2);
  await world.rig.clock.advance(1000);
  t.is(await world.rig.value((fiber) => world.run(fiber, key)), 3);
  t.true(world.isAtRest);
});

test('where the leader is cancelled the follower leads', async (t) => {
  let works = 0;
  const world = await GraphRig.of(t, cached, {
    only: async (_, fiber) => {
      works++;
      await fiber.sleep(10);
      return works;
    },
  });
  const [leader, follower] = [1, 2].map(() => world.rig.start((fiber) => world.run(fiber, key)));
  await world.rig.clock.advance(5);
  leader!.fiber.cancel();
  await world.rig.clock.advance(10);
  t.is(leader!.exit?.how, 'cancelled');
  t.is(codeOf(follower!.exit), 2);
  t.is(follower!.exit?.atMs, 15);
  t.is(world.graph.nodes[0]!.flights!.size, 0);
});

test('where the leader fails the followers fail with it', async (t) => {
  let works = 0;
  const world = await GraphRig.of(t, cached, {
    only: async (_, fiber) => {
      works++;
      await fiber.sleep(10);
      throw new HeddleError('ABORTED', 'as a test asked');
    },
  });
  const runs = [1, 2, 3].map(() => world.rig.start((fiber) => world.run(fiber, key)));
  await world.rig.clock.advance(10);
  t.deepEqual(
    runs.map(({ exit }) => codeOf(exit)),
    ['ABORTED', 'ABORTED', 'ABORTED'],
  );
  t.is(works, 1);
  t.is(world.graph.nodes[0]!.flights!.size, 0);
});

test('where the leader runs out of time the follower goes on with its own', async (t) => {
  let works = 0;
  const world = await GraphRig.of(t, cached, {
    only: async (_, fiber) => {
      if (++works === 1) await fiber.sleep(1000);
      return works;
    },
  });
  const leader = world.rig.start((fiber) => world.run(fiber, key));
  await world.rig.clock.advance(50);
  const follower = world.rig.start((fiber) => world.run(fiber, key));
  await world.rig.clock.advance(50);
  t.is(codeOf(leader.exit), 'DEADLINE_EXCEEDED');
  t.is(codeOf(follower.exit), 2);
});

test('thousands of followers that are out of time with their leader all hear of it', async (t) => {
  const text = `
request: { key: string }
budget: { total: 10s, reserve: 50ms }
nodes: { only: { run: ./any.ts#any, cache: { key: request.key, ttl: 1s } } }
output: only
`;
  const world = await GraphRig.of(t, text, { only: (_, fiber) => fiber.sleep(60_000) });
  const runs = Array.from({ length: 10_000 }, () =>
    world.rig.start((fiber) => world.run(fiber, key), { deadlineMs: 100 }),
  );
  await world.rig.clock.advance(60);
  const codes = new Set(runs.map(({ exit }) => codeOf(exit)));
  t.deepEqual([...codes], ['DEADLINE_EXCEEDED']);
  t.is(world.graph.nodes[0]!.flights!.size, 0);
  t.true(world.isAtRest);
});

test('a follower that is cancelled leaves, and the value goes to the others', async (t) => {
  const world = await GraphRig.of(t, cached, { only: (_, fiber) => fiber.sleep(10).then(() => 1) });
  const runs = [1, 2, 3].map(() => world.rig.start((fiber) => world.run(fiber, key)));
  await world.rig.clock.advance(5);
  runs[1]!.fiber.cancel();
  await world.rig.clock.advance(5);
  t.deepEqual(
    runs.map(({ exit }) => codeOf(exit)),
    [1, 'CANCELLED', 1],
  );
});

test('over its concurrency a node is refused, and who has left makes room', async (t) => {
  const text = 'nodes: { only: { run: ./any.ts#any, concurrency: 2 } }\noutput: only\n';
  const world = await GraphRig.of(t, text, { only: (_, fiber) => fiber.sleep(10).then(() => 1) });
  const runs = [1, 2, 3].map(() => world.rig.start((fiber) => world.run(fiber)));
  await settle();
  t.is(codeOf(runs[2]!.exit), 'RESOURCE_EXHAUSTED');
  runs[0]!.fiber.cancel();
  const next = world.rig.start((fiber) => world.run(fiber));
  await world.rig.clock.advance(10);
  t.deepEqual([runs[1]!.exit, next.exit].map(codeOf), [1, 1]);
  t.is(world.graph.nodes[0]!.limiter!.running, 0);
});

test('a breaker opens after failures, refuses without work, lets one through, and closes when that ends well', async (t) => {
  const text = `
nodes: { only: { run: ./any.ts#any, breaker: { failures: 50%, minCalls: 4, openFor: 1s } } }
output: only
`;
  let works = 0;
  let fails = true;
  const world = await GraphRig.of(t, text, {
    only: async (_: unknown, fiber: FiberContext) => {
      works++;
      await fiber.sleep(10);
      if (fails) throw new HeddleError('UNAVAILABLE', 'down');
      return 'up';
    },
  });
  const run = async () => codeOf(await world.rig.outcome((fiber) => world.run(fiber)));
  for (let call = 0; call < 4; call++) t.is(await run(), 'UNAVAILABLE');
  t.is(works, 4);
  const refused = await world.rig.outcome((fiber) => world.run(fiber));
  t.regex(String(refused.how === 'failed' && refused.error.message), /the breaker of only is open/);
  t.is(works, 4);
  await world.rig.clock.advance(1000);
  fails = false;
  const [probe, beside] = [1, 2].map(() => world.rig.start((fiber) => world.run(fiber)));
  await world.rig.clock.advance(10);
  t.is(codeOf(probe!.exit), 'up');
  t.is(codeOf(beside!.exit), 'UNAVAILABLE');
  t.is(await run(), 'up');
  t.is(works, 6);
});

test('a probe whose run is cancelled is given back', async (t) => {
  const text = `
nodes: { only: { run: ./any.ts#any, breaker: { failures: 50%, minCalls: 1, openFor: 1s } } }
output: only
`;
  let fails = true;
  const world = await GraphRig.of(t, text, {
    only: async (_: unknown, fiber: FiberContext) => {
      if (fails) throw new HeddleError('UNAVAILABLE', 'down');
      await fiber.sleep(10);
      return 'up';
    },
  });
  t.is(codeOf(await world.rig.outcome((fiber) => world.run(fiber))), 'UNAVAILABLE');
  fails = false;
  await world.rig.clock.advance(1000);
  const probe = world.rig.start((fiber) => world.run(fiber));
  await settle();
  probe.fiber.cancel();
  t.is(await world.rig.value((fiber) => world.run(fiber)), 'up');
});
