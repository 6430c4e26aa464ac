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
  optional,
  orNone,
  required,
  text,
} from '../../document/declare.ts';
import { errorCodes } from '../../runtime/errors.ts';
import { expression, nodeName, percent, template, time } from './schema-words.ts';

/** `p95` as a quantile 0..1. */
const percentile = text('a percentile such as p95', 'p95', '^p\\d{1,2}(\\.\\d{1,2})?$', (written) => {
  const match = /^p(\d{1,2}(?:\.\d{1,2})?)$/.exec(written);
  const value = match === null ? 0 : Number(match[1]);
  return value > 0 ? { value: value / 100 } : { message: 'must be a percentile from p1 to p99.99' };
});

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

const hedgeType = object({
  after: required(
    percentile,
    'The percentile of the latency after which a second call goes out.',
    'p95 adds at most 5 % of calls.',
  ),
  max: key(integer(1, 3), 1, 'Further calls at most.', 'The second hedge rarely helps where the first did not.'),
  minimum: key(
    duration('1ms', '10s'),
    '1ms',
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
      written === 'stale' ? { value: 'stale' as const } : { message: 'must be stale, { value: … } or { node: … }' },
    ),
    object({
      value: optional(template, 'none', 'A template that takes the place of the result.', ''),
      node: optional(nodeName, 'none', 'A node whose result takes its place; it runs only then.', ''),
    }),
  ),
  8,
);

/** What `defaults` and nodes share. */
export const policyKeys = {
  timeout: optional(
    duration('1ms', '24h', orNone),
    "the graph's remaining budget",
    'Longest time of the node, all attempts together.',
    '',
  ),
  retry: optional(
    retryType,
    'no retries',
    'Attempts after a failure.',
    'Within the budget of retries, never past the deadline, never for methods that are not idempotent.',
  ),
  hedge: optional(
    either(percentile, hedgeType),
    'no hedging',
    'A further call when the first takes long; the first answer wins.',
    'Only for idempotent methods, within the budget of hedges.',
  ),
  breaker: optional(breakerType, 'none', 'Fails at once while most calls fail.', ''),
  concurrency: optional(
    integer(1, 1_048_576),
    'no bound',
    'Runs of the node at once on one thread; over it RESOURCE_EXHAUSTED, which its fallback may answer.',
    '',
  ),
};

/** Policies that only a node has. */
export const nodePolicyKeys = {
  fallback: optional(
    fallbackType,
    'the node fails',
    'What stands in for a failed node: the first of these that has a value.',
    '',
  ),
  cache: optional(cacheType, 'none', 'Values kept by key on each thread; of equal keys under way only one runs.', ''),
  light: optional(
    nodeName,
    'none',
    'The cheaper variant: a node that runs instead when the time left is shorter than this one usually takes.',
    '',
  ),
  estimate: optional(
    time,
    'learnt from what it took',
    'How long it usually takes, until enough runs are measured; the simulator takes it too.',
    '',
  ),
};
