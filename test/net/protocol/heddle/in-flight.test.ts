// InFlight against a Map, with ids that crowd one place and ids that do not.

import test from 'ava';
import fc from 'fast-check';
import { InFlight } from '../../../../net/protocol/heddle/in-flight.ts';

const id = fc.oneof(
  fc.nat(40),
  fc.integer(),
  fc.nat(200).map((n) => n << 20),
);
const step = fc.tuple(fc.constantFrom('add', 'take', 'has', 'takeAll'), id);

test('it holds what a Map would', (t) => {
  fc.assert(
    fc.property(fc.integer(), fc.array(step, { maxLength: 300 }), (seed, steps) => {
      const table = new InFlight(seed);
      const model = new Map<number, number>();
      let handle = 0;
      for (const [what, key] of steps) {
        t.is(table.has(key), model.has(key));
        if (what === 'add' && !model.has(key)) {
          table.add(key, handle);
          model.set(key, handle++);
        } else if (what === 'take') {
          t.is(table.take(key), model.get(key) ?? -1);
          model.delete(key);
        } else if (what === 'takeAll' && key % 8 === 0) {
          t.deepEqual(table.takeAll().sort(), [...model.values()].sort());
          model.clear();
        }
        t.is(table.size, model.size);
      }
      for (const [key, value] of model) t.is(table.take(key), value);
    }),
    { numRuns: 200 },
  );
  t.pass();
});
