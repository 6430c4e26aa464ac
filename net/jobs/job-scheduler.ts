// JobScheduler (main thread): begins the runs of jobs when they are due, and keeps what became of them. It runs nothing:
// `launch` hands a run to a thread, and threads tell what happens to it.
//
// A job is one of
//   idle     nothing of it runs. Left by a due time, or an operator.
//   running  a run has no answer yet. Left by its answer: the end of its fiber, a refusal, its deadline, a thread's death.
//   overdue  it was answered (by its deadline, or since the thread that carried it died), but its fiber has not ended:
//            code that ignores its cancel. Left by the end of the fiber, or of its thread.
// A due time that finds it not idle is skipped and counted: two runs of a job never overlap in a process, whatever its
// code does with its deadline. The price is that a job which never ends never runs again before its thread has died.

import { isDeepStrictEqual } from 'node:util';
import { priorities } from '../../runtime/call.ts';
import type { Clock, Random } from '../../runtime/clock.ts';
import { codeNumber, codeOfNumber, type ErrorCode, HeddleError } from '../../runtime/errors.ts';
import type { JobNews, JobRun, JobSettings } from '../../runtime/jobs.ts';
import type { Logger } from '../../runtime/logger.ts';
import { nearest } from '../../runtime/nearest.ts';
import { TimerWheel } from '../../runtime/timer-wheel.ts';
import { type DueTimes, dueTimes, lateMaxMs } from './due-times.ts';

/** How long main relies on what the wall clock said, ms: somebody may set it. */
const lookAgainMs = 60_000;

export interface JobSchedulerOptions {
  jobs: readonly JobSettings[];
  clock: Clock;
  random: Random;
  /** Hands a run to a thread that carries it. That thread's number; undefined: there is none. */
  launch(run: JobRun): number | undefined;
  /** Whether a thread has not ended. */
  lives(thread: number): boolean;
  log: Logger;
}

/** How a run ended. */
export interface JobEnd {
  atWallMs: number;
  tookMs: number;
  /** 0, or an error code's number. */
  code: number;
  /** What happened, with the stack of what was thrown; empty after success. */
  message: string;
}

/** A job as operators see it. Counts are from the start of the process. */
export interface JobStatus {
  settings: JobSettings;
  state: 'idle' | 'running' | 'overdue';
  /** Of what runs now or ran last; undefined: nothing has. Ms since 1970. */
  startedWallMs: number | undefined;
  /** Where it runs; undefined: nowhere, or it waits in the queue. */
  thread: number | undefined;
  last: JobEnd | undefined;
  runs: number;
  failures: number;
  skipped: number;
  /** Ms since 1970; undefined: it is not due any more. */
  nextWallMs: number | undefined;
}

interface Run {
  /** Unique in the process: threads know runs by it. */
  id: number;
  /** Among those of its job, from 1 on: people know it by that. */
  number: number;
  startedMs: number;
  /** The IO thread that put it into the queue. */
  carrier: number;
}

class Job {
  /** Its entry of the timer wheel names it by that. */
  readonly id: number;
  settings: JobSettings;
  due: DueTimes | undefined;
  /** The entry of the timer wheel; -1: there is none. */
  timer = -1;
  /** A reload took it out: it is forgotten once nothing of it runs. */
  isGone = false;
  /** Not answered yet. */
  run: Run | undefined;
  /** Runs whose fibers have begun and not ended, with the threads that they are on. More than one only by a hair. */
  readonly fibers = new Map<number, number>();
  /** Somebody was told that a due time was skipped since it still runs. */
  told = false;
  startedWallMs: number | undefined;
  last: JobEnd | undefined;
  runs = 0;
  failures = 0;
  skipped = 0;

  constructor(id: number, settings: JobSettings) {
    this.id = id;
    this.settings = settings;
  }

  get state(): JobStatus['state'] {
    if (this.run !== undefined) return 'running';
    return this.fibers.size > 0 ? 'overdue' : 'idle';
  }
}

export class JobScheduler {
  readonly #options: JobSchedulerOptions;
  readonly #wheel: TimerWheel;
  readonly #jobs = new Map<number, Job>();
  readonly #byName = new Map<string, Job>();
  #ids = 0;
  #state: 'idle' | 'going' | 'draining' = 'idle';
  #runs = 0;

  constructor(options: JobSchedulerOptions) {
    this.#options = options;
    this.#wheel = new TimerWheel({ clock: options.clock });
    for (const settings of options.jobs) this.#add(settings);
  }

  /** The process serves: due times count from here. */
  start(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'going';
    for (const job of this.#jobs.values()) {
      if (job.settings.atStart) this.#begin(job);
      this.#schedule(job);
    }
  }

  /**
   * These are the jobs from now on. A run that is under way goes on as it began; due times count from now where they are
   * others; a job that is new runs at once if it says `atStart`; one that is there no more is not due any more.
   */
  change(jobs: readonly JobSettings[]): void {
    const names = new Set(jobs.map(({ name }) => name));
    for (const job of this.#jobs.values()) if (!names.has(job.settings.name)) this.#retire(job);
    for (const settings of jobs) {
      const job = this.#byName.get(settings.name);
      if (job === undefined) {
        const added = this.#add(settings);
        if (settings.atStart && this.#state === 'going') this.#begin(added);
        this.#schedule(added);
        continue;
      }
      const { schedule, jitterMs } = job.settings;
      const isSame = !job.isGone && jitterMs === settings.jitterMs && isDeepStrictEqual(schedule, settings.schedule);
      job.isGone = false;
      job.settings = settings;
      if (!isSame) this.#schedule(job);
    }
  }

  /** From here on no run begins; those that are under way are finished. */
  drain(): void {
    this.#state = 'draining';
    this.#wheel.close();
  }

  /** The threads have ended: what still runs was cut off. */
  stop(): void {
    this.drain();
    const message = 'the process stopped before this run was finished (stop.timeout)';
    for (const job of [...this.#jobs.values()]) {
      job.fibers.clear();
      if (job.run !== undefined) this.#end(job, job.run, codeNumber('UNAVAILABLE'), message);
    }
  }

  /**
   * Begins a run now, beside the due times. Returns which run of the job it is. Throws NOT_FOUND for a name that no job has,
   * FAILED_PRECONDITION when the job runs or the process does not serve.
   */
  runNow(name: string): number {
    const job = this.#byName.get(name);
    if (job === undefined || job.isGone) throw noJob(name, this.#names());
    if (this.#state !== 'going') {
      const why = this.#state === 'idle' ? 'the process still starts' : 'the process stops';
      throw new HeddleError('FAILED_PRECONDITION', `${why}: job ${name} does not run`);
    }
    if (job.state !== 'idle') {
      const since = new Date(job.startedWallMs!).toISOString();
      const what = job.state === 'running' ? `runs since ${since}` : `of ${since} has not ended, though it was told to`;
      throw new HeddleError('FAILED_PRECONDITION', `job ${name} ${what}; no two of its runs overlap`);
    }
    return this.#begin(job);
  }

  /** From `thread`. */
  onNews(thread: number, news: JobNews): void {
    const job = this.#byName.get(news.job);
    if (job === undefined) return;
    switch (news.is) {
      case 'begun':
        // What a thread has said may be read after its death.
        if (this.#options.lives(thread)) job.fibers.set(news.run, thread);
        break;
      case 'left':
        this.#leave(job, news.run);
        break;
      case 'answered':
        if (job.run?.id === news.run) this.#end(job, job.run, news.code, news.message);
        break;
    }
  }

  /** A thread has ended, and all that ran on it. */
  onGone(thread: number): void {
    for (const job of [...this.#jobs.values()]) {
      for (const [run, on] of job.fibers) if (on === thread) this.#leave(job, run);
      if (job.run?.carrier !== thread) continue;
      const message = 'the IO thread that carried this run died; it may have run in part';
      this.#end(job, job.run, codeNumber('UNAVAILABLE'), message);
    }
  }

  status(): JobStatus[] {
    return Array.from(this.#jobs.values(), (job) => {
      const { settings, state, startedWallMs, last, runs, failures, skipped } = job;
      const [thread] = job.fibers.values();
      const nextWallMs = this.#state === 'going' ? job.due?.atWallMs : undefined;
      return { settings, state, startedWallMs, thread, last, runs, failures, skipped, nextWallMs };
    });
  }

  /** A job's entry has come (TimerTarget). */
  onTimer(id: number): void {
    const job = this.#jobs.get(id);
    if (this.#state !== 'going' || job?.due === undefined) return;
    job.timer = -1;
    const lateMs = job.due.pass();
    if (lateMs !== undefined) this.#onDue(job, lateMs);
    this.#arm(job, job.due);
  }

  #add(settings: JobSettings): Job {
    const job = new Job(++this.#ids, settings);
    this.#jobs.set(job.id, job);
    this.#byName.set(settings.name, job);
    return job;
  }

  /** Its due times count from now. */
  #schedule(job: Job): void {
    if (this.#state !== 'going') return;
    const { clock, random } = this.#options;
    this.#disarm(job);
    job.due = dueTimes(job.settings, clock, random);
    this.#arm(job, job.due);
  }

  #retire(job: Job): void {
    job.isGone = true;
    job.due = undefined;
    this.#disarm(job);
    this.#lookIdle(job);
  }

  #arm(job: Job, due: DueTimes): void {
    const untilMs = due.untilMs();
    if (untilMs === undefined) return;
    const atMs = this.#options.clock.nowMs() + Math.min(Math.max(untilMs, 0), lookAgainMs);
    job.timer = this.#wheel.add(atMs, this, job.id);
  }

  #disarm(job: Job): void {
    if (job.timer >= 0) this.#wheel.remove(job.timer);
    job.timer = -1;
  }

  #names(): string[] {
    return Array.from(this.#byName.values()).flatMap((job) => (job.isGone ? [] : [job.settings.name]));
  }

  #onDue(job: Job, lateMs: number): void {
    const { name } = job.settings;
    if (lateMs > lateMaxMs) {
      job.skipped++;
      this.#options.log.warn({ job: name, lateMs: Math.round(lateMs) }, 'a run is skipped: its time is long past');
      return;
    }
    if (job.state === 'idle') {
      this.#begin(job);
      return;
    }
    job.skipped++;
    if (job.told) return;
    job.told = true;
    const [thread] = job.fibers.values();
    const fields = { job: name, state: job.state, since: new Date(job.startedWallMs!).toISOString(), thread };
    this.#options.log.warn(fields, 'runs are skipped while the one before still goes on');
  }

  #begin(job: Job): number {
    const { clock, random, launch, log } = this.#options;
    const { name, pool, priority, timeoutMs } = job.settings;
    const startedMs = clock.nowMs();
    const id = ++this.#runs;
    const word = (): number => Math.floor(random() * 0x1_0000_0000);
    const trace = [word(), word(), word(), word() | 1, word(), word() | 1].map((one) => one >>> 0);
    const number = ++job.runs;
    job.told = false;
    job.startedWallMs = Math.round(clock.wallMs());
    log.debug({ job: name, run: number, pool }, 'a run begins');
    const run: Run = { id, number, startedMs, carrier: 0 };
    job.run = run;
    const deadlineMs = startedMs + timeoutMs;
    const carrier = launch({ run: id, job: name, pool, priority: priorities[priority], deadlineMs, trace });
    if (carrier === undefined) {
      this.#end(job, run, codeNumber('UNAVAILABLE'), 'no IO thread lives that could carry it; it has not run');
    } else {
      run.carrier = carrier;
    }
    return number;
  }

  #end(job: Job, { number, startedMs }: Run, code: number, message: string): void {
    const { clock, log } = this.#options;
    const { name } = job.settings;
    const tookMs = Math.round((clock.nowMs() - startedMs) * 1000) / 1000;
    job.run = undefined;
    job.last = { atWallMs: Math.round(clock.wallMs()), tookMs, code, message };
    if (code === 0) {
      log.debug({ job: name, run: number, tookMs }, 'a run has ended');
    } else {
      job.failures++;
      log.error({ job: name, run: number, code: codeName(code), tookMs, error: message }, 'a run has failed');
    }
    this.#lookIdle(job);
  }

  #leave(job: Job, run: number): void {
    if (job.fibers.delete(run)) this.#lookIdle(job);
  }

  #lookIdle(job: Job): void {
    if (job.state !== 'idle') return;
    if (job.isGone) {
      this.#jobs.delete(job.id);
      this.#byName.delete(job.settings.name);
    }
    if (!job.told) return;
    job.told = false;
    this.#options.log.info({ job: job.settings.name }, 'the run that held up others has ended');
  }
}

/** `OK`, or an error's code. */
export function codeName(code: number): ErrorCode | 'OK' {
  return code === 0 ? 'OK' : codeOfNumber(code);
}

function noJob(name: string, names: readonly string[]): HeddleError {
  const near = nearest(name, names);
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  const there = names.length === 0 ? 'there are none' : `there is ${names.join(', ')}${hint}`;
  return new HeddleError('NOT_FOUND', `no job is named ${JSON.stringify(name)}; ${there}`);
}
