// The JSON of the admin's paths for jobs, as shapes.ts has it for the others; and what the admin asks main about them.

/** GET /jobs */
export interface JobsAnswer {
  jobs: JobRow[];
}

export interface JobRow {
  name: string;
  /** `every 30s + up to 5s`, `0 3 * * * Europe/Berlin`. */
  schedule: string;
  pool: string;
  timeoutMs: number;
  /** `overdue`: its run was answered, by its deadline as a rule, and its code goes on. */
  state: 'idle' | 'running' | 'overdue';
  /** Where its fiber runs. */
  thread?: string;
  /** Of the run that goes on, or else of the last one; ISO 8601. */
  lastStart?: string;
  /** Of the last run that has ended; ISO 8601. */
  lastEnd?: string;
  lastMs?: number;
  /** `OK`, or an error's code. */
  outcome?: string;
  error?: string;
  /** Begun runs; those that failed; due times at which none was begun, since one still went on. */
  runs: number;
  failures: number;
  skipped: number;
  /** ISO 8601; none once it is not due any more. */
  nextRun?: string;
}

/** POST /jobs/run */
export interface JobRunAnswer {
  job: string;
  /** The run's number, as the log has it. */
  run: number;
}

/** Begins a run of the job now. */
export interface JobQuestion {
  job: string;
}
