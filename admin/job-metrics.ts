// The metrics of jobs (admin thread), from what main has told last: with main silent, no job begins or ends either.

import type { JobRow } from './job-shapes.ts';
import type { ProcessView } from './process-view.ts';

interface JobMetric {
  type: 'counter' | 'gauge';
  name: string;
  help: string;
  read(): { labels: { job: string }; value: number }[];
}

export function jobMetrics(view: ProcessView): JobMetric[] {
  const perJob = (
    type: JobMetric['type'],
    name: string,
    help: string,
    read: (job: JobRow) => number | undefined,
  ): JobMetric => {
    return {
      type,
      name,
      help,
      read: () =>
        view.facts.jobs.flatMap((row) => {
          const value = read(row);
          return value === undefined ? [] : [{ labels: { job: row.name }, value }];
        }),
    };
  };
  return [
    perJob('counter', 'heddle_job_runs_total', 'Runs of a job that were begun.', ({ runs }) => runs),
    perJob('counter', 'heddle_job_failures_total', 'Runs of a job that failed.', ({ failures }) => failures),
    perJob(
      'counter',
      'heddle_job_skips_total',
      'Due times of a job at which no run was begun, since one still went on or the time was long past.',
      ({ skipped }) => skipped,
    ),
    perJob('gauge', 'heddle_job_running', '1: a run of the job goes on.', ({ state }) => Number(state !== 'idle')),
    perJob(
      'gauge',
      'heddle_job_last_duration_seconds',
      'How long the last run of a job took, its wait in the queue included.',
      ({ lastMs }) => (lastMs === undefined ? undefined : lastMs / 1000),
    ),
  ];
}
