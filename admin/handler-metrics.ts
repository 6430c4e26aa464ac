// What handlers count, set and observe (admin thread): their series in Prometheus's text format, beside Heddle's own, and as
// JSON. Each reading is of shared memory, whatever hangs.

import type { HistogramSample, MetricReader, MetricSample } from '../runtime/metrics/metric-reader.ts';
import { verbs } from '../runtime/metrics/series.ts';
import type { DropReason } from '../runtime/shared/metric-cells.ts';
import { valueBucketOf } from '../runtime/shared/value-buckets.ts';
import type { AdminCommands } from './commands.ts';
import type { MetricValueRow, MetricValuesAnswer } from './shapes.ts';

/**
 * Upper bounds of a histogram in /metrics, as powers of two, by the unit that its name ends in. They are the same in every
 * process, so that histograms can be summed over processes, and end where buckets end, so that nothing is estimated.
 */
const boundsByUnit = [
  /** 0.00012 s to 64 s. */
  { unit: /_seconds$/, firstLog2: -13, lastLog2: 6, stepLog2: 1 },
  /** 0.125 ms to 65,536 ms. */
  { unit: /_(ms|milliseconds)$/, firstLog2: -3, lastLog2: 16, stepLog2: 1 },
  /** 64 B to 4 GiB. */
  { unit: /_bytes$/, firstLog2: 6, lastLog2: 32, stepLog2: 2 },
  /** 0.001 to 1. */
  { unit: /_ratio$/, firstLog2: -10, lastLog2: 0, stepLog2: 1 },
  /** Anything else: 0.001 to 1,073,741,824. */
  { unit: /(?:)/, firstLog2: -10, lastLog2: 30, stepLog2: 2 },
] as const;

interface OwnMetric {
  type: 'counter' | 'gauge';
  name: string;
  help: string;
  read(): { labels: Record<string, string>; value: number }[];
}

/** What Heddle itself tells of the metrics of handlers. */
export function metricsOfMetrics(reader: MetricReader): OwnMetric[] {
  const one = (name: string, help: string, read: () => number): OwnMetric => {
    return { type: 'gauge', name, help, read: () => [{ labels: {}, value: read() }] };
  };
  return [
    one('heddle_metric_series', 'Series of the metrics of handlers.', () => reader.series.used),
    one('heddle_metric_series_max', 'Series that there can be (metrics.series).', () => reader.series.max),
    {
      type: 'counter',
      name: 'heddle_metric_values_dropped_total',
      help: 'Values of the metrics of handlers that went nowhere, by reason.',
      read: () =>
        Object.entries(reader.dropped()).map(([reason, value]) => {
          return { labels: { reason: reason as DropReason }, value };
        }),
    },
  ];
}

/** Prometheus's text format: a family for each name. */
export function exposition(samples: readonly MetricSample[]): string {
  const families = Map.groupBy(samples, ({ name }) => name);
  const lines: string[] = [];
  for (const [name, family] of families) {
    const { kind } = family[0]!;
    const shown = kind === 'counter' ? `${name}_total` : name;
    lines.push(`# HELP ${shown} From handlers: fiber.metrics.${verbs[kind]}.`, `# TYPE ${shown} ${kind}`);
    for (const sample of family) {
      if (sample.kind === 'histogram') lines.push(...histogramLines(sample));
      else lines.push(line(shown, sample.labels, sample.value));
    }
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

export function addHandlerMetricCommands(commands: AdminCommands, reader: MetricReader): void {
  commands.add({
    path: '/metrics/values',
    verb: 'GET',
    summary: 'What handlers have counted, set and observed: sums, averages, quantiles (?name= for one metric).',
    run: ({ query }): MetricValuesAnswer => {
      const name = query.get('name');
      const samples = reader.read().filter((sample) => name === null || sample.name === name.replace(/_total$/, ''));
      const { used, max } = reader.series;
      return { series: used, seriesMax: max, dropped: reader.dropped(), values: samples.map(rowOf) };
    },
  });
}

function rowOf(sample: MetricSample): MetricValueRow {
  const { kind, name, labels } = sample;
  if (kind !== 'histogram') return { kind, name, labels, value: sample.value };
  const { count, sum, min, max, average } = sample;
  if (count === 0) return { kind, name, labels, count, sum };
  const [p50, p90, p99, p999] = [0.5, 0.9, 0.99, 0.999].map((quantile) => sample.quantile(quantile)) as Quantiles;
  return { kind, name, labels, count, sum, min, max, average, p50, p90, p99, p999 };
}

type Quantiles = [p50: number, p90: number, p99: number, p999: number];

function histogramLines({ name, labels, count, sum, buckets }: HistogramSample): string[] {
  const { firstLog2, lastLog2, stepLog2 } = boundsByUnit.find(({ unit }) => unit.test(name))!;
  const lines: string[] = [];
  let below = 0;
  let bucket = 0;
  for (let log2 = firstLog2; log2 <= lastLog2; log2 += stepLog2) {
    const upper = 2 ** log2;
    for (const last = valueBucketOf(upper); bucket <= last; bucket++) below += buckets[bucket]!;
    lines.push(line(`${name}_bucket`, { ...labels, le: String(upper) }, below));
  }
  lines.push(line(`${name}_bucket`, { ...labels, le: '+Inf' }, count));
  lines.push(line(`${name}_sum`, labels, sum), line(`${name}_count`, labels, count));
  return lines;
}

function line(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}
