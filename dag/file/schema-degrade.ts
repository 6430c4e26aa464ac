// Degradation in a strategy file: levels that change the graph, and what raises them.

import {
  choice,
  duration,
  integer,
  key,
  list,
  map,
  number,
  object,
  oneOf,
  optional,
  required,
  section,
  text,
} from '../../document/declare.ts';
import { quote } from '../../document/quote.ts';
import type { Checked } from '../../document/types.ts';
import type { SignalName } from '../definition.ts';
import { nodeName, nodeNamePattern, nodeNameRule, template } from './schema-words.ts';

/** Levels are numbered from 1; 0 is the whole graph. */
export const levelsMax = 10;

const nodeMap = {
  name: 'node',
  example: 'rank',
  namePattern: nodeNamePattern,
  nameRule: nodeNameRule,
  overridesCreate: true,
  maxEntries: 256,
};

const levelType = object({
  skip: section(
    list(nodeName, 256),
    'Nodes that are left out, as if their `when` were false.',
    'What is not asked for costs nothing.',
  ),
  replace: section(map(nodeName, nodeMap), 'Node to the node that takes its place.'),
  input: section(map(template, nodeMap), 'Node to templates that take the place of parts of its input.'),
});

/** What can raise a level by itself, measured on each thread; `above` and `below` are in its unit. */
export const signalUnits = {
  queueDelay: 'ms a request waited for its thread, mean of a second',
  utilization: 'share 0..1 of a second in which the event loop worked',
  errorRate: 'share 0..1 of the runs of this strategy that failed, of the last 10 s',
  p99: 'ms, of the runs of this strategy of the last 10 s',
  openBreakers: 'breakers of this strategy that are open',
} as const satisfies Record<SignalName, string>;
export const signalNames = Object.keys(signalUnits) as SignalName[];

const signalType = object({
  level: required(integer(1, levelsMax), 'The level it raises.', 'Levels under it hold with it.'),
  signal: required(
    choice(...signalNames),
    `What is measured: ${Object.entries(signalUnits)
      .map(([name, unit]) => `${name} (${unit})`)
      .join(', ')}.`,
    'Queue delay tells overload first; the others tell its causes.',
  ),
  above: required(
    number(0, 1_000_000),
    'Raised when it stays above this for `hold`.',
    'Only the author knows what is too much.',
  ),
  below: optional(
    number(0, 1_000_000),
    'half of `above`',
    'Lowered when it stays below this for `coolDown`.',
    'Between the two nothing changes, so that a level does not flap.',
  ),
  hold: key(duration('1ms', '10m', true), '1s', 'How long it must be above.', 'A peak is no overload.'),
  coolDown: key(
    duration('1ms', '1h', true),
    '10s',
    'How long it must be below.',
    'What was relieved must not fall at once again.',
  ),
});

/** `100 per 1s`: count and gap in ms. */
const countPerGap = text(
  'a count per gap such as 100 per 1s',
  '100 per 1s',
  '^\\d{1,9} per \\d+(ms|s|m|h)$',
  (written) => {
    const match = /^(\d{1,9}) per (\d{1,6})(ms|s|m|h)$/.exec(written);
    if (match === null) return { message: `must be a count per gap such as 100 per 1s, not ${quote(written)}` };
    const gapMs = Number(match[2]) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[3] as 'ms' | 's' | 'm' | 'h'];
    if (gapMs < 1 || gapMs > 3_600_000) return { message: `must have a gap from 1ms to 1h, not ${quote(written)}` };
    return { value: { count: Number(match[1]), gapMs } };
  },
);

const limitKeys = object({
  level: required(
    integer(1, levelsMax),
    'The level of the runs beyond the limit.',
    'What a whole run costs is paid only as often as there is room.',
  ),
  count: optional(
    countPerGap,
    'none',
    "raster's CountDegrader: so many runs in each gap stay whole; those beyond it run at `level`.",
    'It caps what a backend gets in each gap, also in a burst.',
  ),
  rate: optional(
    number(0.001, 1_000_000),
    'none',
    "raster's RateDegrader: tokens a second; a run that finds none runs at `level`.",
    'It caps the mean, and lets short bursts through.',
  ),
  burst: optional(
    integer(1, 1_000_000),
    'one second of tokens',
    'Tokens that can be saved up for `rate`.',
    'Requests never come evenly.',
  ),
});

const limitType = oneOf(limitKeys, 'count', 'rate');

export const degradeType = object({
  levels: section(
    map(levelType, {
      name: 'level',
      example: '1',
      namePattern: '^([1-9]|10)$',
      nameRule: 'a number from 1 to 10',
      overridesCreate: true,
      maxEntries: levelsMax,
    }),
    'What each level changes; a level includes all that stand under it.',
  ),
  signals: section(list(signalType, 32), 'What raises a level and lowers it again, on each thread by itself.'),
  limits: section(list(limitType, 32), 'Runs beyond a limit are degraded one by one; counted for the whole process.'),
});

export type CheckedDegrade = Checked<typeof degradeType>;
export type CheckedLevel = Checked<typeof levelType>;
export type CheckedLimit = Checked<typeof limitType>;
