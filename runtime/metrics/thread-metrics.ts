// ThreadMetrics: `fiber.metrics` of one thread. Finds the cells of a series without building a text, by a tree of the labels
// that were met before; only what is new goes by its text, through the directory of the process.

import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import { cellsOf, type DropReason, firstCell, MetricCells, type MetricKind } from '../shared/metric-cells.ts';
import { MetricDirectory } from '../shared/metric-directory.ts';
import type { ThreadMetricMemory } from '../shared/metric-memory.ts';
import type { FiberMetrics, MetricLabels } from './metrics.ts';
import { metricName, parseSeries, seriesText, verbs, wrongMetric } from './series.ts';

/** Ways to series that a thread remembers, in series of the process; over it, it forgets them and begins again. */
const waysPerSeries = 4;
/** Names of which the log tells that values are dropped. */
const toldMax = 100;
const unknown = -1;

export class ThreadMetrics implements FiberMetrics {
  readonly #directory: MetricDirectory;
  readonly #cells: MetricCells;
  readonly #clock: Clock;
  readonly #log: Logger;
  /** Where the cells of each series begin, by its text. */
  readonly #places = new Map<string, number>();
  readonly #kinds = new Map<string, MetricKind>();
  readonly #counters = new Map<string, LabelNode>();
  readonly #gauges = new Map<string, LabelNode>();
  readonly #histograms = new Map<string, LabelNode>();
  readonly #waysMax: number;
  /** What the log has told, as `name reason`. */
  readonly #told = new Set<string>();
  #nextCell = firstCell;
  #ways = 0;

  constructor({ directory, cells }: ThreadMetricMemory, number: number, clock: Clock, log: Logger) {
    this.#directory = new MetricDirectory(directory, number);
    this.#cells = new MetricCells(cells);
    this.#clock = clock;
    this.#log = log;
    this.#waysMax = this.#directory.series * waysPerSeries;
    // What the number's owner before had not finished. Nothing that comes later can be unfinished.
    this.#readOn((at, kind) => this.#cells.mend(at, kind));
  }

  count(name: string, value = 1, labels?: MetricLabels): void {
    if (!Number.isFinite(value) || value < 0) {
      this.#refuse('counter', name, value);
      return;
    }
    let at = cellsAt(this.#counters.get(name), labels);
    if (at === unknown) at = this.#find('counter', name, labels);
    if (at !== unknown) this.#cells.addTo(at, value);
  }

  gauge(name: string, value: number, labels?: MetricLabels): void {
    if (!Number.isFinite(value)) {
      this.#refuse('gauge', name, value);
      return;
    }
    let at = cellsAt(this.#gauges.get(name), labels);
    if (at === unknown) at = this.#find('gauge', name, labels);
    if (at !== unknown) this.#cells.setGauge(at, value, this.#clock.nowMs());
  }

  observe(name: string, value: number, labels?: MetricLabels): void {
    if (!Number.isFinite(value)) {
      this.#refuse('histogram', name, value);
      return;
    }
    let at = cellsAt(this.#histograms.get(name), labels);
    if (at === unknown) at = this.#find('histogram', name, labels);
    if (at !== unknown) this.#cells.observe(at, value);
  }

  /** By the series' text; remembers the way that led here. `unknown`: the value is dropped. */
  #find(kind: MetricKind, written: string, labels: MetricLabels | undefined): number {
    const name = metricName(kind, written);
    const series = seriesText(kind, name, labels);
    if (series.dropped !== undefined) return this.#drop(name, series.dropped, series.why);
    const at = this.#places.get(series.text) ?? this.#append(kind, name, series.text);
    if (at === unknown) return this.#drop(name, 'series', '');
    this.#remember(kind, written, labels, at);
    return at;
  }

  /** Each turn reads at least one series more, until the directory is full. */
  #append(kind: MetricKind, name: string, text: string): number {
    const bytes = Buffer.from(text);
    for (;;) {
      this.#readOn();
      const other = this.#kinds.get(name);
      if (other !== undefined && other !== kind) {
        const what = `it is a ${other} (fiber.metrics.${verbs[other]}) and can't be a ${kind} too (${verbs[kind]})`;
        throw wrongMetric(name, `${what}; give one of them another name`);
      }
      const at = this.#places.get(text);
      if (at !== undefined) return at;
      if (this.#directory.isFull) return unknown;
      this.#directory.append(bytes);
    }
  }

  #readOn(onSeries?: (at: number, kind: MetricKind) => void): void {
    for (let text = this.#directory.readNext(); text !== undefined; text = this.#directory.readNext()) {
      const { kind, name } = parseSeries(text);
      onSeries?.(this.#nextCell, kind);
      this.#places.set(text, this.#nextCell);
      this.#kinds.set(name, kind);
      this.#nextCell += cellsOf[kind];
    }
  }

  #remember(kind: MetricKind, written: string, labels: MetricLabels | undefined, at: number): void {
    if (++this.#ways > this.#waysMax) {
      for (const roots of [this.#counters, this.#gauges, this.#histograms]) roots.clear();
      this.#ways = 1;
    }
    const roots = { counter: this.#counters, gauge: this.#gauges, histogram: this.#histograms }[kind];
    let node = roots.get(written) ?? new LabelNode();
    roots.set(written, node);
    if (labels !== undefined) for (const label in labels) node = node.grow(label, labels[label]!);
    node.at = at;
  }

  /** A value that can't be one comes from data, as a rule: it fails no request. */
  #refuse(kind: MetricKind, written: string, value: unknown): void {
    const takes = kind === 'counter' ? 'numbers from 0 on; for what also falls use gauge' : 'finite numbers';
    const given = typeof value === 'number' ? value : `a value of type ${typeof value}`;
    this.#drop(metricName(kind, written), 'value', `${verbs[kind]} was given ${given}, and it takes ${takes}`);
  }

  #drop(name: string, reason: DropReason, why: string): typeof unknown {
    this.#cells.drop(reason);
    const key = `${name} ${reason}`;
    if (this.#told.size >= toldMax || this.#told.has(key)) return unknown;
    this.#told.add(key);
    const what = reason === 'series' ? this.#whyFull() : `${why}: such values are dropped`;
    this.#log.warn({ metric: name, reason }, `metric ${name}: ${what}`);
    return unknown;
  }

  /** Names what is to blame: of the metric with most series the label with most values. */
  #whyFull(): string {
    const byName = new Map<string, { series: number; values: Map<string, Set<string>> }>();
    for (const text of this.#places.keys()) {
      const { name, labels } = parseSeries(text);
      const one = byName.get(name) ?? { series: 0, values: new Map<string, Set<string>>() };
      byName.set(name, one);
      one.series++;
      for (const [label, value] of Object.entries(labels)) {
        const values = one.values.get(label);
        if (values === undefined) one.values.set(label, new Set([value]));
        else values.add(value);
      }
    }
    const [name, { series, values }] = [...byName].reduce((most, one) => (one[1].series > most[1].series ? one : most));
    const [label, least] = [...values].reduce<[string, number]>(
      (most, [one, { size }]) => (size > most[1] ? [one, size] : most),
      ['', 0],
    );
    const most = label === '' ? '' : `, whose label ${label} has ${least} values`;
    const full = `the process has all its ${this.#directory.series} series (metrics.series), so series that it does not have yet are dropped`;
    return `${full}; ${series} are of ${name}${most}: labels must have few values; if these are few, raise metrics.series`;
  }
}

type LabelValue = string | number | boolean;

/** Where one label may lead; labels that come in another order, or not always, make more of them. */
interface Branch {
  readonly label: string;
  readonly nodes: Map<LabelValue, LabelNode>;
  next: Branch | undefined;
}

/** A place in the tree of one name: behind it the labels that were met after those that led here. */
class LabelNode {
  at = unknown;
  first: Branch | undefined = undefined;

  grow(label: string, value: LabelValue): LabelNode {
    let branch = this.first;
    while (branch !== undefined && branch.label !== label) branch = branch.next;
    if (branch === undefined) {
      branch = { label, nodes: new Map(), next: this.first };
      this.first = branch;
    }
    const node = branch.nodes.get(value) ?? new LabelNode();
    branch.nodes.set(value, node);
    return node;
  }
}

/** Where the cells begin; `unknown`: nobody has come this way. */
function cellsAt(root: LabelNode | undefined, labels: MetricLabels | undefined): number {
  if (root === undefined) return unknown;
  if (labels === undefined) return root.at;
  let node: LabelNode | undefined = root;
  for (const label in labels) {
    let branch: Branch | undefined = node.first;
    while (branch !== undefined && branch.label !== label) branch = branch.next;
    node = branch?.nodes.get(labels[label]!);
    if (node === undefined) return unknown;
  }
  return node.at;
}
