// Jobs on a real server: one process, many jobs, and all that can happen to a run.

import { fileURLToPath } from 'node:url';
import { BroadcastChannel } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import type { JobRow, JobsAnswer } from '../../../admin/job-shapes.ts';
import type { QuarantineAnswer } from '../../../admin/shapes.ts';
import { jobsText } from '../../../cli/job-tables.ts';
import { readConfig } from '../../../config/read-config.ts';
import { formatProblems } from '../../../document/format-problems.ts';
import { Server } from '../../../net/server/server.ts';
import { board as boardWord } from '../../../runtime/shared/layout.ts';
import { parseMetrics } from '../../admin/exposition.ts';
import { ask } from '../../admin/rig.ts';
import { LogLines } from '../../faults/log-lines.ts';
import { eventually, goingThreads } from '../../faults/rig.ts';

const asked = 'cron: "@yearly"';
const services = 'services: { demo.Ping: { module: ./ping.ts, listen: ["heddle://127.0.0.1:0"] } }';
const yaml = `
${services}
io: { threads: 1 }
pools:
  default: { threads: 1 }
  jobs: { threads: 2 }
  narrow: { threads: 1, maxFibers: 1, queue: 1 }
  doomed: { threads: 1 }
  stuck: { threads: 1, stallWarning: 50ms, stallLimit: 200ms }
strategies: [./double.yaml]
jobs:
  quick: { run: "./jobs.ts#quick", every: 100ms, timeout: 10s, pool: jobs, input: { tag: a } }
  inline: { run: ./jobs.ts, every: 100ms, timeout: 10s, pool: io, atStart: true, priority: high, input: { tag: io } }
  as-task: { run: "./jobs.ts#asTask", every: 100ms, jitter: 50ms, timeout: 10s }
  throws: { run: "./jobs.ts#throws", every: 100ms, timeout: 10s, pool: jobs }
  refuses: { run: "./jobs.ts#refuses", ${asked} }
  wraps: { run: "./jobs.ts#wraps", ${asked} }
  kills: { run: "./jobs.ts#kills", ${asked}, pool: doomed }
  longer: { run: "./jobs.ts#sleeps", every: 100ms, timeout: 10s, pool: jobs, input: { ms: 330 } }
  deaf: { run: "./jobs.ts#deaf", ${asked}, pool: jobs, timeout: 100ms, input: { ms: 1500 } }
  moved: { run: "./jobs.ts#sleeps", ${asked}, pool: jobs, input: { ms: 600 } }
  endless: { run: "./jobs.ts#sleeps", ${asked}, pool: jobs, input: { ms: 60000 } }
  narrow-1: { run: "./jobs.ts#sleeps", ${asked}, pool: narrow, input: { ms: 60000 }, timeout: 500ms }
  narrow-2: { run: "./jobs.ts#sleeps", ${asked}, pool: narrow, input: { ms: 60000 }, timeout: 500ms }
  narrow-3: { run: "./jobs.ts#sleeps", ${asked}, pool: narrow, input: { ms: 60000 }, timeout: 500ms }
  narrow-4: { run: "./jobs.ts#sleeps", ${asked}, pool: narrow, input: { ms: 60000 }, timeout: 500ms }
  hangs: { run: "./jobs.ts#hangs", ${asked}, pool: stuck }
  composes: { run: "./jobs.ts#composes", ${asked}, pool: jobs }
  last: { run: "./jobs.ts#sleeps", ${asked}, pool: jobs, input: { ms: 200 } }
`;

/** One death of a thread is made good at once, the next one only after the test. */
const restart = { max: 1, windowMs: 600_000, backoffFirstMs: 600_000, backoffMaxMs: 600_000 };

interface Told {
  what: string;
  [field: string]: unknown;
}

function serverOf(t: ExecutionContext, text: string): Server {
  const { settings, problems } = readConfig({
    file: fileURLToPath(new URL('./app/heddle.yaml', import.meta.url)),
    text,
    overrides: ['admin.address=http://127.0.0.1:0'],
    environment: {},
  });
  if (settings === undefined) throw new Error(formatProblems(problems));
  const server = new Server(settings, { restart });
  t.teardown(() => server.stop());
  return server;
}

test('jobs run as fibers of their pools, and a run that meets any misfortune is answered, told of, and overlaps none', async (t) => {
  const log = new LogLines();
  const told: Told[] = [];
  const channel = new BroadcastChannel('heddle jobs test');
  channel.onmessage = (event) => void told.push((event as unknown as { data: Told }).data);
  t.teardown(() => channel.close());
  const server = serverOf(t, `${yaml}\n${log.yaml}`);
  await server.start();
  const { address } = server.admin!;
  const row = (name: string): JobRow => server.jobs.rows().find((job) => job.name === name)!;
  const run = async (name: string): Promise<{ status: number; text: string }> => {
    return ask(address!, 'POST', `/jobs/run?name=${name}`);
  };
  /** Runs it now, and waits for its end. */
  const ends = async (name: string): Promise<JobRow> => {
    const { runs, failures } = row(name);
    const ended = row(name).lastEnd;
    const { status, text } = await run(name);
    t.is(status, 200, text);
    await eventually(`the end of ${name}`, () => row(name).runs > runs && row(name).lastEnd !== ended);
    t.true(row(name).failures >= failures);
    return row(name);
  };
  const toldOf = (what: string): Told[] => told.filter((one) => one.what === what);

  // What a run is given.
  await eventually('two runs of quick', () => toldOf('quick').filter(({ tag }) => tag === 'a').length >= 2);
  const [first, second] = toldOf('quick').filter(({ tag }) => tag === 'a');
  t.like(first, { name: 'job quick', pool: 'jobs', priority: 'low', seen: undefined });
  t.like(second, { seen: undefined });
  t.regex(String(first!.traceId), /^[0-9a-f]{32}$/);
  t.not(first!.traceId, second!.traceId);
  t.like(
    toldOf('quick').find(({ tag }) => tag === 'io'),
    { name: 'job inline', pool: 'io', priority: 'high' },
  );
  await eventually('a task as a job', () => toldOf('asTask').length > 0);

  t.like(await ends('composes'), { outcome: 'OK' });
  t.deepEqual(toldOf('composes'), [{ what: 'composes', n: 42, name: 'child' }]);

  // What it throws is logged once, where jobs are logged.
  await eventually('a failure', () => row('throws').failures >= 2);
  t.like(row('throws'), { outcome: 'INTERNAL', error: 'Error: the index is gone' });
  const failed = (await eventually('its line', () =>
    log.read().find(({ job, msg }) => job === 'throws' && msg === 'a run has failed'),
  ))!;
  t.like(failed, { msg: 'a run has failed', component: 'jobs', code: 'INTERNAL' });
  t.regex(String(failed.error), /^Error: the index is gone\n.*jobs\.ts/);
  t.is(log.read().filter(({ err }) => JSON.stringify(err ?? '').includes('the index is gone')).length, 0);
  t.like(await ends('refuses'), { outcome: 'FAILED_PRECONDITION', error: 'not on a Sunday' });
  t.like(await ends('wraps'), { outcome: 'ABORTED', error: 'the refresh of shard 7 failed' });
  const wrapped = () => log.read().find(({ job, msg }) => job === 'wraps' && msg === 'a run has failed');
  await eventually('its line', wrapped);
  t.regex(String(wrapped()!.error), /^the refresh of shard 7 failed\ncaused by Error: the wire is cut\n +at .*wraps/);

  // One that is longer than its interval.
  await eventually('skips', () => row('longer').skipped >= 2 && row('longer').runs >= 2);

  // One that ignores its deadline.
  t.like(await ends('deaf'), { outcome: 'DEADLINE_EXCEEDED', state: 'overdue' });
  t.regex((await run('deaf')).text, /has not ended, though it was told to; no two of its runs overlap/);
  await eventually('the end of its code', () => row('deaf').state === 'idle');

  // Its thread is replaced meanwhile.
  await run('moved');
  const on = await eventually('moved runs', () => row('moved').thread);
  const replaced = goingThreads(server.cpuPools.find(({ name }) => name === 'jobs')!).find(({ name }) => name === on)!;
  t.true(await server.cpuPools.find(({ name }) => name === 'jobs')!.replace(replaced.number));
  await eventually('the end of moved', () => row('moved').state === 'idle');
  t.like(row('moved'), { outcome: 'OK', failures: 0 });

  // Its pool is full.
  const narrow = ['narrow-1', 'narrow-2', 'narrow-3', 'narrow-4'];
  await Promise.all(narrow.map(run));
  await eventually('all of narrow', () => narrow.every((name) => row(name).lastEnd !== undefined));
  const outcomes = narrow.map((name) => row(name).outcome);
  t.deepEqual(new Set(outcomes), new Set(['DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED']), `${outcomes}`);

  // The watchdog ends its thread.
  t.like(await ends('hangs'), { outcome: 'UNAVAILABLE' });
  await eventually('its line', () => log.read().find(({ method }) => method === 'job hangs'));

  // It ends its thread, again and again, until the pool is down.
  t.like(await ends('kills'), { outcome: 'UNAVAILABLE' });
  const doomed = server.cpuPools.find(({ name }) => name === 'doomed')!;
  await eventually('another thread', () => doomed.size === 1);
  t.like(await ends('kills'), { outcome: 'UNAVAILABLE' });
  await eventually('the pool is down', () => doomed.down);
  t.regex((await ends('kills')).error!, /pool doomed is down/);
  const quarantine = JSON.parse((await ask(address!, 'GET', '/quarantine')).text) as QuarantineAnswer;
  t.deepEqual(
    quarantine.refused.map(({ method, kills }) => [method, kills]),
    [['job kills', 2]],
  );

  // The IO thread that carries it dies.
  await run('endless');
  await eventually('endless runs', () => row('endless').thread);
  await goingThreads(server.ioPool)[0]!.worker!.terminate();
  await eventually('endless is answered', () => row('endless').outcome === 'UNAVAILABLE');
  await eventually('endless ends', () => row('endless').state === 'idle');
  t.true(toldOf('sleeps').some(({ is, cancelled }) => is === 'ended' && cancelled === true));
  await eventually('another IO thread', () => server.ioPool.size === 1);
  await eventually('runs go on', () => row('quick').outcome === 'OK' && row('quick').state === 'idle');

  // What operators see.
  const { jobs } = JSON.parse((await ask(address!, 'GET', '/jobs')).text) as JobsAnswer;
  t.is(jobs.length, 18);
  t.like(jobs[0], { name: 'quick', schedule: 'every 100ms', pool: 'jobs', timeoutMs: 10_000 });
  t.regex(jobsText({ jobs }), /^JOB +SCHEDULE +POOL +STATE .*\nquick +every 100ms +jobs +\w+/);
  const metrics = parseMetrics((await ask(address!, 'GET', '/metrics')).text);
  const samples = metrics.get('heddle_job_failures_total')!.samples;
  t.is(samples.size, 18);
  t.is(metrics.get('heddle_job_running')!.samples.size, 18);
  t.is((await run('')).status, 400);
  t.regex((await run('quik')).text, /no job is named .*did you mean quick/);
  // They are no requests.
  t.is(server.supervisor.count(boardWord.answered), 0);

  // The process ends: what runs is finished, and nothing begins.
  await run('last');
  await eventually('last runs', () => row('last').thread);
  t.true(await server.stop());
  t.like(row('last'), { outcome: 'OK', runs: 1, state: 'idle' });
  const states = toldOf('sleeps').filter(({ is }) => is === 'begun').length;
  t.is(states, toldOf('sleeps').filter(({ is }) => is === 'ended').length);
});

test('a job whose module lacks the function fails the start, and says what there is', async (t) => {
  const job = (run: string) => `${services}\njobs: { a: { run: "${run}", every: 1s } }\nlog: { level: silent }\n`;
  await t.throwsAsync(serverOf(t, job('./jobs.ts#quik')).start(), {
    message: /jobs\.ts: job a: it exports no quik; it exports .*quick.*; did you mean quick\?/,
  });
  await t.throwsAsync(serverOf(t, job('./jobs.ts#notAFunction')).start(), {
    message: /what it exports as notAFunction is no function/,
  });
});

test('what stop.timeout cuts off has failed, and its fiber is told', async (t) => {
  const text = `${services}
pools: { jobs: { threads: 1 } }
stop: { timeout: 50ms }
jobs: { endless: { run: "./jobs.ts#sleeps", every: 1h, atStart: true, pool: jobs, input: { ms: 60000 } } }
log: { level: silent }`;
  const server = serverOf(t, text);
  await server.start();
  await eventually('it runs', () => server.jobs.rows()[0]!.thread);
  t.false(await server.stop());
  t.like(server.jobs.rows()[0], { outcome: 'UNAVAILABLE', failures: 1, state: 'idle' });
});
