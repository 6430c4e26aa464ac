// parseMetrics: Prometheus's text format, read as strictly as its specification says, so that a test can hold a scrape
// against the truth.

export interface MetricFamily {
  type: string;
  help: string;
  /** By the labels as `{a="1",b="2"}`, with the name before them where it has a suffix. */
  samples: Map<string, number>;
}

const name = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const sampleLine = new RegExp(
  `^(${name})(\\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*",?)*\\})? (\\S+)$`,
);

/** Throws the line that is wrong. */
export function parseMetrics(text: string): Map<string, MetricFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, MetricFamily>();
  let current: { name: string; family: MetricFamily } | undefined;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, keyword, about, rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (keyword === 'HELP') {
      if (families.has(about!)) throw new Error(`twice: ${line}`);
      current = { name: about!, family: { type: '', help: rest, samples: new Map() } };
      families.set(about!, current.family);
    } else if (keyword === 'TYPE') {
      if (current?.name !== about || !/^(counter|gauge|histogram)$/.test(rest)) throw new Error(`misplaced: ${line}`);
      current!.family.type = rest;
    } else {
      const [, sample, labels = '', value] = sampleLine.exec(line) ?? [];
      if (sample === undefined || current === undefined || !sample.startsWith(current.name)) throw new Error(line);
      const suffix = sample.slice(current.name.length);
      const allowed = current.family.type === 'histogram' ? /^_(bucket|sum|count)$/ : /^$/;
      const number = value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value);
      const key = suffix === '' ? labels : `${suffix}${labels}`;
      if (!allowed.test(suffix) || Number.isNaN(number) || current.family.samples.has(key)) throw new Error(line);
      current.family.samples.set(key, number);
    }
  }
  return families;
}

/** The sum of a metric's samples whose labels contain all of `labels`, each as `code="OK"`. */
export function sum(families: Map<string, MetricFamily>, metric: string, ...labels: string[]): number {
  let total = 0;
  for (const [key, value] of families.get(metric)?.samples ?? []) {
    if (labels.every((label) => key.includes(label))) total += value;
  }
  return total;
}
