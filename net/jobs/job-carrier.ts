// JobCarrier (IO thread): puts the runs that main hands over into their pools' queues, and tells main how each ended. Main
// puts no requests itself, so that it waits for nothing and has no table to settle.

import { type CallReply, emptyCallHead, type ReplySink } from '../../runtime/call.ts';
import { type JobRun, jobBody } from '../../runtime/jobs.ts';
import { refusal } from '../../runtime/shared/refusal.ts';
import type { ThreadEndpoint } from '../../runtime/thread-endpoint.ts';
import { taskMethod } from '../../scheduler/request-runner.ts';

export class JobCarrier implements ReplySink {
  readonly #endpoint: ThreadEndpoint;
  /** Runs without an answer, by their number; as many as there are jobs at most. */
  readonly #jobs = new Map<number, string>();

  constructor(endpoint: ThreadEndpoint) {
    this.#endpoint = endpoint;
  }

  carry({ run, job, pool: poolName, priority, deadlineMs, trace }: JobRun): void {
    this.#jobs.set(run, job);
    const pool = this.#endpoint.queueOf(poolName);
    if (pool === undefined) {
      this.onReply(run, refusal('INTERNAL', `there is no pool ${JSON.stringify(poolName)}`));
      return;
    }
    const head = emptyCallHead();
    head.priority = priority;
    head.deadlineMs = deadlineMs;
    head.callIdHigh = Math.floor(run / 0x1_0000_0000);
    head.callIdLow = run >>> 0;
    head.trace.set(trace);
    head.source = jobBody(job);
    head.bodyEnd = head.source.length;
    const route = { pool, method: taskMethod, column: 0, maxConcurrency: 0, service: `job ${job}`, own: true };
    this.#endpoint.put(route, head, undefined, this, run);
  }

  /** ReplySink. */
  onReply(run: number, { code, source, bodyStart, bodyEnd }: Readonly<CallReply>): void {
    const job = this.#jobs.get(run)!;
    this.#jobs.delete(run);
    // A message of its own, not a view: what it is made of may lie in shared memory.
    const message = code === 0 ? '' : source.toString('utf8', bodyStart, bodyEnd);
    this.#endpoint.tell({ type: 'job', news: { is: 'answered', run, job, code, message } });
  }
}
