// ServerJobs (main thread): the jobs of a process, between its JobScheduler and its threads. A process without jobs has no
// scheduler. Runs go by way of an IO thread, which can put requests; where they run, their threads tell.

import type { JobQuestion, JobRow } from '../../admin/job-shapes.ts';
import type { ActorState } from '../../runtime/actor.ts';
import { type Clock, systemRandom } from '../../runtime/clock.ts';
import { HeddleError } from '../../runtime/errors.ts';
import { type JobRun, type JobSchedule, type JobSettings, jobNamesByHash } from '../../runtime/jobs.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Settings } from '../../runtime/settings.ts';
import type { ToMain, ToThread } from '../../runtime/thread-control.ts';
import { formatDuration } from '../../runtime/units.ts';
import { taskMethod } from '../../scheduler/request-runner.ts';
import type { ThreadPool } from '../../scheduler/thread-pool.ts';
import { codeName, JobScheduler, type JobStatus } from './job-scheduler.ts';

/** Characters of an error that operators are shown; the log has all. */
const errorShownLength = 500;

export class ServerJobs {
  readonly #pools: () => readonly ThreadPool[];
  readonly #clock: Clock;
  readonly #log: Logger;
  #scheduler: JobScheduler | undefined;
  #names: ReadonlyMap<number, string>;
  #state: ActorState = 'idle';
  /** Counts up, so that the IO threads carry runs in turn. */
  #turn = 0;

  /** `pools`: pool `io` first. */
  constructor({ jobs }: Settings, pools: () => readonly ThreadPool[], clock: Clock, log: Logger) {
    this.#pools = pools;
    this.#clock = clock;
    this.#log = log;
    this.#names = jobNamesByHash(jobs);
    if (jobs.length > 0) this.#scheduler = this.#makeScheduler(jobs);
  }

  /** These are the jobs from now on; the threads of their pools have their code. */
  change(jobs: readonly JobSettings[]): void {
    this.#names = jobNamesByHash(jobs);
    if (this.#scheduler !== undefined) {
      this.#scheduler.change(jobs);
    } else if (jobs.length > 0) {
      this.#scheduler = this.#makeScheduler(jobs);
      this.onState(this.#state);
    }
  }

  onState(state: ActorState): void {
    this.#state = state;
    if (state === 'running') this.#scheduler?.start();
    if (state === 'draining') this.#scheduler?.drain();
    if (state === 'stopped') this.#scheduler?.stop();
  }

  onMessage(thread: number, message: ToMain): void {
    if (message.type === 'job') this.#scheduler?.onNews(thread, message.news);
  }

  onGone(thread: number): void {
    this.#scheduler?.onGone(thread);
  }

  /** What the fiber of such a request is called; undefined: it is none of a job. */
  nameOf(method: number, body: number): string | undefined {
    return method === taskMethod ? this.#names.get(body) : undefined;
  }

  rows(): JobRow[] {
    const pools = this.#pools();
    const nameOf = (thread: number): string | undefined => {
      for (const pool of pools) if (pool.thread(thread) !== undefined) return pool.thread(thread)?.name;
      return undefined;
    };
    return this.#scheduler?.status().map((status) => rowOf(status, nameOf)) ?? [];
  }

  /** Throws as JobScheduler.runNow, and FAILED_PRECONDITION when the process has no jobs. */
  ask({ job }: JobQuestion): { job: string; run: number } {
    if (this.#scheduler !== undefined) return { job, run: this.#scheduler.runNow(job) };
    const what =
      'this process has no jobs; declare them in heddle.yaml, jobs: { refresh: { run: ./jobs.ts#refresh, every: 30s } }';
    throw new HeddleError('FAILED_PRECONDITION', what);
  }

  #makeScheduler(jobs: readonly JobSettings[]): JobScheduler {
    return new JobScheduler({
      jobs,
      clock: this.#clock,
      random: systemRandom,
      launch: (run) => this.#launch(run),
      lives: (thread) => this.#pools().some((pool) => pool.thread(thread) !== undefined),
      log: this.#log,
    });
  }

  #launch(run: JobRun): number | undefined {
    const [ioPool] = this.#pools();
    const going = [...(ioPool?.threads ?? [])].filter(({ state }) => state === 'going');
    const carrier = going[this.#turn++ % going.length];
    carrier?.control.postMessage({ type: 'job', run } satisfies ToThread);
    return carrier?.number;
  }
}

function rowOf(status: JobStatus, nameOf: (thread: number) => string | undefined): JobRow {
  const { settings, state, startedWallMs, thread, last, runs, failures, skipped, nextWallMs } = status;
  const { name, pool, schedule, jitterMs, timeoutMs } = settings;
  const on = thread === undefined ? undefined : nameOf(thread);
  return {
    name,
    schedule: scheduleText(schedule, jitterMs),
    pool,
    timeoutMs,
    state,
    ...(on !== undefined && { thread: on }),
    ...(startedWallMs !== undefined && { lastStart: isoOf(startedWallMs) }),
    ...(last !== undefined && { lastEnd: isoOf(last.atWallMs), lastMs: last.tookMs, outcome: codeName(last.code) }),
    ...(last !== undefined && last.code !== 0 && { error: last.message.split('\n', 1)[0]!.slice(0, errorShownLength) }),
    runs,
    failures,
    skipped,
    ...(nextWallMs !== undefined && { nextRun: isoOf(nextWallMs) }),
  };
}

function scheduleText(schedule: JobSchedule, jitterMs: number): string {
  const jitter = jitterMs === 0 ? '' : ` + up to ${formatDuration(jitterMs)}`;
  if ('everyMs' in schedule) return `every ${formatDuration(schedule.everyMs)}${jitter}`;
  return `${schedule.cron} ${schedule.timezone}${jitter}`;
}

function isoOf(wallMs: number): string {
  return new Date(wallMs).toISOString();
}
