// The section `jobs`: when they run, what they run, and what is wrong with them.

import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { least, problemsOf, settled } from './read.ts';

function jobsOf(t: ExecutionContext, jobs: string) {
  return settled(t, `jobs:\n${jobs}\n${least}`).settings.jobs;
}

test('a job has a function, a schedule, and defaults that follow from it', (t) => {
  const [every, cron, named] = jobsOf(
    t,
    `
  a: { run: ./audit.ts, every: 30s }
  b: { run: "./audit.ts#report", cron: "0 3 * * *", timezone: Europe/Berlin }
  c: { run: "./audit.ts#report", cron: "@daily", timeout: 5m, jitter: 1m, pool: io, priority: high, atStart: true, input: { full: [1] } }`,
  );
  t.regex(every!.moduleUrl, /^file:.*\/test\/config\/fixtures\/audit\.ts$/);
  t.like(every, {
    name: 'a',
    exportName: 'default',
    input: {},
    schedule: { everyMs: 30_000 },
    jitterMs: 0,
    atStart: false,
    pool: 'default',
    timeoutMs: 30_000,
    priority: 'low',
  });
  t.like(cron, { schedule: { cron: '0 3 * * *', timezone: 'Europe/Berlin' }, timeoutMs: 60_000, exportName: 'report' });
  t.like(named, {
    schedule: { cron: '@daily', timezone: 'UTC' },
    jitterMs: 60_000,
    atStart: true,
    pool: 'io',
    timeoutMs: 300_000,
    priority: 'high',
    input: { full: [1] },
  });
});

test('the jobs of docs/jobs.md are right', (t) => {
  const page = readFileSync(new URL('../../docs/jobs.md', import.meta.url), 'utf8');
  const [, block] = /```yaml\n(jobs:[\s\S]*?)```/.exec(page)!;
  const { jobs } = settled(t, `pools: { index: { threads: 1 } }\n${block}${least}`).settings;
  t.deepEqual(
    jobs.map(({ name, exportName, pool, input }) => ({ name, exportName, pool, input })),
    [
      { name: 'refresh-index', exportName: 'refreshIndex', pool: 'index', input: { full: false } },
      { name: 'nightly-report', exportName: 'report', pool: 'default', input: {} },
    ],
  );
});

test('a pool that only jobs run on is made', (t) => {
  const { settings } = settled(
    t,
    'jobs: { a: { run: ./audit.ts, every: 1s } }\nservices: { demo.Greeter: { module: ./greeter.ts, pool: io } }\n',
  );
  t.deepEqual(
    settings.pools.map(({ name }) => name),
    ['default'],
  );
});

test('cron has seconds, names, last days and nth weekdays', (t) => {
  for (const cron of ['*/10 * * * * *', '0 3 * JAN-MAR MON', '0 0 L * *', '0 0 15W * *', '0 0 * * MON#2', '@hourly']) {
    t.like(jobsOf(t, `  a: { run: ./audit.ts, cron: "${cron}" }`)[0], { schedule: { cron, timezone: 'UTC' } });
  }
});

test('a jitter that reaches the next time of a cron expression is refused', (t) => {
  const problemsWith = (cron: string, jitter: string): string =>
    problemsOf(`jobs:\n  a: { run: ./audit.ts, cron: "${cron}", jitter: ${jitter} }\n${least}`);
  t.regex(
    problemsWith('0,59 * * * *', '1m'),
    /jitter of 1m does not fit between the times of "0,59 \* \* \* \*", 1m apart: runs would be lost; make it shorter/,
  );
  t.regex(problemsWith('0,59 0,23 * * MON,TUE', '1m'), /1m apart/);
  t.is(problemsWith('0,59 * * * *', '59s'), '');
  t.is(problemsWith('@yearly', '1h'), '');
});

test('a wrong cron expression is shown at its field, with what the field takes', (t) => {
  t.is(
    problemsOf(`jobs:\n  a: { run: ./audit.ts, cron: "0 25 * * *" }\n${least}`),
    `heddle.yaml:2:34: cron has a wrong hour, "25": it takes 0 to 23; *, lists (1,15), ranges (1-5) and steps (*/10)
    a: { run: ./audit.ts, cron: "0 25 * * *" }
                                   ^^`,
  );
});

const wrong = (job: string, sentence: RegExp | string): void => {
  test(`refused: ${job}`, (t) => {
    const [first] = problemsOf(`jobs:\n  a: ${job}\n${least}`).split('\n');
    if (typeof sentence === 'string') t.is(first, sentence);
    else t.regex(first!, sentence);
  });
};
wrong('{ every: 30s }', /^heddle.yaml:2:3: run is missing in a: it takes a module and what it exports/);
wrong('{ run: ./audit.ts }', 'heddle.yaml:2:3: job a has neither every nor cron: write when it runs, as every: 30s');
wrong(
  '{ run: ./audit.ts, every: 30s, cron: "0 3 * * *" }',
  'heddle.yaml:2:43: a job has every or cron, not both: take one of them out',
);
wrong('{ run: ./audit.ts, every: 30s, timezone: UTC }', /:2:47: timezone belongs to cron/);
wrong('{ run: ./audit.ts, every: 1s, jitter: 1s }', /:2:44: a jitter of 1s does not fit into every 1s/);
wrong('{ run: ./audit.ts, every: 50ms }', /every must be a duration from 100ms to 30d/);
wrong('{ run: "./audit.ts#", every: 1s }', /:2:24: run ends in #: write what the module exports behind the #/);
wrong('{ run: "./audit.ts#a-b", every: 1s }', /run names "a-b", which nothing can be exported as/);
wrong('{ run: "#report", every: 1s }', /run must name a module and what it exports/);
wrong('{ run: ./audt.ts#report, every: 1s }', /the module "\.\/audt\.ts" does not exist.*/);
wrong('{ run: ./audit.ts, every: 1s, pool: rank }', /no pool is named "rank"/);
wrong('{ run: ./audit.ts, cron: "0 3 * *" }', /cron must have five fields, minute, hour, .*; it has 4/);
wrong(
  '{ run: ./audit.ts, cron: "0 3 * * FOO" }',
  /:2:40: cron has a wrong weekday, "FOO": it takes 0 to 7, or SUN to SAT/,
);
wrong('{ run: ./audit.ts, cron: "0 3 32 * *" }', /cron has a wrong day, "32": it takes 1 to 31/);
wrong('{ run: ./audit.ts, cron: "61 0 3 * * *" }', /cron has a wrong second, "61": it takes 0 to 59/);
wrong('{ run: ./audit.ts, cron: "0 3 30 2 *" }', /:2:36: cron never comes due: no month of it has the day "30"/);
wrong(
  '{ run: ./audit.ts, cron: "@reboot" }',
  /cron must be an expression or one of @yearly, .*; atStart: true runs a job/,
);
wrong(
  '{ run: ./audit.ts, cron: "0 3 * * *", timezone: Europe/Berln }',
  /:2:54: timezone names no time zone: .*"Europe\/Berln"/,
);

test('the nearest time zone and nickname are offered', (t) => {
  t.regex(problemsOf(`jobs: { a: { run: ./audit.ts, cron: "@dayly" } }\n${least}`), /did you mean "@daily"\?/);
  const zone = `jobs: { a: { run: ./audit.ts, cron: "@daily", timezone: europe/berln } }\n${least}`;
  t.regex(problemsOf(zone), /did you mean "Europe\/Berlin"\?/);
});
