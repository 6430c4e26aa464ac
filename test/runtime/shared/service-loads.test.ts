// What threads have counted of the requests they take and run: rows of single writers, summed by whoever reads them.

import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { threadNumberMax } from '../../../runtime/shared/layout.ts';
import { ServiceLoads } from '../../../runtime/shared/service-loads.ts';

const services = 5;

test('sums are those of all threads and never fall, and rows that nobody has owned are not read', (t) => {
  const thread = fc.constantFrom(1, 2, 254, threadNumberMax);
  const step = fc.record({
    thread,
    column: fc.integer({ min: 1, max: services }),
    what: fc.constantFrom('take', 'end', 'refuse'),
    ms: fc.integer({ min: 0, max: 1000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const loads = new ServiceLoads(ServiceLoads.allocate(services));
      const expected = Array.from({ length: services + 1 }, () => ({
        taken: 0,
        waitMs: 0,
        ended: 0,
        runMs: 0,
        refused: 0,
      }));
      const rows = new Set<number>();
      for (const { thread: number, column, what, ms } of steps) {
        const own = loads.of(number, column);
        const sums = expected[column]!;
        rows.add(number);
        if (what === 'take') {
          own.take(ms);
          sums.taken++;
          sums.waitMs += ms;
        } else if (what === 'end') {
          own.end(ms);
          sums.ended++;
          sums.runMs += ms;
        } else {
          own.refuse();
          sums.refused++;
        }
        assert.deepEqual(new ServiceLoads(loads.memory).sums(column), sums);
      }
      assert.deepEqual(
        loads.rows(),
        [...rows].sort((left, right) => left - right),
      );
    }),
    { numRuns: 200 },
  );
  t.pass();
});

test('the limit of a service is a word of its own, which no thread touches', (t) => {
  const loads = new ServiceLoads(ServiceLoads.allocate(services));
  for (let column = 1; column <= services; column++) loads.setLimit(column, column * 10);
  for (let thread = 1; thread <= threadNumberMax; thread++) {
    for (let column = 1; column <= services; column++) {
      const own = loads.of(thread, column);
      own.take(1);
      own.refuse();
    }
  }
  const other = new ServiceLoads(loads.memory);
  for (let column = 1; column <= services; column++) {
    t.is(other.limit(column), column * 10);
    t.like(other.sums(column), { taken: threadNumberMax, ended: 0 });
  }
});

test('rows of two threads never share 128 bytes', (t) => {
  for (const count of [0, 1, 2, 31, 100]) {
    t.is((ServiceLoads.allocate(count).byteLength / (threadNumberMax + 1)) % 128, 0);
  }
});
