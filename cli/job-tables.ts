// What `heddle admin jobs` prints for people. Pure functions of the JSON.

import type { JobRunAnswer, JobsAnswer } from '../admin/job-shapes.ts';
import { age, lines, table } from './admin-tables.ts';

export function jobsText({ jobs }: JobsAnswer): string {
  if (jobs.length === 0) return 'this process has no jobs\n';
  const head = [
    'JOB',
    'SCHEDULE',
    'POOL',
    'STATE',
    'RUNS',
    'FAILED',
    'SKIPPED',
    'LAST START',
    'TOOK',
    'OUTCOME',
    'NEXT',
  ];
  const rows = jobs.map((job) => [
    job.name,
    job.schedule,
    job.pool,
    job.thread === undefined ? job.state : `${job.state} on ${job.thread}`,
    ...[job.runs, job.failures, job.skipped].map(String),
    timeText(job.lastStart),
    job.lastMs === undefined ? '-' : age(job.lastMs),
    job.error === undefined ? (job.outcome ?? '-') : `${job.outcome}: ${job.error}`,
    timeText(job.nextRun),
  ]);
  return lines(table([head, ...rows]));
}

export function jobRunText({ job, run }: JobRunAnswer): string {
  return `job ${job} runs (run ${run})\n`;
}

/** `2026-11-22 03:00:00Z`. */
function timeText(iso: string | undefined): string {
  return iso === undefined ? '-' : iso.replace('T', ' ').replace(/\.\d+/, '');
}
