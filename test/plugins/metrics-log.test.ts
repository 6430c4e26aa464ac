// What the log tells of metrics: what has changed since the last time, and no more lines than it has room for.

import test from 'ava';
import { metricsType } from '../../config/schema-metrics.ts';
import metricsLog, { linesMax } from '../../plugins/metrics-log.ts';
import type { PluginHost } from '../../runtime/plugin.ts';
import { type MetricSink, type MetricSinkDefinition, metricSinkPoint } from '../../runtime/plugins/metric-sink.ts';
import { Registry } from '../../runtime/plugins/registry.ts';
import { parseDurationMs } from '../../runtime/units.ts';
import { least, settled } from '../config/read.ts';
import { MetricsRig } from '../runtime/metrics/rig.ts';

async function logging(series?: number) {
  const rig = new MetricsRig(series);
  const lines: object[] = [];
  const warnings: object[] = [];
  const sinks: MetricSinkDefinition[] = [];
  await metricsLog.install({
    options: { everyMs: 60_000 },
    log: {
      info: (fields: object) => void lines.push(fields),
      warn: (fields: object) => void warnings.push(fields),
    },
    metricSink: (definition: MetricSinkDefinition) => void sinks.push(definition),
  } as unknown as PluginHost);
  const call = { wallMs: 0, isLast: false, signal: new AbortController().signal };
  const write = async (): Promise<object[]> => {
    lines.length = 0;
    await sinks[0]!.write(rig.reader.read(), call);
    return [...lines];
  };
  return { metrics: rig.thread(1), everyMs: sinks[0]!.everyMs, write, warnings };
}

test('a line for each series that has changed, with what is new and what it has come to', async (t) => {
  const { metrics, everyMs, write } = await logging();
  t.is(everyMs, 60_000);
  metrics.count('orders', 5, { kind: 'book' });
  metrics.gauge('waiting', 0);
  for (const value of [1, 3]) metrics.observe('took_ms', value);
  t.deepEqual(await write(), [
    { metric: 'orders', labels: { kind: 'book' }, added: 5, value: 5 },
    { metric: 'waiting', labels: {}, value: 0 },
    { metric: 'took_ms', labels: {}, added: 2, average: 2, p50: 1, p99: 2.75, value: 2 },
  ]);
  t.deepEqual(await write(), []);
  metrics.count('orders', 2, { kind: 'book' });
  metrics.gauge('waiting', 0);
  metrics.observe('took_ms', 3);
  t.deepEqual(await write(), [
    { metric: 'orders', labels: { kind: 'book' }, added: 2, value: 7 },
    { metric: 'took_ms', labels: {}, added: 1, average: 3, p50: 2.75, p99: 2.75, value: 3 },
  ]);
});

test('series that are more than lines are counted in one warning, and come the next time', async (t) => {
  const { metrics, write, warnings } = await logging(linesMax + 5);
  for (let id = 0; id < linesMax + 5; id++) metrics.count('many', 1, { id });
  t.is((await write()).length, linesMax);
  t.deepEqual(warnings, [{ leftOut: 5 }]);
  metrics.count('many', 1, { id: linesMax + 4 });
  const late = await write();
  t.is(late.length, 5);
  t.deepEqual(late.at(-1), { metric: 'many', labels: { id: String(linesMax + 4) }, added: 2, value: 2 });
});

test('of more series than lines, all of which change each time, each gets its line in turn', async (t) => {
  const series = linesMax * 2 - 500;
  const { metrics, write } = await logging(series + 1);
  const told = new Set<string>();
  for (let turn = 0; turn < 2; turn++) {
    for (let id = 0; id < series; id++) metrics.count('many', 1, { id });
    for (const line of await write()) told.add((line as { labels: { id: string } }).labels.id);
  }
  t.is(told.size, series);
});

test('the longest and the shortest time that heddle.yaml allows are times that a sink takes', async (t) => {
  const { min, max } = metricsType.keys.log.type;
  for (const written of [min, max]) {
    const { settings } = settled(t, `metrics: { log: ${written} }\n${least}`);
    const plugin = settings.builtIn.find(({ moduleUrl }) => moduleUrl.endsWith('/plugins/metrics-log.ts'));
    const sinks = new Registry<MetricSink>('metric sink');
    const point = metricSinkPoint('heddle.metrics-log', sinks);
    await metricsLog.install({ options: plugin!.options, ...point } as unknown as PluginHost);
    t.is(sinks.all[0]!.everyMs, parseDurationMs(written)!);
  }
});
