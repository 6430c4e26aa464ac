// A series: a kind, a name and a set of labels, and the one text that stands for it on all threads. What names and labels
// may look like is checked here. Called when a thread meets a series for the first time, not for each value.

import { HeddleError } from '../errors.ts';
import { type DropReason, type MetricKind, metricKinds } from '../shared/metric-cells.ts';
import type { MetricLabels } from './metrics.ts';

export interface Series {
  kind: MetricKind;
  name: string;
  /** In the order of their names; frozen, as all who read the series share them. */
  labels: Readonly<Record<string, string>>;
}

/** What stands for a series; or, beyond a bound, why there is none. */
export type SeriesText =
  | { text: string; dropped?: undefined }
  | { dropped: Exclude<DropReason, 'series'>; why: string };

export const labelsMax = 8;
export const labelValueMaxBytes = 100;
const nameMax = 100;
/** Between the parts of a text; it can be in no part. */
const separator = '\0';

const namePattern = /^[A-Za-z_:][A-Za-z0-9_:]*$/;
const labelPattern = /^(?!__)[A-Za-z_][A-Za-z0-9_]*$/;
/** Prometheus uses them for its own. */
const reservedLabels = ['le', 'quantile'];

/** How handlers ask for a kind. */
export const verbs: Readonly<Record<MetricKind, string>> = { counter: 'count', gauge: 'gauge', histogram: 'observe' };

/**
 * The name that a metric has everywhere: of counters without the ending `_total`, which Prometheus wants and /metrics adds.
 * Throws INVALID_ARGUMENT.
 */
export function metricName(kind: MetricKind, written: string): string {
  const wrong = (why: string) => wrongMetric(written, why);
  if (typeof written !== 'string' || !namePattern.test(written) || written.length > nameMax) {
    throw wrong(`a name has letters, digits, _ and :, begins with no digit, and is at most ${nameMax} long`);
  }
  const name = kind === 'counter' ? written.replace(/_total$/, '') : written;
  if (name === '') throw wrong('it has no name but the ending _total');
  if (/^(heddle|process)_/.test(name)) throw wrong("names that begin with heddle_ and process_ are Heddle's own");
  const ending = /_(total|sum|count|bucket)$/.exec(name)?.[0];
  if (ending !== undefined) {
    throw wrong(`no ${kind} can end in ${ending}: /metrics gives that ending to counters and histograms itself`);
  }
  return name;
}

/** `name`: as metricName gives it. Throws INVALID_ARGUMENT for a label that can't be one. */
export function seriesText(kind: MetricKind, name: string, labels: MetricLabels | undefined): SeriesText {
  let text = `${metricKinds.indexOf(kind)}${name}`;
  if (labels === undefined) return { text };
  const pairs: [label: string, value: string][] = [];
  for (const label of Object.keys(labels).sort()) {
    checkLabel(name, label);
    const value = valueText(labels[label]);
    if (value === undefined) {
      const why = `its label ${label} was given a value of type ${typeof labels[label]}; it takes texts, numbers and booleans`;
      return { dropped: 'value', why };
    }
    if (value !== '') pairs.push([label, value]);
  }
  if (pairs.length > labelsMax) {
    return { dropped: 'labels', why: `it has ${pairs.length} labels, and at most ${labelsMax} are allowed` };
  }
  for (const [label, value] of pairs) {
    const bytes = Buffer.byteLength(value);
    if (bytes > labelValueMaxBytes) {
      const why = `a value of its label ${label} has ${bytes} bytes, and at most ${labelValueMaxBytes} are allowed`;
      return { dropped: 'label-length', why };
    }
    text += `${separator}${label}${separator}${value}`;
  }
  return { text };
}

export function parseSeries(text: string): Series {
  const [head = '', ...parts] = text.split(separator);
  const labels: Record<string, string> = {};
  for (let at = 0; at < parts.length; at += 2) labels[parts[at]!] = parts[at + 1]!;
  return { kind: metricKinds[Number(head[0])]!, name: head.slice(1), labels: Object.freeze(labels) };
}

export function wrongMetric(name: unknown, why: string): HeddleError {
  return new HeddleError('INVALID_ARGUMENT', `metric ${JSON.stringify(name)}: ${why}`, { retry: 'no' });
}

function checkLabel(name: string, label: string): void {
  if (!labelPattern.test(label) || label.length > nameMax) {
    const rule = `letters, digits and _, beginning with a letter or one _, at most ${nameMax}`;
    throw wrongMetric(name, `${JSON.stringify(label)} can not name a label: ${rule}`);
  }
  if (reservedLabels.includes(label)) throw wrongMetric(name, `the label ${label} is Prometheus's own; choose another`);
}

/** Empty: as good as no label. Undefined: it can't be one. */
function valueText(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value.toWellFormed().replaceAll(separator, '\ufffd');
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'undefined':
      return '';
    default:
      return value === null ? '' : undefined;
  }
}
