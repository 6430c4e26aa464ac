import test from 'ava';
import type { StrategyOptions } from '../../../dag/file/options.ts';
import { readProgram } from '../../../dag/file/read-program.ts';
import { isStrategy, type Strategy, strategy } from '../../../dag/strategy.ts';
import { formatProblems } from '../../../document/format-problems.ts';
import { ProblemList } from '../../../document/problem.ts';
import { bytes } from '../../../net/codec/bytes-codec.ts';
import { method, service } from '../../../net/service/contract.ts';
import type { FiberContext } from '../../../runtime/fiber/context.ts';
import { settled, writtenAt } from './read.ts';
import { richFile, richProgram } from './rich-graph.ts';

const moduleUrl = 'file:///srv/feed/feed.ts';
const Users = service('demo.Users', { get: method(bytes()) });

function rank({ items }: { items: string[] }, fiber: FiberContext): string[] {
  fiber.check();
  return items;
}

function readIn(given: Strategy) {
  const problems = new ProblemList();
  const result = readProgram(given, moduleUrl, 'feed', problems, { checksModules: false });
  return { result, told: formatProblems(problems.sorted()) };
}

/** Options as a program without types could pass them. */
function untyped(options: object) {
  return readIn(strategy('feed', options as StrategyOptions));
}

test('a program and a file with the same keys mean the same', (t) => {
  const { result, told } = readIn(richProgram);
  t.is(told, '');
  const file = settled(t, richFile, { folder: '/srv/feed', checksModules: false }).definition;
  const origin = "strategy('feed.recommend') of feed.ts";
  const tests = file.tests.map((one) => ({ ...one, where: origin }));
  t.deepEqual(result?.definition, { ...file, origin, tests });
});

test('functions and methods stand for themselves, and are named by module, export and node', (t) => {
  const sub = strategy('feed.sub', { nodes: { a: { value: 1 } }, output: 'a' });
  const { result, told } = readIn(
    strategy('feed', {
      nodes: {
        user: { call: Users.get, input: { id: 'request.user' } },
        rank: { run: rank, pool: 'cpu', input: { items: 'user.items' } },
        arrow: { run: () => 1 },
        sub: { strategy: sub },
      },
      output: 'rank',
    }),
  );
  t.is(told, '');
  t.deepEqual(
    result?.definition.nodes.map((node) => node.work),
    [
      { kind: 'method', moduleUrl, exportName: 'feed', node: 'user', service: 'demo.Users', method: 'get' },
      { kind: 'function', moduleUrl, exportName: 'feed', node: 'rank' },
      { kind: 'function', moduleUrl, exportName: 'feed', node: 'arrow' },
      { kind: 'strategy', strategy: 'feed.sub' },
    ],
  );
  t.deepEqual(result?.definition.nodes[1]?.hard, ['user']);
  t.deepEqual(structuredClone(result?.definition), result?.definition);
});

test('mistakes are shown in a line that says where they are', (t) => {
  const { told } = untyped({
    nodes: { rank: { run: rank, tmeout: '3ms', input: { items: 'request.items +' } }, x: { run: './gone.ts#x' } },
    output: { items: 'rank' },
    budget: { total: 80 },
  });
  t.is(
    told,
    `
strategy('feed') of feed.ts: unknown key "tmeout"; allowed here: run, call, strategy, value, input, needs, join, when, foreach, pool, timeout, retry, hedge, breaker, concurrency, fallback, cache, light, estimate; did you mean "timeout"?
  strategy('feed') of feed.ts: nodes.rank.tmeout: 3ms
                                          ^^^^^^

strategy('feed') of feed.ts: the expression ends too early
  strategy('feed') of feed.ts: nodes.rank.input.items: request.items +
                                                                     ^

strategy('feed') of feed.ts: total must be a duration from 1ms to 24h, or none, not 80: a number needs its unit, such as 80ms or 80s
  strategy('feed') of feed.ts: budget.total: 80
                                             ^^
`.trim(),
  );
});

test('every part has a place in the text that was made for it', (t) => {
  const { result } = readIn(richProgram);
  const at = (path: string) => writtenAt(result!, path);
  t.is(at('nodes.rank.timeout'), 'rank');
  t.is(at('nodes.rank.estimate'), '2.5ms');
  t.is(at('nodes.rank.estimate~key'), 'estimate');
  t.is(at('nodes.rank.needs[1]'), 'sub');
  t.is(at('nodes.rank~key'), 'rank');
  t.is(at('layers.ranking.experiments.extra-recall.slots[0]'), '0-99999');
  t.is(at('output.items'), 'rank.items');
});

test('what is no data is refused where it stands', (t) => {
  class Model {}
  const circle: { [key: string]: unknown } = {};
  circle.self = circle;
  const cases: [unknown, RegExp][] = [
    [{ input: () => 1 }, /a function can stand at `run` of a node only\n.*nodes\.x\.input: function input/],
    [{ input: new Model() }, /an object of class Model is no data/],
    [{ input: new Date(0) }, /an object of class Date is no data/],
    [{ input: { k: 1n } }, /a bigint is no data: .*\n.*nodes\.x\.input\.k: a bigint/],
    [{ input: [undefined] }, /undefined is no data/],
    [{ input: Symbol('x') }, /a symbol is no data/],
    [{ input: circle }, /it is nested too deeply, or contains itself/],
    [{ input: Array(300_000).fill(1) }, /it holds more than 200000 values/],
    [{ call: Users }, /call takes a method of a contract, such as Users.get/],
  ];
  for (const [node, message] of cases) t.regex(untyped({ nodes: { x: node }, output: 1 }).told, message);
});

test('what is passed instead of options gives problems, never an exception', (t) => {
  const getter = {
    get nodes(): never {
      throw new Error('not today');
    },
  };
  t.regex(untyped(getter).told, /can not be read: not today/);
  for (const options of [{}, { nodes: [] }, { nodes: { 'a\nb': {} } }, [1], { nodes: null, output: {} }]) {
    t.not(untyped(options).told, '');
  }
  t.not(readIn(strategy(7 as unknown as string, { nodes: {}, output: 1 })).told, '');
});

test('an entry that is undefined is an entry that was left out', (t) => {
  t.is(untyped({ nodes: { a: { value: 1, when: undefined } }, output: 'a', tests: undefined }).told, '');
});

test('a strategy is frozen, and known among other exports', (t) => {
  t.true(Object.isFrozen(richProgram));
  t.is(richProgram.name, 'feed.recommend');
  t.deepEqual([richProgram, Users, null, 'feed', {}].map(isStrategy), [true, false, false, false, false]);
});

test('editors see slips in keys, units and codes', (t) => {
  const nodes = { a: { value: 1 } };
  // @ts-expect-error a key that is none
  strategy('x', { nodes, output: 1, layer: {} });
  // @ts-expect-error a number is no duration
  strategy('x', { nodes: { a: { run: './a.ts#a', timeout: 30 } }, output: 1 });
  // @ts-expect-error a code that is none
  strategy('x', { nodes: { a: { run: './a.ts#a', retry: { on: ['UNAVAILBLE'] } } }, output: 1 });
  // @ts-expect-error a fallback is a value or a node
  strategy('x', { nodes: { a: { run: './a.ts#a', fallback: [{ value: 1, node: 'b' }] } }, output: 1 });
  t.pass();
});
