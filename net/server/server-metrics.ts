// serverMetrics (main thread): the sinks of handlers' metrics, in terms of the server's parts.

import type { Part } from '../../runtime/actor.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { LogHub } from '../../runtime/log/hub.ts';
import { MetricSinks } from '../../runtime/metrics/metric-sinks.ts';
import type { ProcessPlugins } from '../../runtime/plugins/process-plugins.ts';
import type { Supervisor } from '../../scheduler/supervisor.ts';

/** A part of the server's Actor: it starts after the plugins and stops before them. */
export function serverMetrics(supervisor: Supervisor, plugins: ProcessPlugins, clock: Clock, logHub: LogHub): Part {
  return new MetricSinks({
    memory: supervisor.metrics,
    sinks: () => plugins.extensions.metricSinks.all,
    clock,
    log: logHub.logger('metrics'),
  });
}
