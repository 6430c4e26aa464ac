// LiveCounts: what whoever watches a run sees of it: all that has ended so far, and rate and latencies since the last look.
// Of all phases: a warm-up is worth watching too.

import { Latencies } from './latencies.ts';

/** What came since the last look. */
export interface RecentCounts {
  /** Good answers per second. */
  perSecond: number;
  /** Undefined: there was nothing with a latency. */
  p50Ms: number | undefined;
  p99Ms: number | undefined;
}

export class LiveCounts {
  readonly #recent = new Latencies();
  #answers = 0;
  #failures = 0;
  #sinceMs = 0;
  #answersBefore = 0;

  /** Good ones so far. */
  get answers(): number {
    return this.#answers;
  }

  get failures(): number {
    return this.#failures;
  }

  /** The load begins. */
  start(nowMs: number): void {
    this.#sinceMs = nowMs;
  }

  answered(latencyMs: number): void {
    this.#answers++;
    this.#recent.record(latencyMs);
  }

  /** `waitedMs`: somebody waited for an answer that long; undefined: it was refused. */
  failed(waitedMs: number | undefined): void {
    this.#failures++;
    if (waitedMs !== undefined) this.#recent.record(waitedMs);
  }

  look(nowMs: number): RecentCounts {
    const spanMs = nowMs - this.#sinceMs;
    const isQuiet = this.#recent.count === 0;
    const counts: RecentCounts = {
      perSecond: spanMs > 0 ? ((this.#answers - this.#answersBefore) / spanMs) * 1000 : 0,
      p50Ms: isQuiet ? undefined : this.#recent.quantileMs(0.5),
      p99Ms: isQuiet ? undefined : this.#recent.quantileMs(0.99),
    };
    this.#recent.clear();
    this.#sinceMs = nowMs;
    this.#answersBefore = this.#answers;
    return counts;
  }
}
