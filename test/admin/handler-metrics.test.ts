// fiber.metrics through a real server: /metrics and /metrics/values over the death of a thread, the sink of a plugin, the
// log; and the text format of every kind.

import { readFileSync } from 'node:fs';
import test from 'ava';
import { exposition } from '../../admin/handler-metrics.ts';
import type { MetricValuesAnswer } from '../../admin/shapes.ts';
import { LogLines } from '../faults/log-lines.ts';
import { eager, eventually, goingThreads, settingsOf } from '../faults/rig.ts';
import { MetricsRig } from '../runtime/metrics/rig.ts';
import { parseMetrics, sum } from './exposition.ts';
import { adminRig, ask } from './rig.ts';
import { Shop } from './services/shop-contract.ts';

const yaml = `
io: { threads: 1 }
pools: { shop: { threads: 2 } }
services:
  metrics.Shop: { module: ../../admin/services/shop.ts, pool: shop, listen: ["heddle://127.0.0.1:0"] }
  metrics.Desk: { module: ../../admin/services/desk.ts, pool: io }
strategies: ../../admin/services/shop.ts
jobs: { counts: { run: "../../admin/services/shop.ts#job", every: 1h, pool: shop } }
`;

test.serial(
  'what handlers counted stands in /metrics, /metrics/values, sinks and the log, past the death of a thread',
  async (t) => {
    const log = new LogLines();
    const kept = `${log.file}.kept`;
    const plugin = `plugins: [{ module: ../../admin/services/keeps-metrics.ts, options: { file: ${kept} } }]`;
    const threads = new Set<number>();
    {
      await using rig = await adminRig(`${yaml}${plugin}\nmetrics: { log: 1h }\n${log.yaml}`, { restart: eager });
      const shop = rig.client(Shop);
      const scrape = async () => parseMetrics((await ask(rig.address, 'GET', '/metrics')).text);
      const order = async (kind: string, seconds: number) => {
        threads.add((await shop.order({ kind, seconds, spinMs: 2 })).thread);
      };
      const orders = (many: number, kind: string, seconds: number) =>
        Promise.all(Array.from({ length: many }, () => order(kind, seconds)));

      await orders(30, 'book', 0.25);
      await orders(10, 'film', 3);
      await order('film', 5);
      const before = await scrape();
      t.is(sum(before, 'shop_orders_total', 'kind="book"'), 30);
      t.is(sum(before, 'shop_orders_total'), 41);
      t.is(sum(before, 'shop_last_order_seconds'), 5);
      t.is(sum(before, 'shop_order_seconds', '_bucket', 'kind="film"', 'le="2"'), 0);
      t.is(sum(before, 'shop_order_seconds', '_bucket', 'kind="film"', 'le="4"'), 10);
      t.is(sum(before, 'shop_order_seconds', '_bucket', 'kind="book"', 'le="0.25"'), 30);
      t.is(sum(before, 'heddle_metric_series'), 5);
      t.is(sum(before, 'heddle_metric_series_max'), 1000);

      await t.throwsAsync(shop.leave({}));
      await eventually('it is replaced', () => goingThreads(rig.pool('shop')).length === 2);
      await orders(30, 'book', 0.25);
      const after = await scrape();
      t.is(sum(after, 'shop_orders_total', 'kind="book"'), 60);
      t.is(sum(after, 'shop_order_seconds', '_sum', 'kind="film"'), 35);
      t.is(sum(after, 'shop_order_seconds', '_count'), 71);
      t.is(sum(after, 'heddle_metric_series'), 5);
      t.is(sum(after, 'heddle_metric_values_dropped_total'), 0);

      await shop.everywhere({});
      await rig.post('/jobs/run?name=counts');
      const fibers = async () => (await rig.get<MetricValuesAnswer>('/metrics/values?name=shop_fibers')).values;
      // The job runs when it is taken from its queue.
      for (let look = 0; look < 1000 && (await fibers()).length < 6; look++);
      t.deepEqual(
        (await fibers()).map(({ labels, value }) => `${labels.of} ${value}`),
        ['request 1', 'child 1', 'task 1', 'node 1', 'pool io 1', 'job 1'],
      );

      const { values, series } = await rig.get<MetricValuesAnswer>('/metrics/values');
      t.is(series, 11);
      const film = values.find(({ kind, labels }) => kind === 'histogram' && labels.kind === 'film')!;
      t.like(film, { name: 'shop_order_seconds', count: 11, sum: 35, min: 3, max: 5, average: 35 / 11, p999: 4.5 });
      t.true(Math.abs(film.p50! - 3) <= 3 / 8);
      const one = await rig.get<MetricValuesAnswer>('/metrics/values?name=shop_orders_total');
      t.deepEqual(
        one.values.map(({ name, value }) => [name, value]),
        [
          ['shop_orders', 60],
          ['shop_orders', 11],
        ],
      );
    }
    t.true(threads.size >= 3, 'both threads had orders, and the one in the place of the dead one');
    const writes = readFileSync(kept, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    t.is(writes.length, 1);
    t.like(writes[0], { isLast: true });
    t.deepEqual((writes[0] as { rows: unknown[] }).rows.slice(0, 5), [
      ['shop_orders', 60],
      ['shop_last_order_seconds', 0.25],
      ['shop_order_seconds', 15],
      ['shop_orders', 11],
      ['shop_order_seconds', 35],
    ]);
    const lines = log.read().filter(({ component }) => component === 'plugin.heddle.metrics-log');
    t.is(lines.length, 11);
    t.like(lines[0], { msg: 'metric', metric: 'shop_orders', labels: { kind: 'book' }, added: 60, value: 60 });
    t.like(lines[4], {
      metric: 'shop_order_seconds',
      labels: { kind: 'film' },
      added: 11,
      value: 11,
      average: 35 / 11,
    });
  },
);

test('the config bounds the series, and has no log of them unless it says so', (t) => {
  const urls = (text: string) => settingsOf(`${yaml}${text}`).builtIn.map(({ moduleUrl }) => moduleUrl);
  t.is(settingsOf(yaml).metrics.series, 1000);
  t.is(settingsOf(`${yaml}metrics: { series: 7 }`).metrics.series, 7);
  t.false(urls('').some((url) => url.includes('metrics-log')));
  t.true(urls('metrics: { log: 60s }').some((url) => url.includes('metrics-log')));
  t.throws(() => settingsOf(`${yaml}metrics: { series: 0 }`), { message: /metrics/ });
});

test('the text format: one family for each name, labels escaped, bounds by the unit that the name ends in', (t) => {
  const rig = new MetricsRig();
  const metrics = rig.thread(1);
  metrics.count('a', 1, { text: 'x"\\\ny' });
  metrics.gauge('b', -1.5);
  metrics.count('a', 2);
  for (const unit of ['seconds', 'ms', 'bytes', 'ratio', 'points']) metrics.observe(`c_${unit}`, 1);
  metrics.observe('c_points', 1e30);
  metrics.observe('c_points', -1);
  const text = exposition(rig.reader.read());
  t.true(
    text.startsWith(
      '# HELP a_total From handlers: fiber.metrics.count.\n# TYPE a_total counter\na_total{text="x\\"\\\\\\ny"} 1\na_total 2\n',
    ),
  );
  const families = parseMetrics(text);
  t.is(families.get('b')!.samples.get(''), -1.5);
  const bounds = (name: string) => [...families.get(name)!.samples.keys()].filter((key) => key.startsWith('_bucket'));
  t.deepEqual(
    ['seconds', 'ms', 'bytes', 'ratio', 'points'].map((unit) => {
      const all = bounds(`c_${unit}`);
      return [all.length, all[0], all.at(-2)].map((key) => (typeof key === 'string' ? /le="(.*)"/.exec(key)![1] : key));
    }),
    [
      [21, '0.0001220703125', '64'],
      [21, '0.125', '65536'],
      [15, '64', '4294967296'],
      [12, '0.0009765625', '1'],
      [22, '0.0009765625', '1073741824'],
    ],
  );
  const points = families.get('c_points')!.samples;
  t.deepEqual(
    [
      '_bucket{le="0.0009765625"}',
      '_bucket{le="0.25"}',
      '_bucket{le="1"}',
      '_bucket{le="1073741824"}',
      '_bucket{le="+Inf"}',
      '_count',
    ].map((key) => points.get(key)),
    [1, 1, 2, 2, 3, 3],
  );
  t.is(exposition([]), '');
});
