// The part of the schema about jobs.

import {
  boolean,
  choice,
  data,
  duration,
  key,
  map,
  object,
  oneOf,
  optional,
  orNone,
  required,
  text,
} from '../document/declare.ts';
import type { Parsed } from '../document/types.ts';
import { priorityNames } from '../runtime/call.ts';
import { parseCron, parseTimeZone } from './cron.ts';
import { defaultPool } from './schema-pools.ts';

/** Jobs of one process, and values in the input of one. */
const jobsMax = 1000;
const inputMax = 10_000;
const identifierPattern = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** A function that a module exports. */
export interface FunctionPath {
  module: string;
  exportName: string;
}

/** `./jobs.ts#refreshIndex`; without `#` the default export. */
function parseFunctionPath(written: string): Parsed<FunctionPath> {
  const at = written.lastIndexOf('#');
  const module = at < 0 ? written : written.slice(0, at);
  const exportName = at < 0 ? 'default' : written.slice(at + 1);
  if (module.trim() === '' || module.includes('\0')) {
    return { message: 'must name a module and what it exports, as ./jobs.ts#refreshIndex' };
  }
  if (identifierPattern.test(exportName)) return { value: { module, exportName } };
  const what =
    exportName === '' ? 'ends in #' : `names ${JSON.stringify(exportName)}, which nothing can be exported as`;
  return {
    message: `${what}: write what the module exports behind the #, as ./jobs.ts#refreshIndex`,
    part: written.slice(at),
  };
}

export const jobType = oneOf(
  object({
    run: required(
      text(
        'a module and what it exports, as ./jobs.ts#refreshIndex',
        './jobs.ts#refreshIndex',
        '\\S',
        parseFunctionPath,
      ),
      'The function that is run, (input, fiber) => …: a path, relative to this file, or a package, then # and what it is exported as; without # the default export.',
      'There is no job without its code.',
    ),
    every: optional(
      duration('100ms', '30d'),
      'cron says when',
      'How often it runs, counted from the start of the process. A run that still goes on when the next is due is not overlapped: that one is skipped and counted.',
      'Only the job knows how fresh its work must be.',
    ),
    cron: optional(
      text('a cron expression such as "0 3 * * *"', '0 3 * * *', '\\S', parseCron),
      'every says when',
      'When it runs: minute, hour, day of the month, month, day of the week; a sixth field in front is the second. @daily and its like too.',
      'For work that belongs to a time of the day.',
    ),
    timezone: optional(
      text('a time zone such as Europe/Berlin', 'Europe/Berlin', '^[A-Za-z][A-Za-z0-9_+/-]*$', parseTimeZone),
      'UTC',
      'The time zone of cron. A time that a change to summer time leaves out comes due as much later; of an hour that comes twice the first counts.',
      'UTC is the same on every machine, and has no summer time.',
    ),
    jitter: key(
      duration('1ms', '1h', orNone),
      'none',
      'Each run begins up to so much later, by chance. Shorter than the time between two runs.',
      'Many processes with the same config should not all begin at the same instant.',
    ),
    atStart: key(boolean(), false, 'Whether it also runs as soon as the process serves.', 'A start has enough to do.'),
    pool: key(
      text('the name of a pool, or io', 'ranking', '^[A-Za-z_][A-Za-z0-9_-]{0,63}$', (name) => ({ value: name })),
      defaultPool,
      'The pool that it runs on, or io for the IO threads.',
      'One shared pool serves well until a job keeps requests waiting; then give it its own.',
    ),
    timeout: optional(
      duration('1ms', '24h'),
      'every, or 60s with cron',
      'Longest run; then it is cancelled, and counts as failed.',
      'The next run is due by then.',
    ),
    priority: key(
      choice(...priorityNames),
      'low',
      'Where its runs stand in the queue of the pool.',
      'A peer waits for a request; for a job nobody does.',
    ),
    input: optional(
      data(inputMax),
      'an empty map',
      'What the function is given as its first argument, as it stands here.',
      'One function can serve several jobs.',
    ),
  }),
  'every',
  'cron',
);

export const jobsType = map(jobType, {
  name: 'job',
  example: 'refresh-index',
  namePattern: '^[A-Za-z_][A-Za-z0-9_-]{0,63}$',
  nameRule: 'letters, digits, _ and -, beginning with a letter or _, at most 64',
  overridesCreate: false,
  maxEntries: jobsMax,
});
