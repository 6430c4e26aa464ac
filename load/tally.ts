// Tally: what a run has counted so far: latencies, failures by code, and the same over time in a bounded number of slices.
// Recording an answer allocates nothing.

import type { ErrorCode } from '../runtime/errors.ts';
import { Latencies } from './latencies.ts';

/** Slices of the measured time, for pictures of how it went. */
export const slicesMax = 60;

/** Of an error's sentence, UTF-16 units. */
const messageMaxLength = 300;

export interface FailureCount {
  code: ErrorCode;
  count: number;
  /** What the first one said. */
  message: string;
}

/** What ended within one slice of the time, whenever it began. */
export interface Slice {
  /** From the beginning of what is measured. */
  fromMs: number;
  toMs: number;
  answers: number;
  failures: number;
  latencies: Latencies;
}

export class Tally {
  /**
   * Of good answers, and of requests that got none in time or by the end of the load, with the time they waited: a timeout or
   * a stall must not make the picture better. Other failures, which may be quick, are counted by code alone.
   */
  readonly latencies = new Latencies();
  readonly slices: Slice[];
  readonly #durationMs: number;
  readonly #sliceMs: number;
  readonly #failures = new Map<ErrorCode, FailureCount>();
  #answers = 0;
  #failed = 0;

  constructor(durationMs: number) {
    // No finer than what has something in it.
    const count = Math.max(1, Math.min(slicesMax, Math.floor(durationMs / 10)));
    this.#durationMs = durationMs;
    this.#sliceMs = durationMs / count;
    this.slices = Array.from({ length: count }, (_, index) => ({
      fromMs: (index * durationMs) / count,
      toMs: ((index + 1) * durationMs) / count,
      answers: 0,
      failures: 0,
      latencies: new Latencies(),
    }));
  }

  /** Good ones, of requests that began in the measured time. */
  get answers(): number {
    return this.#answers;
  }

  get failed(): number {
    return this.#failed;
  }

  /** By code, the most frequent first. */
  get failures(): FailureCount[] {
    return [...this.#failures.values()].sort((left, right) => right.count - left.count);
  }

  /** A request that began in the measured time has its answer. */
  answered(latencyMs: number): void {
    this.#answers++;
    this.latencies.record(latencyMs);
  }

  /** A request that began in the measured time has failed. */
  failedWith(code: ErrorCode, message: string, latencyMs: number): void {
    this.#failed++;
    if (waited(code)) this.latencies.record(latencyMs);
    const known = this.#failures.get(code);
    if (known !== undefined) known.count++;
    else this.#failures.set(code, { code, count: 1, message: message.slice(0, messageMaxLength) });
  }

  /** Requests that began, or should have begun, in the measured time had no answer when the load ended. */
  neverEnded(waitedMs: number, count: number): void {
    this.latencies.record(waitedMs, count);
  }

  /** Any request has ended `atMs` after the beginning of what is measured: throughput asks when, not whose. */
  ended(code: ErrorCode | undefined, latencyMs: number, atMs: number): void {
    const slice = atMs < 0 || atMs >= this.#durationMs ? undefined : this.slices[Math.floor(atMs / this.#sliceMs)];
    if (slice === undefined) return;
    if (code === undefined) slice.answers++;
    else slice.failures++;
    if (code === undefined || waited(code)) slice.latencies.record(latencyMs);
  }
}

/** Whether a failure says how long somebody waited for an answer. */
export function waited(code: ErrorCode): boolean {
  return code === 'DEADLINE_EXCEEDED';
}
