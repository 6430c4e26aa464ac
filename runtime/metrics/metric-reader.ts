// MetricReader: the metrics of a process, merged over all thread numbers that ever were. It needs none of the threads, so
// main (for sinks) and the admin each have one.

import {
  cellsOf,
  type DropReason,
  dropReasons,
  emptyHistogram,
  firstCell,
  type HistogramSums,
  MetricCells,
} from '../shared/metric-cells.ts';
import { MetricDirectory } from '../shared/metric-directory.ts';
import { valueQuantile } from '../shared/value-buckets.ts';
import { parseSeries, type Series } from './series.ts';

/** One series with what it has come to since the process began. */
export type MetricSample = ValueSample | HistogramSample;

interface SampleOfSeries {
  /** Of counters without the ending `_total`. */
  readonly name: string;
  /** In the order of their names. */
  readonly labels: Readonly<Record<string, string>>;
}

/** From `count`: the sum; from `gauge`: the value that was set last. */
export interface ValueSample extends SampleOfSeries {
  readonly kind: 'counter' | 'gauge';
  readonly value: number;
}

/** From `observe`. */
export class HistogramSample implements SampleOfSeries {
  readonly kind = 'histogram';
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** How many were observed; 0: none, and all but `sum` are NaN. */
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  /** By bucket of value-buckets.ts. */
  readonly buckets: Float64Array;

  constructor({ name, labels }: SampleOfSeries, { count, sum, min, max, buckets }: HistogramSums) {
    this.name = name;
    this.labels = labels;
    this.count = count;
    this.sum = sum;
    this.min = count === 0 ? Number.NaN : min;
    this.max = count === 0 ? Number.NaN : max;
    this.buckets = buckets;
  }

  get average(): number {
    return this.sum / this.count;
  }

  /** What has come since `earlier`, a sample of the same series; of minimum and maximum only those of all are known. */
  since(earlier: HistogramSample): HistogramSample {
    const buckets = this.buckets.map((count, bucket) => count - earlier.buckets[bucket]!);
    return new HistogramSample(this, {
      count: this.count - earlier.count,
      sum: this.sum - earlier.sum,
      min: this.min,
      max: this.max,
      buckets,
    });
  }

  /** The value below which the share `quantile` (0..1) of them lies; see `FiberMetrics.observe` for how exact. */
  quantile(quantile: number): number {
    return valueQuantile(this.buckets, quantile, this.min, this.max);
  }
}

export class MetricReader {
  readonly #directory: MetricDirectory;
  readonly #known: { series: Series; at: number }[] = [];
  /** By thread number, or whatever else tells them apart. */
  readonly #cells = new Map<number, MetricCells>();
  #nextCell = firstCell;

  constructor(directory: SharedArrayBuffer) {
    this.#directory = new MetricDirectory(directory, 0);
  }

  /** Once for each number; again changes nothing. */
  addCells(number: number, memory: SharedArrayBuffer): void {
    if (!this.#cells.has(number)) this.#cells.set(number, new MetricCells(memory));
  }

  /** In the order in which the series came; a gauge that was never set is left out. */
  read(): MetricSample[] {
    this.#readOn();
    return this.#known.flatMap(({ series, at }): MetricSample[] => {
      switch (series.kind) {
        case 'counter': {
          let value = 0;
          for (const cells of this.#cells.values()) value += cells.sum(at);
          return [{ ...series, kind: 'counter', value }];
        }
        case 'gauge': {
          const reading = { value: 0, atMs: Number.NEGATIVE_INFINITY };
          for (const cells of this.#cells.values()) cells.readGauge(at, reading);
          if (reading.atMs === Number.NEGATIVE_INFINITY) return [];
          return [{ ...series, kind: 'gauge', value: reading.value }];
        }
        default: {
          const sums = emptyHistogram();
          for (const cells of this.#cells.values()) cells.addHistogram(at, sums);
          return [new HistogramSample(series, sums)];
        }
      }
    });
  }

  /** Series that there are, and that there can be. */
  get series(): { used: number; max: number } {
    this.#readOn();
    return { used: this.#known.length, max: this.#directory.series };
  }

  /** Values that went nowhere, by reason. */
  dropped(): Record<DropReason, number> {
    const counts = Object.fromEntries(dropReasons.map((reason) => [reason, 0])) as Record<DropReason, number>;
    for (const cells of this.#cells.values()) for (const reason of dropReasons) counts[reason] += cells.dropped(reason);
    return counts;
  }

  #readOn(): void {
    for (let text = this.#directory.readNext(); text !== undefined; text = this.#directory.readNext()) {
      const series = parseSeries(text);
      this.#known.push({ series, at: this.#nextCell });
      this.#nextCell += cellsOf[series.kind];
    }
  }
}
