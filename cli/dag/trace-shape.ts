// What a recorded run has to look like before anything is drawn or replayed of it: files are edited by hand, cut off, or come
// from another version. Fields that are not known here are let pass.

import { nodesMax } from '../../dag/file/schema.ts';
import type { NodeEnd } from '../../dag/run/trace.ts';
import { errorCodes } from '../../runtime/errors.ts';

/** From the start of a run, ms: 115 days. */
const timeMsMax = 1e10;
const levelMax = 10;
/** What is shown of a wrong value, characters. */
const shownCharsMax = 60;

const nodeEnds: Readonly<Record<NodeEnd, true>> = { done: true, failed: true, skipped: true, cancelled: true };

/** What is wrong at a place, or undefined. */
type Check = (value: unknown, at: string) => string | undefined;

/** Undefined: it is a RunTrace. Else what is wrong, where, and what would be right: `nodes[0].end is 5, not …`. */
export function traceProblem(value: unknown, at: string): string | undefined {
  return run(value, at);
}

const text = one('a text', (value) => typeof value === 'string');
const yesOrNo = one('true or false', (value) => typeof value === 'boolean');
const number = one('a number', (value) => Number.isFinite(value));
const whole = one('a whole number from 0', (value) => Number.isSafeInteger(value) && (value as number) >= 0);
const time = one(`a number of ms from 0 to ${timeMsMax}`, (value) => {
  return typeof value === 'number' && value >= 0 && value <= timeMsMax;
});
const level = one(
  `a whole number from 0 to ${levelMax}`,
  (value) => whole(value, '') === undefined && (value as number) <= levelMax,
);
const data: Check = () => undefined;
const texts = list(text);

const failure = map({
  code: one('a code such as UNAVAILABLE', (value) => errorCodes.some((code) => code === value)),
  message: text,
});

const attempt = all(
  map({ hedge: yesOrNo, startMs: time }, { item: whole, endMs: time, failure }),
  after('startMs', 'endMs'),
);

const node = all(
  map(
    {
      name: text,
      end: one(`one of ${Object.keys(nodeEnds).join(', ')}`, (value) => {
        return typeof value === 'string' && Object.hasOwn(nodeEnds, value);
      }),
      demandedMs: time,
      endMs: time,
      attempts: list(attempt),
      marks: texts,
      cached: yesOrNo,
      critical: yesOrNo,
    },
    { startMs: time, failure, after: text, value: data },
  ),
  after('startMs', 'endMs'),
);

const exposure = map({
  layer: text,
  experiment: text,
  variant: text,
  slot: whole,
  unitHash: number,
  forced: yesOrNo,
});

const run = map(
  {
    strategy: text,
    version: whole,
    startedAt: number,
    durationMs: time,
    level,
    params: one('a map from parameter to value', isMap),
    exposures: list(exposure),
    nodes: all(list(node, nodesMax), namedOnce),
    path: texts,
    degraded: texts,
    criticalPath: texts,
  },
  { deadlineMs: number, failure, request: data, result: data },
);

function one(what: string, isRight: (value: unknown) => boolean): Check {
  return (value, at) => (isRight(value) ? undefined : `${at} is ${shown(value)}, not ${what}`);
}

function list(check: Check, itemsMax = Number.POSITIVE_INFINITY): Check {
  return (value, at) => {
    if (!Array.isArray(value)) return `${at} is ${shown(value)}, not a list`;
    if (value.length > itemsMax) return `${at} has ${value.length} entries; there can be ${itemsMax}`;
    return first(value.keys(), (index) => check(value[index], `${at}[${index}]`));
  };
}

function map(required: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check {
  const [must, may] = [Object.entries(required), Object.entries(optional)];
  return (value, at) => {
    if (!isMap(value)) return `${at === '' ? 'it' : at} is ${shown(value)}, not a map with ${names(must)}`;
    const inside = (name: string) => (at === '' ? name : `${at}.${name}`);
    const field = (name: string) => (Object.hasOwn(value, name) ? value[name] : undefined);
    const missing = must.filter(([name]) => field(name) === undefined);
    if (missing.length > 0) return `${at === '' ? 'it' : at} has no ${names(missing)}`;
    return (
      first(must, ([name, check]) => check(field(name), inside(name))) ??
      first(may, ([name, check]) => (field(name) === undefined ? undefined : check(field(name), inside(name))))
    );
  };
}

/** In turn: those behind the first can rely on what it found right. */
function all(...checks: readonly Check[]): Check {
  return (value, at) => first(checks, (check) => check(value, at));
}

function after(start: string, end: string): Check {
  return (value, at) => {
    const { [start]: from, [end]: to } = value as Record<string, number | undefined>;
    if (from === undefined || to === undefined || to >= from) return undefined;
    return `${at}.${end} is ${to}, before its ${start}, ${from}`;
  };
}

function namedOnce(nodes: unknown, at: string): string | undefined {
  const seen = new Map<string, number>();
  return first((nodes as { name: string }[]).entries(), ([index, { name }]) => {
    const before = seen.get(name);
    seen.set(name, index);
    return before === undefined ? undefined : `${at}[${index}].name is ${shown(name)}, as that of ${at}[${before}] is`;
  });
}

function first<One>(ones: Iterable<One>, problemOf: (one: One) => string | undefined): string | undefined {
  for (const one of ones) {
    const problem = problemOf(one);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function names(fields: readonly (readonly [string, Check])[]): string {
  return fields.map(([name]) => name).join(', ');
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a map';
  const json = JSON.stringify(value);
  return json.length <= shownCharsMax ? json : `${json.slice(0, shownCharsMax)}…`;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
