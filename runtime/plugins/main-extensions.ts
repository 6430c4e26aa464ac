// MainExtensions: what plugins have added on the main thread, and the points through which they did.

import { type ConfigSourceDefinition, type ConfigSourcePoint, configSourcePoint } from './config-source.ts';
import { type MetricSink, type MetricSinkPoint, metricSinkPoint } from './metric-sink.ts';
import { Registry } from './registry.ts';

/** What plugins have on the main thread. */
export interface MainPoints extends ConfigSourcePoint, MetricSinkPoint {}

export class MainExtensions {
  readonly configSources = new Registry<ConfigSourceDefinition>('config source');
  readonly metricSinks = new Registry<MetricSink>('metric sink');

  /** As the plugin of that name sees them. */
  mainPoints(plugin: string): MainPoints {
    return { ...configSourcePoint(plugin, this.configSources), ...metricSinkPoint(plugin, this.metricSinks) };
  }
}
