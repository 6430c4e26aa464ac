// Jobs on the command line: the admin of a running process, and `heddle check --modules`.

import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import type { JobsAnswer } from '../../admin/job-shapes.ts';
import { jobRunText, jobsText } from '../../cli/job-tables.ts';
import { echoConfig, Heddle, heddle, temporaryFolder } from './heddle.ts';

const config = (jobs: string) => `services:
  demo.Echo: { module: ${join(dirname(echoConfig), 'echo.ts')}, listen: ["heddle://127.0.0.1:0"] }
admin: { address: "http://127.0.0.1:0" }
jobs: ${jobs}
`;
const sweeps = 'export function sweep() {}\nexport const later = async () => {};\nexport const seven = 7;\n';

test('check --modules counts jobs, and names those whose module lacks their function', async (t) => {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, 'jobs.ts'), sweeps);
  writeFileSync(join(cwd, 'heddle.yaml'), config('{ a: { run: "./jobs.ts#sweep", every: 1s } }'));
  const right = await heddle(['check', '--modules'], { cwd });
  t.regex(right.stdout, /^heddle\.yaml: ok \(1 service with \d+ methods, 1 pool, 1 listener, 1 job\)\n$/);
  writeFileSync(join(cwd, 'heddle.yaml'), config('{ a: { run: "./jobs.ts#swep", every: 1s } }'));
  const wrong = await heddle(['check', '--modules'], { cwd });
  t.is(wrong.code, 1);
  const what = 'job a: it exports no swep; it exports later, sweep; did you mean sweep?';
  t.is(wrong.stdout, `${join(cwd, 'jobs.ts')}: ${what}\n`);
});

test('heddle admin jobs shows them, and runs one', async (t) => {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, 'jobs.ts'), sweeps);
  writeFileSync(join(cwd, 'heddle.yaml'), config('{ a: { run: "./jobs.ts#sweep", cron: "@yearly" } }'));
  const process = new Heddle(['start', '--no-guardian'], { cwd });
  t.teardown(() => process.kill('SIGKILL'));
  await process.until('stdout', /Ctrl-C/);
  const address = await process.until('stdout', /http:\/\/127\.0\.0\.1:\d+/);
  const ran = await heddle(['admin', 'jobs', 'run', 'a', '--address', address[0]]);
  t.deepEqual([ran.code, ran.stdout], [0, 'job a runs (run 1)\n']);
  const shown = await heddle(['admin', 'jobs', '--address', address[0]]);
  t.regex(shown.stdout, /^JOB .*\na +@yearly UTC +default +\w+.* +1 +0 +0 /);
  const wrong = await heddle(['admin', 'jobs', 'walk', '--address', address[0]]);
  t.is(wrong.code, 2);
  t.regex(wrong.stderr, /write: heddle admin jobs, or: heddle admin jobs run refresh-index/);
});

test('the table of jobs says what runs, what failed, and when it goes on', (t) => {
  const answer: JobsAnswer = {
    jobs: [
      {
        name: 'refresh-index',
        schedule: 'every 30s + up to 5s',
        pool: 'index',
        timeoutMs: 10_000,
        state: 'overdue',
        thread: 'index-1',
        lastStart: '2026-11-22T03:00:00.012Z',
        lastEnd: '2026-11-22T03:00:10.012Z',
        lastMs: 10_000,
        outcome: 'DEADLINE_EXCEEDED',
        error: 'its deadline passed',
        runs: 3,
        failures: 1,
        skipped: 2,
        nextRun: '2026-11-22T03:01:00.000Z',
      },
      {
        name: 'idle',
        schedule: '@daily UTC',
        pool: 'io',
        timeoutMs: 60_000,
        state: 'idle',
        runs: 0,
        failures: 0,
        skipped: 0,
      },
    ],
  };
  t.is(
    jobsText(answer),
    `JOB            SCHEDULE              POOL   STATE               RUNS  FAILED  SKIPPED  LAST START            TOOK   OUTCOME                                 NEXT
refresh-index  every 30s + up to 5s  index  overdue on index-1  3     1       2        2026-11-22 03:00:00Z  10.0s  DEADLINE_EXCEEDED: its deadline passed  2026-11-22 03:01:00Z
idle           @daily UTC            io     idle                0     0       0        -                     -      -                                       -
`,
  );
  t.is(jobsText({ jobs: [] }), 'this process has no jobs\n');
  t.is(jobRunText({ job: 'a', run: 7 }), 'job a runs (run 7)\n');
});
