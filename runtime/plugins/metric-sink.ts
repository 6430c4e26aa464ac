// The extension point `metricSink`, on main: where the metrics of handlers go beside the admin's /metrics: a log, a database,
// a gateway that wants them pushed. runtime/metrics/metric-sinks.ts calls what is added here.

import { HeddleError } from '../errors.ts';
import type { MetricSample } from '../metrics/metric-reader.ts';
import type { Registry } from './registry.ts';

/** How often a sink is called, ms; at most once a day, as `metrics.log` of heddle.yaml may ask for. */
export const everyMsBounds = { default: 10_000, min: 100, max: 86_400_000 } as const;
/** How long one write may take, ms. */
const timeoutMsBounds = { default: 10_000, min: 1, max: 60_000 } as const;

/** Where metrics go: `{ name: 'statsd', everyMs: 1_000, write: (samples) => … }`. */
export interface MetricSinkDefinition {
  /** Lower-case letters, digits, `.`, `+` and `-`; unique in the process. */
  name: string;
  /** From one write to the next, ms: 100 to 86,400,000. Default: 10,000. */
  everyMs?: number;
  /** After it the signal of a write is aborted and the log says so, ms, at most 60,000. Default: 10,000. */
  timeoutMs?: number;
  /**
   * Takes all series as they are now; the samples are its own to keep, but all sinks share their labels, which are frozen. May return a promise; until that has settled it is
   * not called again, however long that takes. What it throws is logged, and the next write comes as if nothing had been.
   * It runs on the main thread: what computes for long delays starts, stops and replacements of threads.
   */
  write(samples: readonly MetricSample[], call: MetricSinkCall): unknown;
}

/** What comes with the samples of one write. */
export interface MetricSinkCall {
  /** When the samples were taken, ms since 1970. */
  readonly wallMs: number;
  /** The process stops: no other write comes, and this one has a second. */
  readonly isLast: boolean;
  /** Aborted when its time is over. */
  readonly signal: AbortSignal;
}

/** A sink with its bounds filled in. */
export type MetricSink = Required<MetricSinkDefinition>;

/** What plugins have on the main thread. */
export interface MetricSinkPoint {
  /**
   * Throws INVALID_ARGUMENT for a wrong definition, ALREADY_EXISTS for a name that is taken, RESOURCE_EXHAUSTED when there
   * are too many.
   */
  metricSink(definition: MetricSinkDefinition): void;
}

/** The point as the plugin of that name sees it. */
export function metricSinkPoint(plugin: string, sinks: Registry<MetricSink>): MetricSinkPoint {
  return { metricSink: (definition) => sinks.add(plugin, checked(definition)) };
}

function checked(definition: MetricSinkDefinition): MetricSink {
  const { name, everyMs = everyMsBounds.default, timeoutMs = timeoutMsBounds.default, write } = definition;
  const wrong = (what: string) => new HeddleError('INVALID_ARGUMENT', `metric sink ${JSON.stringify(name)}: ${what}`);
  if (typeof write !== 'function') throw wrong('it has no write(samples, call)');
  for (const [key, value, { min, max }] of [
    ['everyMs', everyMs, everyMsBounds],
    ['timeoutMs', timeoutMs, timeoutMsBounds],
  ] as const) {
    if (!(value >= min && value <= max)) throw wrong(`its ${key} must be from ${min} to ${max}, not ${value}`);
  }
  return { name, everyMs, timeoutMs, write: (samples, call) => definition.write(samples, call) };
}
