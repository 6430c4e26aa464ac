// The request table: whose a request is, and that nothing of an earlier one ever fits a later one.

import test from 'ava';
import fc from 'fast-check';
import { generationMask, generationShift, requestStates } from '../../../runtime/shared/layout.ts';
import { bumpAll, isMine, markTaken, RequestTable } from '../../../runtime/shared/request-table.ts';

const taker = 7;

/** A table whose words all have this generation. */
function tableAt(entries: number, generation = 0) {
  const memory = RequestTable.allocate(entries);
  const words = new Int32Array(memory).fill(generation << generationShift);
  return { memory, words, table: new RequestTable(memory) };
}

test('ids are handed out oldest first', (t) => {
  const { table } = tableAt(4);
  t.deepEqual([table.open(), table.open(), table.open(), table.open()], [0, 1, 2, 3]);
  for (const id of [2, 0, 3]) table.close(id);
  t.deepEqual([table.open(), table.open()], [2, 0]);
  table.close(1);
  t.deepEqual([table.open(), table.open(), table.open()], [3, 1, -1]);
});

test('a full table says so, and has room for what was closed', (t) => {
  const { table } = tableAt(2);
  t.is(table.entries, 2);
  t.deepEqual([table.open(), table.open(), table.open(), table.room], [0, 1, -1, 0]);
  table.close(1);
  t.deepEqual([table.room, table.open(), table.room], [1, 1, 0]);
});

test('a request is nobody’s until it is marked, its taker’s until it is closed, and then nobody’s again', (t) => {
  const { table, words } = tableAt(1);
  const id = table.open();
  const generation = table.generation(id);
  t.is(table.takenBy(id), 0);
  t.false(isMine(words, id, generation, taker));
  t.true(markTaken(words, id, generation, taker));
  t.is(table.takenBy(id), taker);
  t.true(isMine(words, id, generation, taker));
  t.false(isMine(words, id, generation, taker + 1));
  t.is(table.close(id), taker);
  t.is(table.takenBy(id), 0);
  t.false(isMine(words, id, generation, taker));
});

test('one taker marks a request, and none marks a closed one', (t) => {
  const { table, words } = tableAt(1);
  const id = table.open();
  const generation = table.generation(id);
  t.true(markTaken(words, id, generation, 255));
  t.false(markTaken(words, id, generation, taker));
  t.is(table.takenBy(id), 255);
  table.close(id);
  t.false(markTaken(words, id, generation, taker));
  table.open();
  t.false(markTaken(words, id, generation, taker));
  t.is(table.takenBy(id), 0);
});

test('close names the taker exactly when its mark came first', (t) => {
  for (const markFirst of [true, false]) {
    const { table, words } = tableAt(1);
    const id = table.open();
    const generation = table.generation(id);
    if (markFirst) t.true(markTaken(words, id, generation, taker));
    t.is(table.close(id), markFirst ? taker : 0);
    if (!markFirst) t.false(markTaken(words, id, generation, taker));
  }
});

test('generations come round after 2^22 without a stale one fitting', (t) => {
  const { table, words } = tableAt(1, generationMask - 1);
  const seen: number[] = [];
  for (let life = 0; life < 4; life++) {
    const id = table.open();
    const generation = table.generation(id);
    if (life > 0) t.false(markTaken(words, id, seen[life - 1]!, taker));
    t.true(markTaken(words, id, generation, 255));
    t.is(table.close(id), 255);
    seen.push(generation);
  }
  t.deepEqual(seen, [2 ** 22 - 2, 2 ** 22 - 1, 0, 1]);
});

test('bumpAll makes every mark, taking and reply of the dead owner’s requests stale, and the table free', (t) => {
  for (const generation of [0, 2 ** 21 - 1, generationMask]) {
    const { memory, table, words } = tableAt(4, generation);
    const [queued, taken, closed] = [table.open(), table.open(), table.open()];
    markTaken(words, taken, generation, taker);
    table.close(closed);
    bumpAll(words);
    t.false(markTaken(words, queued, generation, taker));
    t.false(isMine(words, taken, generation, taker));
    const successor = new RequestTable(memory);
    t.is(successor.room, 4);
    for (let id = 0; id < 4; id++) {
      t.is(successor.takenBy(id), 0);
      const moved = (successor.generation(id) - generation) & generationMask;
      t.is(moved, id === closed ? 2 : 1);
      t.is((words[id]! >>> 8) & 3, requestStates.free);
    }
    t.is(successor.open(), 0);
    t.false(markTaken(words, 0, generation, taker));
    t.true(markTaken(words, 0, (generation + 1) & generationMask, taker));
  }
});

test('does as a map does, whatever the order of opens, marks and closes', (t) => {
  const step = fc.record({ type: fc.constantFrom('open', 'mark', 'staleMark', 'close'), which: fc.nat(20) });
  fc.assert(
    fc.property(
      fc.constantFrom(1, 2, 8),
      fc.constantFrom(0, generationMask - 3),
      fc.array(step, { maxLength: 200, size: 'max' }),
      (entries, start, script) => {
        const { table, words } = tableAt(entries, start);
        const open = new Map<number, { generation: number; taker: number }>();
        const closed: { id: number; generation: number }[] = [];
        for (const { type, which } of script) {
          const id = [...open.keys()][which % Math.max(1, open.size)];
          const stale = closed[which % Math.max(1, closed.length)];
          if (type === 'open') {
            const opened = table.open();
            check(opened >= 0 === open.size < entries && !open.has(opened), 'open');
            if (opened >= 0) open.set(opened, { generation: table.generation(opened), taker: 0 });
          } else if (type === 'staleMark') {
            if (stale !== undefined) check(!markTaken(words, stale.id, stale.generation, 9), 'stale mark');
          } else if (id !== undefined) {
            const request = open.get(id)!;
            if (type === 'mark') {
              check(markTaken(words, id, request.generation, 1 + which) === (request.taker === 0), 'mark');
              if (request.taker === 0) request.taker = 1 + which;
            } else {
              check(table.close(id) === request.taker, 'close');
              closed.push({ id, generation: request.generation });
              open.delete(id);
            }
          }
          check(table.room === entries - open.size, 'room');
          for (const [each, { generation, taker: by }] of open) {
            check(table.takenBy(each) === by, 'takenBy');
            check(by === 0 || isMine(words, each, generation, by), 'isMine');
          }
        }
      },
    ),
    { numRuns: 300 },
  );
  t.pass();
});

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not so: ${what}`);
}

test('the size of a table is a power of two, up to 65,536', (t) => {
  for (const entries of [0, 3, 131_072]) t.throws(() => RequestTable.allocate(entries), { message: /power of two/ });
  t.is(new RequestTable(RequestTable.allocate(65_536)).room, 65_536);
  t.throws(() => new RequestTable(new SharedArrayBuffer(12)), { message: /power of two/ });
});
