// metricsRig: the metrics of a process without its threads: each number's `fiber.metrics`, a reader, what was logged.

import { type Clock, systemClock } from '../../../runtime/clock.ts';
import { type Logger, silentLogger } from '../../../runtime/logger.ts';
import { MetricReader, type MetricSample } from '../../../runtime/metrics/metric-reader.ts';
import { ThreadMetrics } from '../../../runtime/metrics/thread-metrics.ts';
import { MetricMemory } from '../../../runtime/shared/metric-memory.ts';

export class MetricsRig {
  /** What the clock of all threads says. */
  nowMs = 0;
  readonly #clock: Clock = { ...systemClock, nowMs: () => this.nowMs };
  readonly memory: MetricMemory;
  readonly logged: string[] = [];
  readonly reader: MetricReader;
  readonly #log: Logger = { ...silentLogger, warn: (_fields, message) => void this.logged.push(message) };

  constructor(series = 1000) {
    this.memory = new MetricMemory(series);
    this.reader = new MetricReader(this.memory.directory);
  }

  /** A new owner of the number. */
  thread(number: number): ThreadMetrics {
    const memory = this.memory.of(number);
    this.reader.addCells(number, memory.cells);
    return new ThreadMetrics(memory, number, this.#clock, this.#log);
  }

  /** `orders{kind="book"} 3`, and of histograms `{count, sum, min, max}`; sorted. */
  values(): Record<string, unknown> {
    return Object.fromEntries(
      this.reader
        .read()
        .map((sample) => [nameOf(sample), shown(sample)])
        .sort(),
    );
  }
}

function nameOf({ name, labels }: MetricSample): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}

function shown(sample: MetricSample): unknown {
  if (sample.kind !== 'histogram') return sample.value;
  const { count, sum, min, max } = sample;
  return { count, sum, min, max };
}
