// Policies of nodes: what bounds a node and what helps it when its backend does not. Every one may stand at a node or,
// for all nodes that run or call something, under `defaults`.

import {
  choice,
  duration,
  either,
  integer,
  key,
  list,
  object,
  oneOf,
  optional,
  orNone,
  required,
  text,
} from '../../document/declare.ts';
import { quote } from '../../document/quote.ts';
import type { Checked } from '../../document/types.ts';
import { errorCodes } from '../../runtime/errors.ts';
import { expression, nodeName, percent, rounded, template, time } from './schema-words.ts';

/** `p95` as a quantile 0..1; `none` as 0. */
const percentile = percentileText('a percentile such as p95', '^p\\d{1,2}(\\.\\d{1,2})?$');
const percentileOrNone = percentileText('a percentile such as p95, or none', '^(none|p\\d{1,2}(\\.\\d{1,2})?)$');

function percentileText(what: string, pattern: string) {
  const read = (written: string) => {
    if (written === 'none' && new RegExp(pattern).test('none')) return { value: 0 };
    const match = /^p(\d{1,2}(?:\.\d{1,2})?)$/.exec(written);
    const value = match === null ? 0 : Number(match[1]);
    return value > 0
      ? { value: value / 100 }
      : { message: `must be ${what}, from p0.01 to p99.99, not ${quote(written)}` };
  };
  // 95 and 0.95.
  return text(what, 'p95', pattern, read, (value) =>
    value > 0 && value < 100 ? `p${rounded(value < 1 ? value * 100 : value, 2)}` : undefined,
  );
}

/** What a node writes to do without what `defaults` set. */
function noneOr(example: string) {
  return text(`none, or a map such as ${example}`, 'none', '^none$', (written) =>
    written === 'none'
      ? { value: 'none' as const }
      : { message: `must be none, or a map such as ${example}, not ${quote(written)}` },
  );
}

const retryType = object({
  attempts: key(integer(1, 10), 2, 'Attempts in all, the first included.', 'A second attempt finds another replica.'),
  backoff: key(
    duration('1ms', '10s', orNone),
    'none',
    'Pause before the second attempt; it doubles from there, and each is shortened by chance to between half and all of it.',
    'Inside a budget of tens of milliseconds there is no time to wait.',
  ),
  on: key(
    list(choice(...errorCodes), 16),
    ['UNAVAILABLE', 'RESOURCE_EXHAUSTED', 'ABORTED'],
    'Codes that are tried again; none of them unless the method is idempotent.',
    'After these the callee has most likely done nothing.',
  ),
});

/** What `hedge: p95` leaves to these. */
export const hedgeDefaults = { max: 1, minimumMs: 1 } as const;

const hedgeType = object({
  after: required(
    percentile,
    'The percentile of the latency after which a second call goes out.',
    'p95 adds at most 5 % of calls.',
  ),
  max: key(
    integer(1, 3),
    hedgeDefaults.max,
    'Further calls at most.',
    'The second hedge rarely helps where the first did not.',
  ),
  minimum: key(
    duration('1ms', '10s'),
    `${hedgeDefaults.minimumMs}ms`,
    'Never before this.',
    'A fast backend should not be hedged for scheduling noise.',
  ),
});

const cacheType = object({
  key: required(expression, 'What the value belongs to.', 'Only the author knows which inputs matter.'),
  ttl: required(duration('1ms', '24h'), 'How long a value is fresh.', 'Only the author knows how fast it ages.'),
  stale: key(
    duration('1ms', '24h', orNone),
    'none',
    'How long after that a value may still stand in: `fallback: [stale]`.',
    'Serving old values is a decision.',
  ),
  maxEntries: key(
    integer(1, 1_000_000),
    1000,
    'Values kept on each thread; the least recently used goes first.',
    'Memory is bounded.',
  ),
});

const breakerType = object({
  failures: key(
    percent,
    '50%',
    'Opens when at least this share of the calls in the window failed.',
    'Half lost is lost.',
  ),
  window: key(duration('100ms', '10m'), '10s', 'Which calls count.', 'Long enough to be sure, short enough to matter.'),
  minCalls: key(
    integer(1, 1_000_000),
    20,
    'Calls in the window before it may open.',
    'Two failures of three prove nothing.',
  ),
  openFor: key(
    duration('10ms', '10m'),
    '5s',
    'How long calls fail at once; then one at a time goes through to see.',
    'A restart takes about that long.',
  ),
});

const fallbackType = list(
  either(
    text('stale, or a map such as { value: … } or { node: popular }', 'stale', '^stale$', (written) =>
      written === 'stale'
        ? { value: 'stale' as const }
        : { message: `must be stale, { value: … } or { node: … }, not ${quote(written)}` },
    ),
    oneOf(
      object({
        value: optional(
          template,
          'none',
          'A template that takes the place of the result.',
          'A constant always has a value: it ends the list well.',
        ),
        node: optional(
          nodeName,
          'none',
          'A node whose result takes its place; it runs only then.',
          'Another source may have it.',
        ),
      }),
      'value',
      'node',
    ),
  ),
  8,
);

/** What `defaults` and nodes share. */
export const policyKeys = {
  timeout: optional(
    duration('1ms', '24h', orNone),
    "the graph's remaining budget",
    'Longest time of the node, all attempts together.',
    'What one slow node may take is lost to all that come after it.',
  ),
  retry: optional(
    either(noneOr('{ attempts: 2 }'), retryType),
    'no retries',
    'Attempts after a failure.',
    'Within the budget of retries, never past the deadline, never for methods that are not idempotent.',
  ),
  hedge: optional(
    either(percentileOrNone, hedgeType),
    'no hedging',
    'A further call when the first takes long; the first answer wins.',
    'Only for idempotent methods, within the budget of hedges.',
  ),
  breaker: optional(
    either(noneOr('{ failures: 50% }'), breakerType),
    'none',
    'Fails at once while most calls fail.',
    'Waiting for a backend that does not answer holds up everybody.',
  ),
  concurrency: optional(
    integer(1, 1_048_576, orNone),
    'no bound',
    'Runs of the node at once on one thread; over it RESOURCE_EXHAUSTED, which its fallback may answer.',
    'A slow backend must not gather all fibers of a thread.',
  ),
};

/** Policies that only a node has. */
export const nodePolicyKeys = {
  fallback: optional(
    fallbackType,
    'the node fails',
    'What stands in for a failed node: the first of these that has a value.',
    'A part of the answer that is old, plain or missing is mostly better than none of it.',
  ),
  cache: optional(
    cacheType,
    'none',
    'Values kept by key on each thread; of equal keys under way only one runs.',
    'What many ask for is asked of the backend once.',
  ),
  light: optional(
    nodeName,
    'none',
    'The cheaper variant: a node that runs instead when the time left is shorter than this one usually takes.',
    'What can not end in time helps nobody.',
  ),
  estimate: optional(
    time,
    'learnt from what it took',
    'How long it usually takes, until enough runs are measured; the simulator takes it too.',
    'Without it, light and hedge wait for a hundred runs.',
  ),
};

export const defaultsType = object(policyKeys);
export type CheckedDefaults = Checked<typeof defaultsType>;
