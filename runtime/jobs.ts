// The shapes of jobs: what the config says of one, what main hands to the thread that carries a run, and what threads tell
// main of it. Plain data, since it goes from thread to thread.

import { bodyHash } from './body-hash.ts';
import type { Priority } from './call.ts';

/** One job of the config. */
export interface JobSettings {
  name: string;
  /** Absolute file URL of the module. */
  moduleUrl: string;
  /** What the function is exported as; `default` too. */
  exportName: string;
  /** What each run is given; a copy of its own. */
  input: Readonly<Record<string, unknown>>;
  schedule: JobSchedule;
  /** Each run begins up to so much later than its due time, ms; 0: at it. */
  jitterMs: number;
  /** Runs also when the process has started. */
  atStart: boolean;
  /** A name in `pools`, or `io`. */
  pool: string;
  /** Longest run, ms. */
  timeoutMs: number;
  /** Where its runs stand in the pool's queue. */
  priority: Priority;
}

/** Every so many ms, counted from the start of the process; or the times of a cron expression in a time zone. */
export type JobSchedule = { everyMs: number } | { cron: string; timezone: string };

/** One run on its way from main to the IO thread that puts it into the pool's queue. */
export interface JobRun {
  /** Unique in the process; from 1 on. */
  run: number;
  job: string;
  pool: string;
  /** 0..2, see `priorities`. */
  priority: number;
  /** Absolute, ms on the process's clock. */
  deadlineMs: number;
  /** W3C trace id and span id, as 6 unsigned 32-bit words. */
  trace: number[];
}

/** What threads tell main of a run. */
export type JobNews =
  /** Its function is about to run on this thread. */
  | { is: 'begun'; run: number; job: string }
  /** Its fiber has ended, children and finalizers included: nothing of it runs any more. */
  | { is: 'left'; run: number; job: string }
  /** From the IO thread that carries it: its answer. `code`: 0, or an error code's number; then `message` says what happened. */
  | { is: 'answered'; run: number; job: string; code: number; message: string };

/** What the fiber of a run is called, in logs and in the admin. */
export function jobFiberName(job: string): string {
  return `job ${job}`;
}

/** What stands in the queue for a run of the job: its name, so that all its runs have one hash. */
export function jobBody(job: string): Buffer {
  return Buffer.from(job, 'latin1');
}

/** The fibers of jobs by the hash of what stands in the queue for them. */
export function jobNamesByHash(jobs: readonly JobSettings[]): Map<number, string> {
  return new Map(
    jobs.map(({ name }) => {
      const body = jobBody(name);
      return [bodyHash(body, 0, body.length), jobFiberName(name)];
    }),
  );
}
