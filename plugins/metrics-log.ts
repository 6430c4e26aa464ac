// The built-in sink of metrics: the log. A line for each series that has changed since the last time, with what it has come
// to and what of that is new. Installed where `metrics.log` of heddle.yaml says how often.

import type { HistogramSample, MetricSample } from '../runtime/metrics/metric-reader.ts';
import { definePlugin } from '../runtime/plugin.ts';

/** Lines of one time; the next time begins with what was left out. What main logs in one go must leave room for its other lines. */
export const linesMax = 1_000;

export default definePlugin({
  name: 'heddle.metrics-log',
  threads: ['main'],
  install(host) {
    const before = new Map<string, MetricSample>();
    /** The first one that was left out: where the next time begins. Series are only ever added, at their end. */
    let from = 0;
    host.metricSink({
      name: 'log',
      everyMs: Number(host.options.everyMs),
      write(samples) {
        let lines = 0;
        const start = from;
        for (let turn = 0; turn < samples.length; turn++) {
          const at = (start + turn) % samples.length;
          const sample = samples[at]!;
          const key = JSON.stringify([sample.name, sample.labels]);
          const fields = newsOf(sample, before.get(key));
          if (fields === undefined) continue;
          if (++lines === linesMax + 1) from = at;
          if (lines > linesMax) continue;
          before.set(key, sample);
          const { name: metric, labels } = sample;
          host.log.info({ metric, labels, ...fields }, 'metric');
        }
        if (lines > linesMax) host.log.warn({ leftOut: lines - linesMax }, 'more metrics have changed than are logged');
      },
    });
  },
});

/** Undefined: nothing is new. */
function newsOf(sample: MetricSample, before: MetricSample | undefined): object | undefined {
  switch (sample.kind) {
    case 'counter': {
      const { value } = sample;
      const added = value - (before?.kind === 'counter' ? before.value : 0);
      return added === 0 ? undefined : { added, value };
    }
    case 'gauge': {
      const { value } = sample;
      return before?.kind === 'gauge' && before.value === value ? undefined : { value };
    }
    default: {
      const added = before?.kind === 'histogram' ? sample.since(before) : sample;
      return added.count === 0 ? undefined : figuresOf(added, sample.count);
    }
  }
}

function figuresOf(added: HistogramSample, total: number): object {
  return {
    added: added.count,
    average: added.average,
    p50: added.quantile(0.5),
    p99: added.quantile(0.99),
    value: total,
  };
}
