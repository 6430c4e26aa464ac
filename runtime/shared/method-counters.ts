// MethodCounters: what became of the requests of each method, by code, and how long they took. Each thread that asks has
// one of its own, written by it alone; the asker sees every answer, also those that stand in for a dead thread's.

import { LatencyBuckets } from './latency-buckets.ts';
import { refusalReasons } from './refusal.ts';

/** Success and the sixteen failures. */
export const codeCount = 17;
/** A bucket is at most a quarter of its latency wide: a row stays below one and a half kilobytes. */
export const methodBuckets = new LatencyBuckets(2);

/*
 * A row, in 64-bit numbers: codes of requests from sockets, codes of calls made by fibers, the sum of all latencies in
 * ms, the histogram, those of the answers that were a limiter's refusals, and all refusals before the queue by reason. None
 * of them ever wraps: whoever scrapes them takes a fall for a new start.
 */
const sumCell = 2 * codeCount;
const histogramCell = sumCell + 1;
const limitedCell = histogramCell + methodBuckets.count;
const refusedCell = limitedCell + 1;
const rowCells = refusedCell + refusalReasons.length;

/** Who asked. */
export type CallOrigin = 'socket' | 'fiber';

export interface MethodCounts {
  /** Answers by code number; index 0 is success. */
  codes: Record<CallOrigin, Float64Array>;
  latencySumMs: number;
  /** Requests from sockets that a limiter refused; their codes count them too. */
  limited: number;
  /** Requests that were not put, by index of `refusalReasons`; their codes count them too. */
  refused: Float64Array;
  /** By bucket of `methodBuckets`. */
  latency: Float64Array;
}

export class MethodCounters {
  readonly memory: SharedArrayBuffer;
  readonly #cells: Float64Array;

  /** Bytes for `methods` rows; by index in the process's method table, where 0 is offloaded functions. */
  static allocate(methods: number): SharedArrayBuffer {
    return new SharedArrayBuffer(methods * rowCells * 8);
  }

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#cells = new Float64Array(memory);
  }

  get methods(): number {
    return this.#cells.length / rowCells;
  }

  /** The owner only. `latencyMs` below 0: it never ran, and has none. */
  count(method: number, code: number, fromSocket: boolean, latencyMs: number): void {
    const row = method * rowCells;
    this.#cells[row + (fromSocket ? 0 : codeCount) + code]! += 1;
    if (latencyMs < 0) return;
    this.#cells[row + sumCell]! += latencyMs;
    this.#cells[row + histogramCell + methodBuckets.bucketOf(latencyMs)]! += 1;
  }

  /** The owner only: a limiter has refused a request, which `count` has counted. */
  countLimited(method: number): void {
    this.#cells[method * rowCells + limitedCell]! += 1;
  }

  /** The owner only: a request was not put, which `count` counts too. `reason`: an index of `refusalReasons`. */
  countRefused(method: number, reason: number): void {
    this.#cells[method * rowCells + refusedCell + reason]! += 1;
  }

  /** Adds a method's counts to `into`: a reader sums over threads. */
  addTo(method: number, into: MethodCounts): void {
    const row = method * rowCells;
    for (let code = 0; code < codeCount; code++) {
      into.codes.socket[code]! += this.#cells[row + code]!;
      into.codes.fiber[code]! += this.#cells[row + codeCount + code]!;
    }
    into.latencySumMs += this.#cells[row + sumCell]!;
    into.limited += this.#cells[row + limitedCell]!;
    const { latency, refused } = into;
    for (let reason = 0; reason < refused.length; reason++)
      refused[reason]! += this.#cells[row + refusedCell + reason]!;
    for (let bucket = 0; bucket < latency.length; bucket++)
      latency[bucket]! += this.#cells[row + histogramCell + bucket]!;
  }
}

export function emptyMethodCounts(): MethodCounts {
  return {
    codes: { socket: new Float64Array(codeCount), fiber: new Float64Array(codeCount) },
    latencySumMs: 0,
    limited: 0,
    refused: new Float64Array(refusalReasons.length),
    latency: new Float64Array(methodBuckets.count),
  };
}
