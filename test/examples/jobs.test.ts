// The example's own files, on free ports: the job keeps the service fresh, and an operator asks for the report.

import test from 'ava';
import type { JobsAnswer } from '../../admin/job-shapes.ts';
import { LogLines } from '../faults/log-lines.ts';
import { eventually } from '../faults/rig.ts';
import { serveExample } from './serve-example.ts';

test('the service answers with what the job has read, and the report calls the service', async (t) => {
  const log = new LogLines();
  const server = await serveExample(t, 'jobs/heddle.yaml', [
    'admin.address=http://127.0.0.1:0',
    'log.level=info',
    `log.file=${log.file}`,
    'jobs.refresh.every=100ms',
    'jobs.refresh.jitter=none',
  ]);
  const row = (name: string) => server.jobs.rows().find((job) => job.name === name)!;
  await eventually('two refreshes', () => row('refresh').runs >= 2 && row('refresh').outcome === 'OK');
  const answer = await fetch(`http://127.0.0.1:${server.addresses[0]!.port}/demo.Films/list`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  t.is(answer.status, 200);
  const { titles, refreshes } = (await answer.json()) as { titles: string[]; refreshes: number };
  t.deepEqual(titles, ['Alien', 'Fantasia', 'Heat']);
  t.true(refreshes >= 1);
  const asked = await fetch(`${server.admin!.address}/jobs/run?name=nightly-report`, { method: 'POST' });
  t.deepEqual(Object.keys((await asked.json()) as object), ['job', 'run']);
  const line = await eventually('the report', () => log.find(/the catalogue of today/));
  t.like(line, { films: 3, level: 'info' });
  const { jobs } = (await (await fetch(`${server.admin!.address}/jobs`)).json()) as JobsAnswer;
  t.deepEqual(
    jobs.map(({ name, schedule }) => [name, schedule]),
    [
      ['refresh', 'every 100ms'],
      ['nightly-report', '0 3 * * * Europe/Berlin'],
    ],
  );
  t.regex(jobs[1]!.nextRun!, /T0[12]:00:00\.000Z$/);
});
