// fiber.metrics of threads that share one process: what readers see of it, against a plain model, and its bounds.

import test from 'ava';
import fc from 'fast-check';
import { HeddleError } from '../../../runtime/errors.ts';
import type { FiberMetrics } from '../../../runtime/metrics/metrics.ts';
import { MetricsRig } from './rig.ts';

test('counts add up over threads and labels, gauges are whoever set them last, observed values are one histogram', (t) => {
  const rig = new MetricsRig();
  const [one, two] = [rig.thread(1), rig.thread(2)];
  one.count('orders');
  two.count('orders', 2.5);
  one.count('orders', 1, { kind: 'book', paid: true });
  two.count('orders', 1, { paid: 'true', kind: 'book' });
  one.gauge('depth', 3);
  rig.nowMs = 5;
  two.gauge('depth', -7);
  one.observe('took_ms', 4);
  two.observe('took_ms', 10);
  two.observe('took_ms', 1);
  t.deepEqual(rig.values(), {
    orders: 3.5,
    'orders{kind="book",paid="true"}': 2,
    depth: -7,
    took_ms: { count: 3, sum: 15, min: 1, max: 10 },
  });
  const took = rig.reader.read().find(({ name }) => name === 'took_ms');
  if (took?.kind !== 'histogram') return t.fail();
  t.is(took.average, 5);
  t.is(took.quantile(0), 1);
  t.is(took.quantile(1), 10);
  t.true(Math.abs(took.quantile(0.5) - 4) <= 0.5);
});

test('whatever threads do, live and die, readers see what a plain model has', (t) => {
  const label = fc.constantFrom('a', 'b');
  const labels = fc.dictionary(label, fc.oneof(fc.constantFrom('x', 'y', '"\\\n', ''), fc.integer({ min: 0, max: 2 })));
  const doing = fc.record({
    thread: fc.integer({ min: 1, max: 3 }),
    verb: fc.constantFrom('count', 'gauge', 'observe', 'die' as const),
    name: fc.constantFrom('p', 'q'),
    labels: fc.option(labels, { nil: undefined }),
    value: fc.integer({ min: 0, max: 1000 }),
  });
  fc.assert(
    fc.property(fc.array(doing, { maxLength: 60 }), (doings) => {
      const rig = new MetricsRig();
      const threads = new Map([1, 2, 3].map((number) => [number, rig.thread(number)]));
      const model = new Map<string, unknown>();
      for (const { thread, verb, name, labels: given, value } of doings) {
        if (verb === 'die') {
          threads.set(thread, rig.thread(thread));
          continue;
        }
        rig.nowMs++;
        const metric = `${verb}_${name}`;
        threads.get(thread)![verb](metric, value, given);
        const pairs = Object.entries(given ?? {})
          .filter(([, one]) => one !== '')
          .sort()
          .map(([key, one]) => `${key}="${one}"`);
        const key = pairs.length === 0 ? metric : `${metric}{${pairs.join(',')}}`;
        model.set(key, modelled(verb, model.get(key), value));
      }
      t.deepEqual(rig.values(), Object.fromEntries([...model].sort()));
      t.is(rig.reader.series.used, model.size);
    }),
  );
});

interface Modelled {
  count: number;
  sum: number;
  min: number;
  max: number;
}

function modelled(verb: keyof FiberMetrics, before: unknown, value: number): unknown {
  if (verb === 'count') return ((before as number | undefined) ?? 0) + value;
  if (verb === 'gauge') return value;
  const none: Modelled = { count: 0, sum: 0, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
  const { count, sum, min, max } = (before as Modelled | undefined) ?? none;
  return { count: count + 1, sum: sum + value, min: Math.min(min, value), max: Math.max(max, value) };
}

test('a counter has one name, with and without the ending that Prometheus wants', (t) => {
  const rig = new MetricsRig();
  const metrics = rig.thread(1);
  metrics.count('orders_total');
  metrics.count('orders');
  t.deepEqual(rig.values(), { orders: 2 });
});

test('the next owner of a number mends what the one before left half written', (t) => {
  const rig = new MetricsRig();
  rig.thread(1).observe('took_ms', 4);
  const words = new Int32Array(rig.memory.of(1).cells);
  const doubles = new Float64Array(rig.memory.of(1).cells);
  const sequence = words.findIndex((word, index) => index % 2 === 0 && word === 2);
  words[sequence] = 3;
  doubles[sequence / 2 + 1]! += 6;
  rig.thread(1).observe('took_ms', 5);
  t.deepEqual(rig.values(), { took_ms: { count: 2, sum: 15, min: 4, max: 5 } });
  t.is(words[sequence], 6);
});

const refused = test.macro({
  exec(t, act: (metrics: FiberMetrics) => void, reason: RegExp) {
    const rig = new MetricsRig();
    const metrics = rig.thread(1);
    metrics.count('orders');
    const error = t.throws(() => act(metrics), { instanceOf: HeddleError, code: 'INVALID_ARGUMENT' })!;
    t.regex(error.message, reason);
    t.deepEqual(rig.values(), { orders: 1 });
  },
  title: (title) => `refuses ${title}`,
});
test(
  'a name of two kinds',
  refused,
  (m) => m.gauge('orders', 1),
  /it is a counter \(fiber.metrics.count\) and can't be/,
);
test(
  'a name that Prometheus does not take',
  refused,
  (m) => m.count('film titles'),
  /^metric "film titles": a name has/,
);
test("one of Heddle's names", refused, (m) => m.gauge('heddle_x', 1), /names that begin with heddle_ and process_ are/);
test('a name of nothing but its ending', refused, (m) => m.count('_total'), /it has no name but the ending _total/);
test('an ending of histograms', refused, (m) => m.gauge('x_bucket', 1), /no gauge can end in _bucket/);
test('an ending of counters', refused, (m) => m.observe('x_total', 1), /no histogram can end in _total/);
test('a label of Prometheus', refused, (m) => m.count('x', 1, { le: '1' }), /the label le is Prometheus's own/);
test('a label with a dash', refused, (m) => m.count('x', 1, { 'a-b': 1 }), /"a-b" can not name a label: letters/);
const dropped = test.macro({
  exec(t, act: (metrics: FiberMetrics) => void, why: string) {
    const rig = new MetricsRig();
    const metrics = rig.thread(1);
    for (const _ of [1, 2]) t.notThrows(() => act(metrics));
    t.deepEqual(rig.values(), {});
    t.deepEqual(rig.reader.dropped(), { series: 0, labels: 0, 'label-length': 0, value: 2 });
    t.deepEqual(rig.logged, [`metric x: ${why}: such values are dropped`]);
  },
  title: (title) => `drops, counts and tells once ${title}`,
});
const fromZero = 'it takes numbers from 0 on; for what also falls use gauge';
test('a count below zero', dropped, (m) => m.count('x', -1), `count was given -1, and ${fromZero}`);
test('a count that is no number', dropped, (m) => m.count('x', Number.NaN), `count was given NaN, and ${fromZero}`);
test('a count without end', dropped, (m) => m.count('x', 1 / 0), `count was given Infinity, and ${fromZero}`);
test(
  'a count that is a text',
  dropped,
  (m) => m.count('x', '5' as unknown as number),
  `count was given a value of type string, and ${fromZero}`,
);
test(
  'a gauge that is no number',
  dropped,
  (m) => m.gauge('x', Number.NaN),
  'gauge was given NaN, and it takes finite numbers',
);
test(
  'an observed infinity',
  dropped,
  (m) => m.observe('x', -1 / 0),
  'observe was given -Infinity, and it takes finite numbers',
);
test(
  'a value of a label that is an object',
  dropped,
  (m) => m.count('x', 1, { user: { id: 1 } as unknown as string }),
  'its label user was given a value of type object; it takes texts, numbers and booleans',
);
test('a wrong name with a wrong value', refused, (m) => m.count('film titles', Number.NaN), /a name has/);

test('nobody who reads a series can change its labels for others', (t) => {
  const rig = new MetricsRig();
  rig.thread(1).count('x', 1, { kind: 'a' });
  rig.thread(1).observe('y', 1, { kind: 'a' });
  for (const { labels } of rig.reader.read()) {
    t.throws(() => Object.assign(labels, { kind: 'b' }), { instanceOf: TypeError });
  }
  t.deepEqual(Object.keys(rig.values()), ['x{kind="a"}', 'y{kind="a"}']);
});

test('labels that are undefined, null or empty are as good as none', (t) => {
  const rig = new MetricsRig();
  const metrics = rig.thread(1);
  metrics.count('x', 1, {});
  metrics.count('x', 1, { a: '', b: undefined, c: null } as unknown as Record<string, string>);
  t.deepEqual(rig.values(), { x: 2 });
});

test('over its series a process drops what would be one more, and the log names the label to blame, once', (t) => {
  const rig = new MetricsRig(10);
  const [one, two] = [rig.thread(1), rig.thread(2)];
  one.gauge('up', 1);
  for (let user = 0; user < 50; user++) one.count('requests', 1, { route: user % 2 ? '/a' : '/b', user });
  two.count('requests', 1, { route: '/b', user: 0 });
  two.count('other');
  const values = rig.values();
  t.is(Object.keys(values).length, 10);
  t.is(values['requests{route="/b",user="0"}'], 2);
  t.deepEqual(rig.reader.series, { used: 10, max: 10 });
  t.deepEqual(rig.reader.dropped(), { series: 42, labels: 0, 'label-length': 0, value: 0 });
  t.deepEqual(rig.logged, [
    'metric requests: the process has all its 10 series (metrics.series), so series that it does not have yet are dropped; 9 are of requests, whose label user has 9 values: labels must have few values; if these are few, raise metrics.series',
    'metric other: the process has all its 10 series (metrics.series), so series that it does not have yet are dropped; 9 are of requests, whose label user has 9 values: labels must have few values; if these are few, raise metrics.series',
  ]);
});

test('too many labels and too long ones are dropped and counted, and the log says which', (t) => {
  const rig = new MetricsRig();
  const metrics = rig.thread(1);
  const eight = Object.fromEntries([...'abcdefgh'].map((label) => [label, 1]));
  metrics.count('x', 1, eight);
  metrics.count('x', 1, { ...eight, i: '' });
  for (const _ of [1, 2]) metrics.count('x', 1, { ...eight, i: 1 });
  metrics.count('y', 1, { path: 'é'.repeat(50) });
  metrics.count('y', 1, { path: `${'é'.repeat(50)}!` });
  t.deepEqual(Object.values(rig.values()), [2, 1]);
  t.deepEqual(rig.reader.dropped(), { series: 0, labels: 2, 'label-length': 1, value: 0 });
  t.deepEqual(rig.logged, [
    'metric x: it has 9 labels, and at most 8 are allowed: such values are dropped',
    'metric y: a value of its label path has 101 bytes, and at most 100 are allowed: such values are dropped',
  ]);
});

test('a label in ever new orders and forms is one series, and does not grow what a thread remembers', (t) => {
  const rig = new MetricsRig(2);
  const metrics = rig.thread(1);
  for (let turn = 0; turn < 100; turn++) {
    metrics.count('x', 1, { a: 1, b: 2 });
    metrics.count('x', 1, { b: '2', a: '1' });
    metrics.count('x', 1, { [`c${turn}`]: '', a: 1, b: 2 });
  }
  t.deepEqual(rig.values(), { 'x{a="1",b="2"}': 300 });
});

test('a text that is not well formed, or has the separator in it, stays one value', (t) => {
  const rig = new MetricsRig();
  rig.thread(1).count('x', 1, { a: 'b\0c', d: '\ud800' });
  t.deepEqual(rig.values(), { 'x{a="b\ufffdc",d="\ufffd"}': 1 });
});
