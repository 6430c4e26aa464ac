// The method table when code changes: rows stay where they are, and new ones come behind.

import test from 'ava';
import { ServerTable } from '../../../net/server/server-table.ts';
import type { Serving } from '../../../net/service/method-table.ts';
import type { Settings } from '../../../runtime/settings.ts';
import type { RoutingTable } from '../../../runtime/thread-control.ts';

const settings = {
  io: { timeoutMs: 0 },
  pools: [{ name: 'a', timeoutMs: 0 }],
  services: [
    { name: 'A', pool: 'a', timeoutMs: 0, methodTimeoutsMs: {}, maxConcurrency: 0 },
    { name: 'B', pool: 'io', timeoutMs: 0, methodTimeoutsMs: {}, maxConcurrency: 0 },
  ],
} as unknown as Settings;

const serving = (queue: string, methods: string, service = 'A'): Serving => {
  const served = methods === '' ? [] : methods.split(' ');
  return { queue, served: served.map((method) => ({ service, method, reads: false, oneWay: false })) };
};

function started(methods: string): { table: ServerTable; turned: RoutingTable[] } {
  const turned: RoutingTable[] = [];
  const supervisor = { turn: async (next: RoutingTable) => void turned.push(next) };
  const table = new ServerTable(supervisor, { apply: () => {} }, () => {});
  const first = new Map([
    ['a', serving('a', methods)],
    ['io', serving('io', 'z', 'B')],
  ]);
  table.build(settings, first);
  return { table, turned };
}

const rows = (table: ServerTable): string[] =>
  table.methods.map(({ index, method, queue, gone, canary }) => {
    const share = canary === undefined ? '' : ` ${canary.percent}% ${canary.queue} row ${canary.row}`;
    return `${index} ${method} ${gone === true ? 'gone' : queue}${share}`;
  });

test('a method keeps its row when it goes and when it comes again; new ones come behind', async (t) => {
  const { table, turned } = started('x y');
  t.deepEqual(rows(table), ['1 x a', '2 y a', '3 z io']);
  t.is(table.rows, 1 + 3 + 64);
  await table.turn(settings, new Map([['a', serving('a#2', 'y w')]]));
  t.deepEqual(rows(table), ['1 x gone', '2 y a#2', '3 z io', '4 w a#2']);
  await table.turn(settings, new Map([['a', serving('a', 'x w')]]));
  t.deepEqual(rows(table), ['1 x a', '2 y gone', '3 z io', '4 w a']);
  t.deepEqual(
    turned.map(({ turn }) => turn),
    [1, 2],
  );
  t.is(table.rows, 1 + 3 + 64, 'what counters have room for does not change');
});

test('a canary has a share of what both sides have; what only one has goes there', async (t) => {
  const { table, turned } = started('x y');
  const { served } = serving('', 'y w');
  const shared = { ...table.serving('a'), canary: { queue: 'a#2', percent: 10, served } };
  await table.turn(settings, new Map([['a', shared]]));
  t.deepEqual(rows(table), ['1 x a', '2 y a 10% a#2 row 2', '3 z io', '4 w a#2']);
  t.deepEqual(turned[0]!.queues[0], { pool: 'a', queue: 'a', canary: 'a#2' });
  await table.turn(settings, new Map([['a', serving('a', 'x y')]]));
  t.deepEqual(rows(table), ['1 x a', '2 y a', '3 z io', '4 w gone']);
});

test('settings that change make all rows anew, and leave who serves them', async (t) => {
  const { table } = started('x y');
  const [service, other] = settings.services;
  const next = { ...settings, services: [other!, { ...service!, methodTimeoutsMs: { y: 5 }, maxConcurrency: 3 }] };
  await table.turn(next);
  const shown = table.methods.map(({ method, timeoutMs, maxConcurrency, column }) => {
    return [method, timeoutMs, maxConcurrency, column];
  });
  t.deepEqual(shown, [
    ['x', 0, 3, 1],
    ['y', 5, 3, 1],
    ['z', 0, 0, 2],
  ]);
});
