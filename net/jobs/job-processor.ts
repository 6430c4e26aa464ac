// JobProcessor: runs jobs on the threads of their pools, beside the offloaded functions whose row of the method table they
// share. Their modules are loaded before the thread says that it is ready, as those of services are.

import { type CallHead, type CallReply, noBytes } from '../../runtime/call.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { FiberContext } from '../../runtime/fiber/context.ts';
import { type JobNews, type JobSettings, jobFiberName } from '../../runtime/jobs.ts';
import { fileOf, moduleProblem } from '../../runtime/module-problem.ts';
import { nearest } from '../../runtime/nearest.ts';
import type { Processor, ProcessorForm } from '../../scheduler/host-module.ts';
import { taskProcessor } from '../service/task-processor.ts';

/** Causes of a failure that the log has, one of another. */
const causesMax = 8;

/** A job's function: what `run` of a job in heddle.yaml names. What it returns is dropped. */
export type JobFunction<Input = unknown> = (input: Input, fiber: FiberContext) => unknown;

/**
 * Loads the jobs of a thread's pool. Without any, what runs offloaded functions does. Throws one FAILED_PRECONDITION that
 * names each job whose module does not load or does not export it.
 */
export async function jobProcessor(jobs: readonly JobSettings[], tell: (news: JobNews) => void): Promise<Processor> {
  return jobs.length === 0 ? taskProcessor : new JobProcessor(jobs, await loadJobs(jobs), tell);
}

/** Their functions, in order. Throws as `jobProcessor`. */
export async function loadJobs(jobs: readonly JobSettings[]): Promise<JobFunction[]> {
  const outcomes = await Promise.allSettled(jobs.map((job) => loadJob(job)));
  const causes: unknown[] = [];
  const problems = outcomes.flatMap((outcome, index) => {
    if (outcome.status === 'fulfilled') return [];
    const { name, moduleUrl } = jobs[index]!;
    causes.push(outcome.reason);
    return [`${fileOf(moduleUrl)}: job ${name}: ${moduleProblem(outcome.reason, moduleUrl)}`];
  });
  if (problems.length > 0) throw new HeddleError('FAILED_PRECONDITION', problems.join('\n'), { cause: causes[0] });
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
}

async function loadJob({ moduleUrl, exportName }: JobSettings): Promise<JobFunction> {
  const module = (await import(moduleUrl)) as Record<string, unknown>;
  const exported = functionOf(module[exportName]);
  if (exported !== undefined) return exported;
  const known = Object.keys(module).filter((name) => functionOf(module[name]) !== undefined);
  const near = nearest(exportName, known);
  const there =
    known.length === 0 ? 'no function at all' : `${known.join(', ')}${near ? `; did you mean ${near}?` : ''}`;
  const what = exportName in module ? `what it exports as ${exportName} is no function` : `it exports no ${exportName}`;
  throw new HeddleError('FAILED_PRECONDITION', `${what}; it exports ${there}`);
}

/** A function, or a `task(…)`, which offloads can run too. */
function functionOf(exported: unknown): JobFunction | undefined {
  if (typeof exported === 'function') return exported as JobFunction;
  if (typeof exported !== 'object' || exported === null || !('run' in exported)) return undefined;
  return typeof exported.run === 'function' ? (exported.run as JobFunction) : undefined;
}

class JobProcessor implements Processor {
  readonly service = taskProcessor.service;
  readonly method = taskProcessor.method;
  readonly reads = false;
  readonly oneWay = false;
  readonly asyncContext = false;
  readonly #forms = new Map<string, JobForm>();

  constructor(jobs: readonly JobSettings[], functions: readonly JobFunction[], tell: (news: JobNews) => void) {
    for (const [index, job] of jobs.entries()) this.#forms.set(job.name, new JobForm(job, functions[index]!, tell));
  }

  nameOf(head: CallHead): string | undefined {
    return this.#formOf(head)?.fiberName;
  }

  form(head: CallHead): ProcessorForm {
    return this.#formOf(head) ?? taskProcessor.form(head);
  }

  /** An offloaded function is asked for by a fiber, a job by nobody. */
  #formOf({ depth, source, bodyStart, bodyEnd }: CallHead): JobForm | undefined {
    return depth === 0 ? this.#forms.get(source.toString('latin1', bodyStart, bodyEnd)) : undefined;
  }
}

class JobForm implements ProcessorForm {
  readonly fiberName: string;
  readonly #job: JobSettings;
  readonly #run: JobFunction;
  readonly #tell: (news: JobNews) => void;

  constructor(job: JobSettings, run: JobFunction, tell: (news: JobNews) => void) {
    this.fiberName = jobFiberName(job.name);
    this.#job = job;
    this.#run = run;
    this.#tell = tell;
  }

  start({ callIdHigh, callIdLow }: CallHead, fiber: FiberContext): unknown {
    const { name: job, input } = this.#job;
    const run = callIdHigh * 0x1_0000_0000 + callIdLow;
    this.#tell({ is: 'begun', run, job });
    // The first to be registered is the last to run: then nothing of the fiber runs any more.
    fiber.defer(() => this.#tell({ is: 'left', run, job }));
    return this.#run(structuredClone(input), fiber);
  }

  encode(_value: unknown, reply: CallReply): void {
    reply.source = noBytes;
    reply.bodyStart = 0;
    reply.bodyEnd = 0;
  }

  /** The error as main logs it: nobody else sees it, so what was thrown goes along with its stack. */
  failure(error: HeddleError): HeddleError {
    const { cause, code, message } = error;
    if (cause === undefined) return error;
    // A sentence that somebody chose comes first; that of a mere wrapping would hide what was thrown.
    return new HeddleError(code, error.wraps ? causesText(cause) : `${message}\ncaused by ${causesText(cause)}`);
  }
}

/** With stacks. A circle of causes ends somewhere too. */
function causesText(thrown: unknown): string {
  const texts: string[] = [];
  for (let cause = thrown; cause !== undefined && texts.length < causesMax; cause = (cause as Error).cause) {
    if (!(cause instanceof Error)) {
      texts.push(`a thrown value, ${String(cause)}`);
      break;
    }
    texts.push(cause.stack ?? String(cause));
  }
  return texts.join('\ncaused by ');
}
