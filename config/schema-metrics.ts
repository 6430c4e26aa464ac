// The part of the schema about metrics of handlers: `fiber.metrics`.

import { duration, integer, key, object, orNone } from '../document/declare.ts';
import { everyMsBounds } from '../runtime/plugins/metric-sink.ts';
import { seriesMax } from '../runtime/shared/metric-directory.ts';
import { formatDuration } from '../runtime/units.ts';

export const metricsType = object({
  series: key(
    integer(1, seriesMax),
    1000,
    'Series that handlers may make with fiber.metrics, in the whole process: each metric with each of its sets of labels is one. What would be one more is dropped, counted and logged.',
    'Hundreds of series are many to look at; thousands come of a label with a value per user. What is not used takes no memory.',
  ),
  log: key(
    duration('1s', formatDuration(everyMsBounds.max), orNone),
    'none',
    'How often the log tells what has changed of them, a line for each series; once more at the stop.',
    'Whoever scrapes /metrics or /metrics/values of the admin needs no log of them.',
  ),
});
