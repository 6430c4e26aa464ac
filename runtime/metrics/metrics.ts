// What handlers see of the metrics of their process: `fiber.metrics`. Values are kept in shared memory and summed over all
// threads by whoever reads them: the admin's /metrics and /metrics/values, and sinks of plugins.

/**
 * What tells the series of one metric apart: `{ shard: 'a', cached: true }`. At most 8, each value at most 100 bytes.
 * Names: letters, digits and _, beginning with a letter or _. An empty value is the same as none. Each new set of values
 * is one more series of the process, which has `metrics.series` of them: never user ids, paths with ids, or texts of errors.
 */
export type MetricLabels = Readonly<Record<string, string | number | boolean>>;

/**
 * Names: letters, digits, _ and :, beginning with no digit, at most 100; not `heddle_…` nor `process_…`, which are Heddle's
 * own, and not ending in `_sum`, `_count`, `_bucket`. A name is of one kind in the whole process.
 *
 * All three throw INVALID_ARGUMENT for a name of a metric or a label that can't be one, and for a second kind. What depends
 * on data throws nothing: a value that is no finite number, a negative one of `count`, a label's value that is neither text,
 * number nor boolean, and whatever is beyond a bound (too many series, too many labels, a label too long) is dropped and
 * counted, and the log says so once.
 */
export interface FiberMetrics {
  /** Adds to a sum that only grows. `value`: 0 or more; default 1. `orders` and `orders_total` are the same name. */
  count(name: string, value?: number, labels?: MetricLabels): void;
  /** Sets a value that goes up and down; of all threads, the one that set it last counts. */
  gauge(name: string, value: number, labels?: MetricLabels): void;
  /**
   * Takes one value of many, for count, sum, average, minimum, maximum and quantiles. These are exact but for the quantiles,
   * which are at most an eighth off, from 0.000001 to 17,000,000,000,000. Below that, and below zero, a quantile is the
   * minimum; above, the maximum. Names that end in their unit (`_seconds`, `_ms`, `_bytes`) get fitting buckets in /metrics.
   */
  observe(name: string, value: number, labels?: MetricLabels): void;
}

const nothing = (): void => {};

/** Of a thread that has none. */
export const noMetrics: FiberMetrics = { count: nothing, gauge: nothing, observe: nothing };
