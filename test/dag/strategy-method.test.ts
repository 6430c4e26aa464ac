import test from 'ava';
import { z } from 'zod';
import {
  type FiberContext,
  implement,
  json,
  method,
  type RunTrace,
  type Strategy,
  service,
  strategy,
  strategyMethod,
} from '../../index.ts';

interface Wanted {
  user: string;
}
interface Feed {
  items: string[];
}

const Feeds = service('demo.Feeds', {
  recommend: method(json(z.object({ user: z.string() }), z.object({ items: z.array(z.string()) }))),
});

const feed: Strategy<Wanted, Feed> = strategy<Wanted, Feed>('feed', {
  nodes: { items: { value: ["'a'"] } },
  output: { items: 'items' },
});
const untyped = strategy('untyped', { nodes: { a: { value: 1 } }, output: 'a' });

test('a method may be a strategy: it runs on the request, and its answer is the method’s', async (t) => {
  const ran: unknown[] = [];
  const fiber = {
    run: (...what: unknown[]) => {
      ran.push(...what);
      return Promise.resolve({ items: ['a'] });
    },
  } as unknown as FiberContext;
  t.deepEqual(await strategyMethod(feed)({ user: 'ann' }, fiber), { items: ['a'] });
  t.deepEqual(ran, [feed, { user: 'ann' }]);
  await strategyMethod<Wanted, Feed>('feed')({ user: 'bob' }, fiber);
  t.deepEqual(ran.slice(2), ['feed', { user: 'bob' }]);
});

test('the compiler compares the types of a strategy with those of the method', (t) => {
  t.truthy(implement(Feeds, { recommend: strategyMethod(feed) }));
  t.truthy(implement(Feeds, { recommend: strategyMethod('feed') }));
  // @ts-expect-error nothing is known of what it gives
  t.truthy(implement(Feeds, { recommend: strategyMethod(untyped) }));
  // @ts-expect-error another answer
  t.truthy(implement(Feeds, { recommend: strategyMethod<Wanted, { items: number[] }>('feed') }));
  // @ts-expect-error another request
  t.truthy(implement(Feeds, { recommend: strategyMethod<{ k: number }, Feed>('feed') }));
  const path = (trace: RunTrace): readonly string[] => trace.path;
  t.is(typeof path, 'function');
});
