// The cache against a list: what it gives, what it drops, and what it counts.

import test from 'ava';
import fc from 'fast-check';
import { type CacheKey, ValueCache } from '../../../dag/policy/cache.ts';

test('does what a list does that is searched from the most recently used', (t) => {
  const step = fc.record({
    pauseMs: fc.constantFrom(0, 0, 1, 5, 9, 10, 20),
    act: fc.constantFrom('store', 'store', 'fresh', 'fresh', 'stale'),
    key: fc.constantFrom<CacheKey>(0, 1, '1', 2, 'a', 'b', ''),
    value: fc.option(fc.nat(9), { nil: undefined }),
  });
  const given = fc.record({
    ttlMs: fc.constantFrom(1, 10, 25),
    staleMs: fc.constantFrom(0, 10, 40),
    maxEntries: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(
    fc.property(given, fc.array(step, { maxLength: 150, size: 'max' }), (shape, steps) => {
      const cache = new ValueCache<number | undefined>(shape);
      let list: { key: CacheKey; value: number; atMs: number }[] = [];
      const counts = { hits: 0, misses: 0, stales: 0, evictions: 0 };
      let nowMs = 0;
      const look = (key: CacheKey, youngerMs: number): number | undefined => {
        const found = list.find((entry) => entry.key === key);
        if (found === undefined) return undefined;
        list = list.filter((entry) => entry !== found);
        if (nowMs - found.atMs < youngerMs) list.unshift(found);
        return nowMs - found.atMs < youngerMs ? found.value : undefined;
      };
      for (const { pauseMs, act, key, value } of steps) {
        nowMs += pauseMs;
        const before = list;
        if (act === 'store') {
          cache.store(key, value, nowMs);
          if (value === undefined) continue;
          list = [{ key, value, atMs: nowMs }, ...list.filter((entry) => entry.key !== key)];
          if (list.length > shape.maxEntries) counts.evictions++;
          list = list.slice(0, shape.maxEntries);
        } else {
          const keptMs = shape.ttlMs + shape.staleMs;
          const expected = look(key, act === 'fresh' ? shape.ttlMs : keptMs);
          const entry = before.find((one) => one.key === key);
          // Too old to be fresh, but not to stand in: it stays where it was.
          if (expected === undefined && entry !== undefined && nowMs - entry.atMs < keptMs) list = before;
          const found = act === 'fresh' ? cache.fresh(key, nowMs) : cache.stale(key, nowMs);
          if (found !== expected) throw new Error(`${act} ${String(key)} at ${nowMs}: ${found} for ${expected}`);
          if (act === 'stale') counts.stales += Number(found !== undefined);
          else counts[found === undefined ? 'misses' : 'hits']++;
        }
        if (cache.size !== list.length) throw new Error(`size ${cache.size} for ${list.length}`);
      }
      const { hits, misses, stales, evictions } = cache;
      if (JSON.stringify({ hits, misses, stales, evictions }) !== JSON.stringify(counts)) throw new Error('counts');
    }),
    { numRuns: 500 },
  );
  t.pass();
});

test('1 and "1" are two keys; null is a value', (t) => {
  const cache = new ValueCache<string | null>({ ttlMs: 10, staleMs: 0, maxEntries: 10 });
  cache.store(1, 'number', 0);
  cache.store('1', null, 0);
  t.is(cache.fresh(1, 0), 'number');
  t.is(cache.fresh('1', 0), null);
});

test('a value is fresh until its ttl has passed, and stands in until stale has passed too', (t) => {
  const cache = new ValueCache<string>({ ttlMs: 100, staleMs: 50, maxEntries: 10 });
  cache.store('k', 'v', 0);
  t.deepEqual([cache.fresh('k', 99), cache.fresh('k', 100), cache.stale('k', 100)], ['v', undefined, 'v']);
  t.deepEqual([cache.stale('k', 149), cache.stale('k', 150)], ['v', undefined]);
  t.is(cache.size, 0, 'one that is too old for all is dropped when it is asked for');
});

test('the least recently used goes first, and reading is a use', (t) => {
  const cache = new ValueCache<number>({ ttlMs: 100, staleMs: 0, maxEntries: 2 });
  cache.store('a', 1, 0);
  cache.store('b', 2, 0);
  cache.fresh('a', 0);
  cache.store('c', 3, 0);
  t.deepEqual([cache.fresh('a', 0), cache.fresh('b', 0), cache.fresh('c', 0)], [1, undefined, 3]);
});

test('a value that was pushed out is not held', async (t) => {
  const cache = new ValueCache<object>({ ttlMs: 100, staleMs: 0, maxEntries: 1 });
  const held = new WeakRef({});
  cache.store('a', held.deref() ?? {}, 0);
  cache.store('b', {}, 0);
  for (let turn = 0; turn < 10 && held.deref() !== undefined; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc?.();
  }
  t.is(held.deref(), undefined);
});
