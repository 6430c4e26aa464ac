import test from 'ava';
import fc from 'fast-check';
import { JobScheduler } from '../../../net/jobs/job-scheduler.ts';
import { type Random, seededRandom } from '../../../runtime/clock.ts';
import { codeNumber } from '../../../runtime/errors.ts';
import type { JobRun, JobSettings } from '../../../runtime/jobs.ts';
import { type Logger, silentLogger } from '../../../runtime/logger.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';

const carrier = 1;
const worker = 2;

function jobOf(settings: Partial<JobSettings>): JobSettings {
  return {
    name: 'sweep',
    moduleUrl: 'file:///sweep.ts',
    exportName: 'default',
    input: {},
    schedule: { everyMs: 1_000 },
    jitterMs: 0,
    atStart: false,
    pool: 'default',
    timeoutMs: 1_000,
    priority: 'low',
    ...settings,
  };
}

interface World {
  clock: VirtualClock;
  jobs: JobScheduler;
  /** Begun runs, with the time of each. */
  begun: (JobRun & { atMs: number; atWall: string })[];
  lines: { level: string; fields: Record<string, unknown>; message: string }[];
  begins(run?: JobRun): void;
  leaves(run?: JobRun): void;
  answers(code?: number, message?: string, run?: JobRun): void;
  ends(): void;
}

interface WorldOptions {
  wall?: string;
  random?: Random;
  launch?: () => number | undefined;
}

function world(
  settings: Partial<JobSettings>[],
  { wall = '2026-01-01T00:00:00Z', ...options }: WorldOptions = {},
): World {
  const clock = new VirtualClock(0, Date.parse(wall));
  const begun: World['begun'] = [];
  const lines: World['lines'] = [];
  const gone = new Set<number>();
  const write = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, fields: fields as Record<string, unknown>, message });
  const log: Logger = { ...silentLogger, info: write('info'), warn: write('warn'), error: write('error') };
  const jobs = new JobScheduler({
    jobs: settings.map(jobOf),
    clock,
    random: options.random ?? seededRandom(1),
    launch: (run) => {
      begun.push({ ...run, atMs: clock.nowMs(), atWall: new Date(clock.wallMs()).toISOString() });
      return options.launch === undefined ? carrier : options.launch();
    },
    lives: (thread) => !gone.has(thread),
    log,
  });
  const last = (): JobRun => begun.at(-1)!;
  const made: World = {
    clock,
    jobs,
    begun,
    lines,
    begins: ({ run, job } = last()) => jobs.onNews(worker, { is: 'begun', run, job }),
    leaves: ({ run, job } = last()) => jobs.onNews(worker, { is: 'left', run, job }),
    answers: (code = 0, message = '', { run, job } = last()) =>
      jobs.onNews(carrier, { is: 'answered', run, job, code, message }),
    ends: () => {
      made.begins();
      made.leaves();
      made.answers();
    },
  };
  jobs.start();
  return made;
}

test('runs at each multiple of its interval from the start on, however long a run takes', (t) => {
  const { clock, begun, ends } = world([{}]);
  for (let second = 0; second < 4; second++) {
    clock.advanceSync(700);
    if (begun.length > 0) ends();
    clock.advanceSync(300);
  }
  t.deepEqual(
    begun.map(({ atMs }) => atMs),
    [1_000, 2_000, 3_000, 4_000],
  );
});

test('atStart runs at once, and at the due times besides', (t) => {
  const { clock, begun, ends } = world([{ atStart: true }]);
  t.is(begun.length, 1);
  ends();
  clock.advanceSync(1_000);
  t.deepEqual(
    begun.map(({ atMs, run }) => [atMs, run]),
    [
      [0, 1],
      [1_000, 2],
    ],
  );
});

test('jitter delays each run by chance and shifts no later one', (t) => {
  const runs = (seed: number): number[] => {
    const { clock, begun, answers } = world([{ jitterMs: 400 }], { random: seededRandom(seed) });
    for (let at = 0; at < 50; at++) {
      clock.advanceSync(1_000);
      if (begun.length > 0) answers();
    }
    return begun.map(({ atMs }) => atMs);
  };
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const times = runs(seed);
      t.deepEqual(times, runs(seed));
      for (const [at, time] of times.entries()) {
        const lateMs = time - (at + 1) * 1_000;
        // Timers have whole milliseconds.
        t.true(lateMs >= 0 && lateMs <= 401, `${lateMs}`);
      }
    }),
    { numRuns: 20 },
  );
  t.true(new Set(runs(7).map((time) => time % 1_000)).size > 10);
});

test('a due time that finds a run going on is skipped, counted, and told of once for each run', (t) => {
  const { clock, begun, jobs, lines, begins, ends } = world([{ timeoutMs: 60_000 }]);
  clock.advanceSync(1_000);
  begins();
  clock.advanceSync(3_000);
  t.is(begun.length, 1);
  t.like(jobs.status()[0], { state: 'running', thread: worker, runs: 1, skipped: 3 });
  t.deepEqual(
    lines.map(({ level, message }) => [level, message]),
    [['warn', 'runs are skipped while the one before still goes on']],
  );
  ends();
  t.is(lines.at(-1)!.message, 'the run that held up others has ended');
  clock.advanceSync(1_000);
  t.is(begun.length, 2);
});

test('a run that was answered by its deadline holds up the next until its fiber has ended', (t) => {
  const { clock, begun, jobs, begins, leaves, answers } = world([{}]);
  clock.advanceSync(1_000);
  begins();
  answers(codeNumber('DEADLINE_EXCEEDED'), 'late');
  clock.advanceSync(2_000);
  t.like(jobs.status()[0], { state: 'overdue', thread: worker, failures: 1, skipped: 2 });
  t.throws(() => jobs.runNow('sweep'), { message: /of 2026-01-01T00:00:01.000Z has not ended, though it was told to/ });
  leaves();
  t.is(jobs.status()[0]!.state, 'idle');
  clock.advanceSync(1_000);
  t.is(begun.length, 2);
});

test('what ran on a thread has ended when that thread has, and its late word is not believed', (t) => {
  const { jobs, begins, answers } = world([{ atStart: true }]);
  begins();
  answers(codeNumber('UNAVAILABLE'), 'the thread died');
  t.is(jobs.status()[0]!.state, 'overdue');
  jobs.onGone(worker);
  t.is(jobs.status()[0]!.state, 'idle');
});

test('a run whose carrier dies has failed, and is overdue while its fiber goes on', (t) => {
  const { jobs, lines, begins, leaves } = world([{ atStart: true }]);
  begins();
  jobs.onGone(carrier);
  t.like(jobs.status()[0], { state: 'overdue', failures: 1, last: { code: codeNumber('UNAVAILABLE') } });
  t.like(lines[0], { level: 'error', fields: { job: 'sweep', code: 'UNAVAILABLE' } });
  leaves();
  t.is(jobs.status()[0]!.state, 'idle');
});

test('without a living IO thread a run has failed at once', (t) => {
  const { jobs } = world([{ atStart: true }], { launch: () => undefined });
  t.like(jobs.status()[0], { state: 'idle', runs: 1, failures: 1 });
  t.regex(jobs.status()[0]!.last!.message, /no IO thread/);
});

test('each failure is logged once, with what was thrown', (t) => {
  const { clock, jobs, lines, answers } = world([{}]);
  for (let at = 0; at < 3; at++) {
    clock.advanceSync(1_000);
    answers(codeNumber('INTERNAL'), 'Error: boom\n    at sweep');
  }
  t.deepEqual(
    lines.map(({ level, fields }) => [level, fields.run, fields.code, fields.error]),
    [1, 2, 3].map((run) => ['error', run, 'INTERNAL', 'Error: boom\n    at sweep']),
  );
  t.is(jobs.status()[0]!.failures, 3);
});

test('what main slept through is not made up for: one late run, or none when its time is long past', (t) => {
  const { clock, begun, jobs, ends } = world([{}, { name: 'rare', schedule: { everyMs: 3_600_000 } }]);
  clock.skip(10_500);
  clock.advanceSync(0);
  t.is(begun.length, 1);
  ends();
  clock.advanceSync(500);
  t.deepEqual(
    begun.map(({ atMs }) => atMs),
    [10_500, 11_000],
  );
  ends();
  clock.skip(3_600_000 + 61_000 - 11_000);
  clock.advanceSync(0);
  t.like(jobs.status()[1], { runs: 0, skipped: 1 });
  t.is(jobs.status()[1]!.nextWallMs, Date.parse('2026-01-01T02:00:00Z'));
});

test('the latest time that main slept through runs late, and is skipped only when that one is long past', (t) => {
  const cron = { schedule: { cron: '*/10 * * * * *', timezone: 'UTC' } };
  for (const schedule of [{ schedule: { everyMs: 10_000 } }, { ...cron, name: 'cron' }]) {
    const { clock, begun, jobs, ends } = world([schedule]);
    clock.skip(75_000);
    clock.advanceSync(0);
    t.is(begun.length, 1);
    ends();
    clock.advanceSync(5_000);
    t.deepEqual(
      begun.map(({ atMs }) => atMs),
      [75_000, 80_000],
    );
    t.is(jobs.status()[0]!.skipped, 0);
  }
});

test('an operator runs a job beside its due times, unless it runs, and only one that there is', (t) => {
  const { clock, begun, jobs, ends } = world([{ name: 'refresh-index' }]);
  clock.advanceSync(500);
  t.is(jobs.runNow('refresh-index'), 1);
  t.throws(() => jobs.runNow('refresh-index'), {
    message: 'job refresh-index runs since 2026-01-01T00:00:00.500Z; no two of its runs overlap',
  });
  ends();
  t.throws(() => jobs.runNow('refresh-indx'), {
    message: /no job is named "refresh-indx".*did you mean refresh-index\?/,
  });
  clock.advanceSync(500);
  t.is(begun.length, 2);
});

test('the runs of each job are counted by themselves, and known to threads by a number of their own', (t) => {
  const { begun, jobs, lines, answers } = world([{ name: 'a', atStart: true }, { name: 'b' }]);
  t.is(jobs.runNow('b'), 1);
  answers(codeNumber('INTERNAL'), 'boom');
  t.like(lines.at(-1)?.fields, { job: 'b', run: 1 });
  t.is(jobs.runNow('b'), 2);
  t.is(new Set(begun.map(({ run }) => run)).size, 3);
});

test('once the process drains nothing begins, and what runs is finished; a stop ends it', (t) => {
  const { clock, begun, jobs, begins, answers } = world([{ atStart: true }, { name: 'stuck', atStart: true }]);
  begins();
  jobs.drain();
  clock.advanceSync(10_000);
  t.is(begun.length, 2);
  t.throws(() => jobs.runNow('sweep'), { message: 'the process stops: job sweep does not run' });
  answers(0, '', begun[0]);
  t.like(jobs.status()[0], { last: { code: 0 }, nextWallMs: undefined });
  jobs.stop();
  t.like(jobs.status()[1], { state: 'idle', last: { code: codeNumber('UNAVAILABLE') } });
  t.is(clock.pending, 0);
});

test('each run has a trace of its own, its deadline, and the priority of the job', (t) => {
  const { begun, clock, ends } = world([{ timeoutMs: 250, priority: 'high' }]);
  clock.advanceSync(1_000);
  ends();
  clock.advanceSync(1_000);
  const [first, second] = begun;
  t.like(first, { deadlineMs: 1_250, priority: 0, pool: 'default' });
  t.notDeepEqual(first!.trace, second!.trace);
  t.is(first!.trace.length, 6);
});

const berlin = (cron: string): Partial<JobSettings> => ({ schedule: { cron, timezone: 'Europe/Berlin' } });

/** When it runs within so many hours. */
function cronRuns(settings: Partial<JobSettings>, wall: string, hours: number): string[] {
  const { clock, begun, answers } = world([settings], { wall });
  for (let minute = 0; minute < hours * 60; minute++) {
    clock.advanceSync(60_000);
    const run = begun.at(-1);
    if (run !== undefined) answers();
  }
  return begun.map(({ atWall }) => atWall.replace(':00.000Z', ''));
}

test('a cron expression means the time of day in its zone, in summer and in winter', (t) => {
  t.deepEqual(cronRuns(berlin('0 3 * * *'), '2026-03-28T00:00:00Z', 49), [
    '2026-03-28T02:00',
    '2026-03-29T01:00',
    '2026-03-30T01:00',
  ]);
});

test('a time that summer time leaves out comes as much later', (t) => {
  t.deepEqual(cronRuns(berlin('30 2 * * *'), '2026-03-28T12:00:00Z', 37), ['2026-03-29T01:30', '2026-03-30T00:30']);
});

test('of an hour that comes twice the first counts', (t) => {
  t.deepEqual(cronRuns(berlin('30 2 * * *'), '2026-10-24T12:00:00Z', 36), ['2026-10-25T00:30']);
  t.deepEqual(cronRuns(berlin('30 * * * *'), '2026-10-25T00:00:00Z', 4), [
    '2026-10-25T00:30',
    '2026-10-25T02:30',
    '2026-10-25T03:30',
  ]);
});

test('a wall clock that is set back makes no time come twice, and one set forward is seen within a minute', (t) => {
  const { clock, begun, ends } = world([{ schedule: { cron: '0 * * * *', timezone: 'UTC' } }]);
  let shiftMs = 0;
  const { wallMs } = clock;
  clock.wallMs = () => wallMs.call(clock) + shiftMs;
  clock.advanceSync(3_600_000);
  t.is(begun.length, 1);
  ends();
  shiftMs = -10_000;
  clock.advanceSync(30_000);
  t.is(begun.length, 1);
  shiftMs = 3_600_000 - 30_000;
  clock.advanceSync(60_000);
  t.is(begun.length, 2);
});

test('a wall clock that was wrong by days holds up no run for more than a minute once it is set right', (t) => {
  const { clock, begun, ends } = world([{ schedule: { cron: '*/5 * * * *', timezone: 'UTC' } }]);
  const { wallMs } = clock;
  clock.wallMs = () => wallMs.call(clock) + shiftMs;
  let shiftMs = 10 * 86_400_000;
  clock.advanceSync(420_000);
  t.is(begun.length, 1);
  ends();
  shiftMs = 0;
  clock.advanceSync(240_000);
  t.deepEqual(
    begun.map(({ atMs }) => atMs),
    [300_000, 600_000],
  );
});

test('jitter loses no run, however short the gaps of an expression are', (t) => {
  const { clock, begun, answers } = world([
    { schedule: { cron: '*/10 * * * * *', timezone: 'UTC' }, jitterMs: 3_600_000 },
  ]);
  for (let at = 0; at < 100; at++) {
    clock.advanceSync(10_000);
    if (begun.length > 0) answers();
  }
  t.true(begun.length >= 99, `${begun.length}`);
});

test('whatever happens in whatever order, no run begins while another has no answer or its fiber goes on', (t) => {
  const happening = fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 3_000 }) }) },
    fc.record({ do: fc.constantFrom('begin', 'leave', 'answer', 'run', 'worker dies', 'carrier dies') }),
  );
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
      const { clock, jobs, begun, begins, leaves, answers } = world([{ jitterMs: 300 }]);
      let open: number | undefined;
      const fibers = new Set<number>();
      let seen = 0;
      const look = (): void => {
        t.true(begun.length <= seen + 1);
        if (begun.length === seen) return;
        t.true(open === undefined && fibers.size === 0, JSON.stringify(happenings));
        seen = begun.length;
        open = begun.at(-1)!.run;
      };
      for (const one of happenings) {
        if (one.do === 'wait') {
          // Step by step, so that each begin is looked at before what follows it.
          for (let at = 0; at < one.ms; at += 100) {
            clock.advanceSync(100);
            look();
          }
        } else if (one.do === 'run') {
          try {
            jobs.runNow('sweep');
          } catch {
            t.true(open !== undefined || fibers.size > 0);
          }
          look();
        } else if (begun.length > 0) {
          const { run } = begun.at(-1)!;
          if (one.do === 'begin' && open === run) {
            begins();
            fibers.add(run);
          }
          if (one.do === 'leave') {
            leaves();
            fibers.delete(run);
          }
          if (one.do === 'answer') answers();
          if (one.do === 'worker dies') {
            jobs.onGone(worker);
            fibers.clear();
          }
          if (one.do === 'carrier dies') jobs.onGone(carrier);
          if (one.do === 'answer' || one.do === 'carrier dies') open = undefined;
        }
      }
    }),
    { numRuns: 200 },
  );
});

test('a reload with other times lets a run go on as it began, and counts due times from then on', (t) => {
  const { jobs, clock, begun, ends, answers } = world([{ timeoutMs: 5_000 }, { name: 'same' }]);
  const times = () => begun.filter(({ job }) => job === 'sweep').map(({ atMs, deadlineMs }) => [atMs, deadlineMs]);
  clock.advanceSync(1_000);
  clock.advanceSync(300);
  const same = jobOf({ name: 'same' });
  jobs.change([jobOf({ schedule: { everyMs: 400 }, timeoutMs: 50 }), same]);
  const [sweep] = begun;
  answers(0, '', sweep);
  answers();
  clock.advanceSync(399);
  t.deepEqual(times(), [[1_000, 6_000]]);
  clock.advanceSync(1);
  t.deepEqual(times(), [
    [1_000, 6_000],
    [1_700, 1_750],
  ]);
  ends();
  jobs.change([jobOf({ schedule: { cron: '@yearly', timezone: 'UTC' } }), same]);
  clock.advanceSync(10_000);
  t.is(times().length, 2);
  t.is(begun.find(({ job, atMs }) => job === 'same' && atMs === 2_000)?.atMs, 2_000, 'the other keeps its times');
});

test('a job that a reload takes out is not due any more, and is forgotten once nothing of it runs', (t) => {
  const { jobs, clock, begun, begins, leaves, answers } = world([{}, { name: 'stays', schedule: { everyMs: 90_000 } }]);
  const names = () => jobs.status().map(({ settings }) => settings.name);
  clock.advanceSync(1_000);
  begins();
  jobs.change([jobOf({ name: 'stays', schedule: { everyMs: 90_000 } })]);
  clock.advanceSync(5_000);
  t.is(begun.length, 1);
  t.deepEqual(names(), ['sweep', 'stays']);
  t.throws(() => jobs.runNow('sweep'), { code: 'NOT_FOUND', message: /there is stays/ });
  answers();
  t.deepEqual(names(), ['sweep', 'stays']);
  leaves();
  t.deepEqual(names(), ['stays']);
  jobs.change([]);
  t.throws(() => jobs.runNow('stays'), { code: 'NOT_FOUND', message: /there are none/ });
});

test('a job that comes back while its last run still goes on does not overlap it', (t) => {
  const { jobs, clock, begun, ends } = world([{}]);
  clock.advanceSync(1_000);
  jobs.change([]);
  jobs.change([jobOf({ schedule: { everyMs: 100 } })]);
  clock.advanceSync(100);
  t.is(begun.length, 1);
  t.is(jobs.status()[0]!.skipped, 1);
  ends();
  clock.advanceSync(100);
  t.is(begun.length, 2);
  t.is(jobs.status().length, 1);
});

test('a job that is new with a reload runs at once if it says atStart', (t) => {
  const { jobs, begun, ends } = world([]);
  jobs.change([jobOf({ atStart: true }), jobOf({ name: 'later' })]);
  t.deepEqual(
    begun.map(({ job }) => job),
    ['sweep'],
  );
  ends();
  jobs.change([jobOf({ atStart: true }), jobOf({ name: 'later' })]);
  t.is(begun.length, 1);
});
