// What threads have counted of the requests they take and run: rows of single writers, summed by whoever reads them.

import test from 'ava';
import fc from 'fast-check';
import { threadNumberMax } from '../../../runtime/shared/layout.ts';
import type { Link } from '../../../runtime/shared/link.ts';
import { ServiceLoads } from '../../../runtime/shared/service-loads.ts';

const services = 5;
const links = (numbers: readonly number[]) => numbers.map((peer) => ({ peer }) as Link);

test('sums are those of all threads, and never fall but for what a dead thread had started: that runs no more', (t) => {
  const thread = fc.constantFrom(1, 2, 254, threadNumberMax);
  const step = fc.record({
    thread,
    column: fc.integer({ min: 1, max: services }),
    what: fc.constantFrom('take', 'start', 'end', 'refuse', 'dies'),
    ms: fc.integer({ min: 0, max: 1000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const loads = new ServiceLoads(ServiceLoads.allocate(services));
      const running = new Map<string, number>();
      for (const { thread: number, column, what, ms } of steps) {
        const before = loads.sums(column);
        const key = `${number} ${column}`;
        const runs = running.get(key) ?? 0;
        const own = loads.of(number, column);
        if (what === 'take') own.take(ms);
        if (what === 'refuse') own.refuse();
        if (what === 'start') {
          own.start();
          running.set(key, runs + 1);
        }
        if (what === 'end' && runs > 0) {
          own.end(ms);
          running.set(key, runs - 1);
        }
        if (what === 'dies') {
          loads.settle(number);
          for (let one = 1; one <= services; one++) running.delete(`${number} ${one}`);
        }
        const after = loads.sums(column);
        for (const name of Object.keys(before) as (keyof typeof before)[]) {
          if (after[name] < before[name] && name !== 'started') throw new Error(`${name} fell`);
        }
        const all = [...running].filter(([one]) => one.endsWith(` ${column}`));
        const expected = all.reduce((sum, [, count]) => sum + count, 0);
        if (after.started - after.ended !== expected) throw new Error('running');
        if (loads.running(column, links([1, 2, 254, threadNumberMax])) !== expected)
          throw new Error('running of links');
      }
    }),
    { numRuns: 200 },
  );
  t.pass();
});

test('the limit of a service is a word of its own, which no thread and no death touches', (t) => {
  const loads = new ServiceLoads(ServiceLoads.allocate(services));
  for (let column = 1; column <= services; column++) loads.setLimit(column, column * 10);
  for (let thread = 1; thread <= threadNumberMax; thread++) {
    for (let column = 1; column <= services; column++) {
      const own = loads.of(thread, column);
      own.take(1);
      own.start();
      own.refuse();
    }
    loads.settle(thread);
  }
  const other = new ServiceLoads(loads.memory);
  for (let column = 1; column <= services; column++) {
    t.is(other.limit(column), column * 10);
    t.like(other.sums(column), { taken: threadNumberMax, started: 0, ended: 0 });
  }
});

test('rows of two threads never share 128 bytes', (t) => {
  for (const count of [0, 1, 2, 31, 100]) {
    t.is((ServiceLoads.allocate(count).byteLength / (threadNumberMax + 1)) % 128, 0);
  }
});
