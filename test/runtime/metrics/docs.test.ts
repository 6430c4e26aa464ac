// The examples of docs/metrics.md, run as they stand there, and its numbers.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { linesMax } from '../../../plugins/metrics-log.ts';
import type { FiberContext } from '../../../runtime/fiber/context.ts';
import { labelsMax, labelValueMaxBytes } from '../../../runtime/metrics/series.ts';
import type { Plugin, PluginHost } from '../../../runtime/plugin.ts';
import type { MetricSinkDefinition } from '../../../runtime/plugins/metric-sink.ts';
import { Modules } from '../plugins/modules.ts';
import { MetricsRig } from './rig.ts';

const page = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
const blocks = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code!);

test('the handler counts, sets and observes, and the sink posts it', async (t) => {
  const modules = new Modules(t);
  const imported = async (file: string, code: string) => {
    const index = new URL('../../../', import.meta.url).href;
    const { moduleUrl } = modules.write(
      file,
      code.replaceAll("'heddle/plugin'", `'${index}plugin.ts'`).replaceAll("'heddle'", `'${index}index.ts'`),
    );
    return (await import(moduleUrl)) as Record<string, unknown>;
  };
  const rig = new MetricsRig();
  const { placed } = await imported('handler.ts', blocks[0]!);
  const fiber = { metrics: rig.thread(1) } as unknown as FiberContext;
  (placed as (order: object, fiber: FiberContext, waiting: number) => void)({ kind: 'book', price: 12 }, fiber, 3);
  t.deepEqual(rig.values(), {
    'orders{kind="book"}': 1,
    orders_waiting: 3,
    'order_price{kind="book"}': { count: 1, sum: 12, min: 12, max: 12 },
  });

  const posted = Promise.withResolvers<string>();
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      response.end();
      posted.resolve(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const sinks: MetricSinkDefinition[] = [];
  const { default: plugin } = await imported('sink.ts', blocks[1]!);
  await (plugin as Plugin).install({
    options: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` },
    metricSink: (definition: MetricSinkDefinition) => sinks.push(definition),
  } as unknown as PluginHost);
  await sinks[0]!.write(rig.reader.read(), { wallMs: 0, isLast: false, signal: new AbortController().signal });
  t.deepEqual(
    (await posted.promise).split('\n').map((line) => JSON.parse(line) as unknown),
    [
      { name: 'orders', labels: { kind: 'book' }, value: 1 },
      { name: 'orders_waiting', labels: {}, value: 3 },
      { name: 'order_price', labels: { kind: 'book' }, value: 12 },
    ],
  );
});

test('the bounds on the page are those of the code', (t) => {
  for (const [what, bound] of [
    ['labels of one value', String(labelsMax)],
    ["a label's value, as UTF-8", `${labelValueMaxBytes} bytes`],
  ]) {
    t.true(page.includes(`| ${what} | ${bound} |`), what);
  }
  t.true(page.includes(`most ${linesMax.toLocaleString('en')} at a time`));
});
