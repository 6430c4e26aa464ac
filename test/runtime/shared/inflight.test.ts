// Requests under way: a row for each asker, summed over those that are linked.

import test from 'ava';
import fc from 'fast-check';
import { Arena } from '../../../runtime/shared/arena.ts';
import { allocateRing } from '../../../runtime/shared/completion-ring.ts';
import { allRequests, Inflight } from '../../../runtime/shared/inflight.ts';
import { threadNumberMax } from '../../../runtime/shared/layout.ts';
import { Link } from '../../../runtime/shared/link.ts';
import { ownPorts } from '../../../runtime/shared/link-ports.ts';
import { RequestTable } from '../../../runtime/shared/request-table.ts';

const memory = {
  pools: [],
  toPeer: allocateRing(256),
  fromPeer: allocateRing(256),
  table: RequestTable.allocate(1),
  arena: Arena.allocate(1024),
};
const link = (peer: number) =>
  new Link(
    { peer, ...memory },
    ownPorts(() => {}),
  );

test('totals are those of the linked threads, by column; a cleared row counts no more, and all others do', (t) => {
  const thread = fc.constantFrom(1, 2, 3, 254, threadNumberMax);
  const change = fc.record({ thread, column: fc.nat(50), by: fc.integer({ min: -3, max: 9 }) });
  fc.assert(
    fc.property(fc.uniqueArray(thread), fc.array(change), fc.option(thread), (linked, changes, dead) => {
      const inflight = new Inflight(Inflight.allocate(50));
      const links = linked.map(link);
      const rows = new Map<number, number[]>();
      for (const one of changes) {
        inflight.change(one.thread, one.column, one.by);
        const row = rows.get(one.thread) ?? new Array<number>(51).fill(0);
        row[one.column]! += one.by;
        rows.set(one.thread, row);
      }
      if (dead !== null) {
        inflight.clear(dead);
        rows.delete(dead);
      }
      for (let column = 0; column <= 50; column++) {
        let total = 0;
        for (const number of linked) total += rows.get(number)?.[column] ?? 0;
        if (inflight.total(column, links) !== total) throw new Error(`column ${column}`);
        for (const [number, row] of rows) if (inflight.get(number, column) !== row[column]) throw new Error('get');
      }
      if (inflight.isEmpty !== [...rows.values()].flat().every((count) => count === 0)) throw new Error('isEmpty');
    }),
    { numRuns: 200 },
  );
  t.pass();
});

test('there is a column for requests from sockets and one for each service, the last one of the last thread too', (t) => {
  for (const services of [0, 1, 31, 32, 63]) {
    const inflight = new Inflight(Inflight.allocate(services));
    inflight.change(threadNumberMax, services, 1);
    inflight.change(threadNumberMax - 1, services, 1);
    t.is(inflight.get(threadNumberMax, services), 1);
    t.is(inflight.total(services, [link(threadNumberMax)]), 1);
    if (services > 0) t.is(inflight.total(allRequests, [link(threadNumberMax), link(1)]), 0);
    inflight.clear(threadNumberMax);
    t.false(inflight.isEmpty);
    inflight.change(threadNumberMax - 1, services, -1);
    t.true(inflight.isEmpty);
  }
});

test('rows of two threads never share 128 bytes', (t) => {
  for (const services of [0, 30, 31, 32, 100]) {
    t.is((Inflight.allocate(services).byteLength / (threadNumberMax + 1)) % 128, 0);
  }
});
