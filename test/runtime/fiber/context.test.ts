// What a fiber carries: locals, metadata, trace, priority, log, async context; and how its calls go out.

import test from 'ava';
import type { FiberContext } from '../../../runtime/fiber/context.ts';
import { currentFiber } from '../../../runtime/fiber/current-fiber.ts';
import { fiberLocal } from '../../../runtime/fiber/fiber-local.ts';
import type { FiberCalls } from '../../../runtime/fiber/host.ts';
import { task } from '../../../runtime/fiber/task.ts';
import { FiberRig } from '../../helpers/fiber-rig.ts';
import { settle } from '../../helpers/virtual-clock.ts';

test('a local is its own, else its nearest ancestor’s, else the initial one', async (t) => {
  const tenant = fiberLocal('tenant', 'none');
  await new FiberRig().value((fiber) => {
    t.is(fiber.local(tenant), 'none');
    fiber.setLocal(tenant, 'acme');
    fiber.spawn((child) => {
      t.is(child.local(tenant), 'acme');
      child.setLocal(tenant, 'other');
      child.spawn((grandchild) => t.is(grandchild.local(tenant), 'other'));
    });
    t.is(fiber.local(tenant), 'acme');
  });
});

test('a local set to undefined hides the one above', async (t) => {
  const user = fiberLocal<string | undefined>('user');
  await new FiberRig().value((fiber) => {
    fiber.setLocal(user, 'ann');
    fiber.spawn((child) => {
      child.setLocal(user, undefined);
      t.is(child.local(user), undefined);
    });
  });
});

test('bounds the locals of a fiber', async (t) => {
  const exit = await new FiberRig().outcome((fiber) => {
    for (let index = 0; index <= 1000; index++) fiber.setLocal(fiberLocal(`key ${index}`), index);
  });
  t.like(exit, { how: 'failed', error: { code: 'RESOURCE_EXHAUSTED' } });
});

test('a child sees the metadata, trace, priority and pool of its root', async (t) => {
  const traceWords = Uint32Array.of(0x0af76519, 0x16cd43dd, 0x8448eb21, 0x1c80319c, 0x00b7ad6b, 0x7169203331 >>> 0);
  await new FiberRig().value(
    (fiber) => {
      fiber.spawn((child) => {
        t.deepEqual([...child.metadata], [['user-id', '7']]);
        t.is(child.metadata, fiber.metadata);
        t.is(child.priority, 'high');
        t.is(child.pool, 'test');
        t.is(child.trace?.traceId, '0af7651916cd43dd8448eb211c80319c');
        t.regex(child.trace?.parentSpanId ?? '', /^00b7ad6b[0-9a-f]{8}$/);
        t.is(child.trace?.flags, 1);
      });
    },
    { metadata: { 'user-id': '7' }, priority: 0, traceWords },
  );
});

test('has no trace and no metadata when none came', async (t) => {
  await new FiberRig().value((fiber) => {
    t.is(fiber.trace, undefined);
    t.is(fiber.metadata.size, 0);
  });
});

test('reply metadata is gathered from all fibers of the request, and only if somebody asks', async (t) => {
  const rig = new FiberRig();
  t.is(rig.start(() => 1).fiber.replyMetadataIfAny, undefined);
  const run = rig.start((fiber) => {
    fiber.spawn((child) => child.replyMetadata.set('cache', 'hit'));
    fiber.replyMetadata.set('shard', '3');
  });
  await settle();
  t.deepEqual(Object.fromEntries(run.fiber.replyMetadataIfAny ?? []), { cache: 'hit', shard: '3' });
});

test('each fiber has an id of its own', async (t) => {
  await new FiberRig().value((fiber) => {
    const ids = [fiber.id, fiber.spawn(() => 1).id, fiber.spawn(() => 1).id];
    t.is(new Set(ids).size, 3);
  });
});

test('currentFiber finds the fiber behind awaits, and each child itself', async (t) => {
  const found = async () => {
    await null;
    return currentFiber()?.name;
  };
  const value = await new FiberRig().value(
    async (fiber) => {
      await fiber.sleep(5);
      const child = fiber.spawn(found, { name: 'inner' });
      return [await child.join(), await found()];
    },
    { name: 'outer', asyncContext: true },
  );
  t.deepEqual(value, ['inner', 'outer']);
});

test('currentFiber finds the fiber in its finalizers', async (t) => {
  await new FiberRig().value((fiber) => fiber.defer(() => void t.is(currentFiber()?.name, 'root')), {
    asyncContext: true,
  });
});

test('currentFiber finds nothing without asyncContext', async (t) => {
  t.is(await new FiberRig().value(() => currentFiber()), undefined);
});

test('calls go to the host with the fiber that makes them', async (t) => {
  const seen: unknown[] = [];
  const answer =
    (kind: string) =>
    async (fiber: FiberContext, what: { method?: string; exportName?: string }, input: unknown, options: unknown) => {
      seen.push([kind, fiber.name, what.method ?? what.exportName, input, options]);
      return 'answer' as never;
    };
  const calls: FiberCalls = { call: answer('call'), send: answer('send'), offload: answer('offload') };
  const method = { service: 'movies.Rank', method: 'score' };
  const score = task('file:///tasks.ts', 'scoreTask', () => 1);
  await new FiberRig().value(
    async (fiber) => {
      t.is(await fiber.call(method, 1, { timeoutMs: 5 }), 'answer' as never);
      await fiber.spawn((child) => child.send(method, 2)).join();
      await fiber.offload(score, 3, { pool: 'ranking' });
    },
    { calls },
  );
  t.deepEqual(seen, [
    ['call', 'root', 'score', 1, { timeoutMs: 5 }],
    ['send', 'child', 'score', 2, undefined],
    ['offload', 'root', 'scoreTask', 3, { pool: 'ranking' }],
  ]);
});

test('calls of a fiber that is to stop are not made', async (t) => {
  const rig = new FiberRig();
  const method = { service: 'movies.Rank', method: 'score' };
  const run = rig.start(async (fiber) => {
    await fiber.sleep(10).catch(() => {});
    const score = task('file:///tasks.ts', 'score', () => 1);
    const ends = await Promise.allSettled([fiber.call(method, 1), fiber.send(method, 1), fiber.offload(score, 1)]);
    return ends.map((end) => end.status);
  });
  run.fiber.cancel();
  await settle();
  t.like(run.exit, { value: ['rejected', 'rejected', 'rejected'] });
});

test('a task names what another thread can import', (t) => {
  const run = (input: number) => input * 2;
  t.deepEqual(task('file:///a/b.ts', 'double', run), { moduleUrl: 'file:///a/b.ts', exportName: 'double', run });
  t.throws(() => task('/a/b.ts', 'double', run), { message: /not a file URL/ });
  t.throws(() => task('file:///a/b.ts', 'not a name', run), { message: /exported under/ });
});
