// buildMetrics: `metrics` of heddle.yaml as main is told, and the plugin that logs them, where that is wanted.

import type { Checked } from '../document/types.ts';
import { moduleUrl } from '../runtime/module-url.ts';
import type { MetricSettings, PluginSettings } from '../runtime/settings.ts';
import type { metricsType } from './schema-metrics.ts';

type CheckedMetrics = Checked<typeof metricsType>;

export function buildMetrics({ series, log }: CheckedMetrics): MetricSettings {
  return { series: series.value, logEveryMs: log.value };
}

/** None when nobody wants a log. */
export function metricPlugins({ log }: CheckedMetrics): PluginSettings[] {
  if (log.value === 0) return [];
  return [{ moduleUrl: moduleUrl('../plugins/metrics-log', import.meta.url).href, options: { everyMs: log.value } }];
}
