// buildJobs: `jobs` of heddle.yaml as what main and the threads are told, and the checks that need more than one key.

import type { ProblemList } from '../document/problem.ts';
import { quote } from '../document/quote.ts';
import type { Checked, Field } from '../document/types.ts';
import type { JobSchedule, JobSettings } from '../runtime/jobs.ts';
import { formatDuration } from '../runtime/units.ts';
import { smallestGapMs } from './cron.ts';
import { resolvePlugin } from './resolve-plugin.ts';
import type { jobsType, jobType } from './schema-jobs.ts';

/** Longest run of a job with a cron expression, where none is written, ms. */
const cronTimeoutMs = 60_000;

type CheckedJob = Checked<typeof jobType>;

/** `poolOf`: the name of a job's pool, which may have to be made; reports one that there is not. */
export function buildJobs(
  jobs: Checked<typeof jobsType>,
  baseDir: string,
  poolOf: (job: string, pool: Field<string | undefined>) => string,
  problems: ProblemList,
): JobSettings[] {
  return [...jobs].flatMap(([name, { name: place, value: job, isRefused }]) => {
    const pool = poolOf(name, job.pool);
    const schedule = scheduleOf(job);
    if (schedule === undefined) {
      if (!isRefused) problems.add(place, `job ${name} has neither every nor cron: write when it runs, as every: 30s`);
      return [];
    }
    const moduleUrl = moduleOf(job, baseDir, problems);
    if (!checkTimes(job, problems) || moduleUrl === undefined) return [];
    const everyMs = 'everyMs' in schedule ? schedule.everyMs : undefined;
    return [
      {
        name,
        moduleUrl,
        exportName: job.run.value!.exportName,
        input: job.input?.value ?? {},
        schedule,
        jitterMs: job.jitter.value,
        atStart: job.atStart.value,
        pool,
        timeoutMs: job.timeout?.value ?? everyMs ?? cronTimeoutMs,
        priority: job.priority.value,
      },
    ];
  });
}

function scheduleOf({ every, cron, timezone }: CheckedJob): JobSchedule | undefined {
  if (every !== undefined) return { everyMs: every.value };
  return cron?.value === undefined ? undefined : { cron: cron.value, timezone: timezone?.value ?? 'UTC' };
}

/** False: reported. */
function checkTimes({ every, cron, timezone, jitter }: CheckedJob, problems: ProblemList): boolean {
  if (every === undefined) return checkCronJitter(cron?.value, timezone?.value, jitter, problems);
  if (cron !== undefined) {
    problems.add(cron.place, 'a job has every or cron, not both: take one of them out');
    return false;
  }
  if (timezone !== undefined) {
    problems.add(
      timezone.place,
      'timezone belongs to cron: every counts from the start of the process in any time zone',
    );
    return false;
  }
  if (jitter.value < every.value) return true;
  const [least, most] = [formatDuration(every.value), formatDuration(jitter.value)];
  problems.add(
    jitter.place,
    `a jitter of ${most} does not fit into every ${least}: runs would change places; make it shorter`,
  );
  return false;
}

/** A jitter that reaches the next due time would swallow it. */
function checkCronJitter(
  cron: string | undefined,
  timezone = 'UTC',
  { value, place }: CheckedJob['jitter'],
  problems: ProblemList,
): boolean {
  if (cron === undefined || value === 0) return true;
  const gapMs = smallestGapMs(cron, timezone);
  if (value < gapMs) return true;
  const [least, most] = [formatDuration(gapMs), formatDuration(value)];
  const message = `a jitter of ${most} does not fit between the times of ${quote(cron)}, ${least} apart: runs would be lost; make it shorter`;
  problems.add(place, message);
  return false;
}

function moduleOf({ run }: CheckedJob, baseDir: string, problems: ProblemList): string | undefined {
  if (run.value === undefined) return undefined;
  const { module, exportName } = run.value;
  const resolved = resolvePlugin(baseDir, module);
  if ('url' in resolved) return resolved.url;
  const suggestion = resolved.suggestion === undefined ? undefined : `${resolved.suggestion}#${exportName}`;
  problems.add(run.place, resolved.message, { suggestion });
  return undefined;
}
