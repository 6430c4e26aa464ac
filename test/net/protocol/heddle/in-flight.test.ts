// InFlight against a Map, with ids that crowd one place and ids that do not.

import test from 'ava';
import fc from 'fast-check';
import { InFlight, InFlightTables } from '../../../../net/protocol/heddle/in-flight.ts';

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

test('tables are made again only when none was given back, and large ones are not kept', (t) => {
  let made = 0;
  const tables = new InFlightTables(() => made++);
  const [first, second] = [tables.take(), tables.take()];
  t.not(first, second);
  t.not(first, tables.empty);
  first.add(1, 7);
  t.is(first.take(1), 7);
  tables.give(first);
  for (let id = 0; id < 1000; id++) second.add(id, id);
  second.takeAll();
  t.is(second.capacity, 0);
  for (let id = 0; id < 1000; id++) second.add(id, id);
  for (let id = 0; id < 1000; id++) second.take(id);
  tables.give(second);
  t.is(tables.take(), first);
  t.not(tables.take(), second);
});
