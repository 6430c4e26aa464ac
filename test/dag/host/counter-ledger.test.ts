// CounterLedger: what threads have counted is never lost and never counted twice, whoever dies and whatever is published.

import test from 'ava';
import fc from 'fast-check';
import type { StrategyDefinition } from '../../../dag/definition.ts';
import { CounterLedger } from '../../../dag/host/counter-ledger.ts';
import { nodesOf } from '../../../dag/host/loaded-set.ts';
import { StrategyCounters } from '../../../runtime/shared/strategy-counters.ts';
import { folderOf } from '../load/folder.ts';
import { definitionsOf } from './world.ts';

const file = (name: string, nodes: readonly string[]) =>
  `strategy: ${name}\nnodes: { ${nodes.map((node) => `${node}: { value: 1 }`).join(', ')} }\noutput: [${nodes.join(', ')}]\n`;

async function sets(t: Parameters<typeof folderOf>[0]): Promise<StrategyDefinition[][]> {
  const folder = folderOf(t, {
    'a.yaml': file('a', ['x', 'y']),
    'b.yaml': file('b', ['x']),
    'c.yaml': file('a', ['y', 'z']),
  });
  return [
    await definitionsOf(folder, ['a.yaml', 'b.yaml']),
    await definitionsOf(folder, ['c.yaml']),
    await definitionsOf(folder, ['b.yaml', 'c.yaml']),
  ];
}

/** What a thread counts into. */
interface Writer {
  version: number;
  set: StrategyDefinition[];
  counters: StrategyCounters;
}

type Step =
  | { do: 'count'; thread: number }
  | { do: 'die'; thread: number }
  | { do: 'publish'; set: number; ok: boolean }
  | { do: 'wait'; ms: number };

const thread = fc.integer({ min: 1, max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('count' as const), thread }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('die' as const), thread }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      set: fc.integer({ min: 0, max: 2 }),
      ok: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 90_000 }) }) },
);

test('sums are what was counted, over publishes, refusals, deaths and reused numbers', async (t) => {
  const all = await sets(t);
  const property = fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
    const ledger = new CounterLedger();
    const writers = new Map<number, Writer>();
    const expected = { a: 0, b: 0, y: 0 };
    let nowMs = 0;
    let version = 1;
    let used = { version, set: all[0]! };
    const open = (number: number, set: StrategyDefinition[], of: number): Writer => {
      const memory = ledger.open(number, of, set, nowMs);
      return { version: of, set, counters: new StrategyCounters(memory, nodesOf(set)) };
    };
    const birth = (number: number): void => {
      writers.set(number, open(number, used.set, used.version));
      ledger.use(number, used.version, nowMs);
    };
    for (const number of [1, 2, 3]) birth(number);
    for (const one of steps) {
      if (one.do === 'wait') {
        nowMs += one.ms;
      } else if (one.do === 'die') {
        ledger.close(one.thread);
        birth(one.thread);
      } else if (one.do === 'count') {
        const { counters, set } = writers.get(one.thread)!;
        for (const [index, { name, nodes }] of set.entries()) {
          counters.addRun(index, 'done', 1);
          expected[name as 'a' | 'b']++;
          const at = nodes.findIndex((node) => node.name === 'y');
          if (at < 0) continue;
          counters.addNode(index, at, 'done', 1);
          expected.y++;
        }
      } else {
        version++;
        const offered = [1, 2, 3].map((number) => [number, open(number, all[one.set]!, version)] as const);
        for (const [number, writer] of offered) {
          if (one.ok) {
            writers.set(number, writer);
            ledger.use(number, version, nowMs);
          } else {
            ledger.withdraw(number, version);
          }
        }
        if (one.ok) used = { version, set: all[one.set]! };
      }
      const sums = ledger.sums();
      if ((sums.get('a')?.runs.counts.done ?? 0) !== expected.a) return false;
      if ((sums.get('b')?.runs.counts.done ?? 0) !== expected.b) return false;
      if ((sums.get('a')?.nodes.get('y')?.counts.done ?? 0) !== expected.y) return false;
    }
    return true;
  });
  fc.assert(property, { numRuns: 300 });
  t.pass();
});

test('what a run adds to the set that it began with counts until a minute after another took its place', async (t) => {
  const [first, second] = await sets(t);
  const ledger = new CounterLedger();
  const counters = new StrategyCounters(ledger.open(1, 1, first!, 0), nodesOf(first!));
  ledger.use(1, 1, 0);
  ledger.open(1, 2, second!, 0);
  ledger.use(1, 2, 0);
  ledger.open(1, 3, second!, 59_000);
  counters.addRun(0, 'done', 1);
  t.is(ledger.sums().get('a')?.runs.counts.done, 1);
  ledger.open(1, 4, second!, 60_000);
  counters.addRun(0, 'done', 1);
  t.is(ledger.sums().get('a')?.runs.counts.done, 1);
});

test('a thread keeps 64 memories at most, and always that in use', async (t) => {
  const [set] = await sets(t);
  const ledger = new CounterLedger();
  const inUse = new StrategyCounters(ledger.open(1, 1, set!, 0), nodesOf(set!));
  ledger.use(1, 1, 0);
  const freed: number[] = [];
  const registry = new FinalizationRegistry<number>((version) => freed.push(version));
  for (let version = 2; version <= 300; version++) registry.register(ledger.open(1, version, set!, 0), version);
  inUse.addRun(0, 'done', 1);
  t.is(ledger.sums().get('a')?.runs.counts.done, 1);
  for (let round = 0; round < 50 && freed.length < 200; round++) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc!();
  }
  t.true(freed.length >= 200, `${freed.length} of 299 freed`);
});

test('an open breaker counts while its set is in use, and not once it is replaced or its thread is dead', async (t) => {
  const [first, second] = await sets(t);
  const ledger = new CounterLedger();
  const open = () => ledger.sums().get('a')?.nodes.get('y')?.counts.breakerOpen;
  for (const number of [1, 2]) {
    const counters = new StrategyCounters(ledger.open(number, 1, first!, 0), nodesOf(first!));
    ledger.use(number, 1, 0);
    counters.setNode(0, 1, 'breakerOpen', 1);
  }
  t.is(open(), 2);
  ledger.close(2);
  t.is(open(), 1);
  ledger.open(1, 2, second!, 0);
  t.is(open(), 1);
  ledger.use(1, 2, 0);
  t.is(open(), 0);
});
