// NodeTally: what became of one node in simulated runs.

import type { Run } from '../run/run.ts';
import { quantileOf } from './distribution.ts';
import type { SimulatedNode } from './simulation.ts';

/** Times that are kept for p95, of the first runs: 256 nodes with all of a million would be 2 GB. */
const timesMax = 20_000;

export interface CountedAttempts {
  readonly attempts: number;
  readonly hedges: number;
  readonly retries: number;
}

const none: CountedAttempts = { attempts: 0, hedges: 0, retries: 0 };
const one: CountedAttempts = { attempts: 1, hedges: 0, retries: 0 };

export class NodeTally {
  demanded = 0;
  readonly #name: string;
  /** Of runs in which it was done or failed: the first ones, how many there were, and their sum. */
  readonly #times: Float64Array;
  #timed = 0;
  #sumMs = 0;
  #began = 0;
  #failed = 0;
  #attempts = 0;
  #critical = 0;
  #criticalMs = 0;

  constructor(name: string, runs: number) {
    this.#name = name;
    this.#times = new Float64Array(Math.min(runs, timesMax));
  }

  add({ state, works }: Run, index: number): CountedAttempts {
    if (state.is(index, 'idle')) return none;
    this.demanded++;
    const failed = state.is(index, 'failed');
    if (failed) this.#failed++;
    const startMs = state.startMs(index);
    // To be skipped it only begins.
    if (!Number.isNaN(startMs) && !state.is(index, 'skipped')) {
      this.#began++;
      if (failed || state.is(index, 'done')) this.#addTime(state.endMs(index) - startMs);
    }
    let counted = state.mayUseToken(index) ? none : one;
    for (const { attempts } of works?.[index]?.tries ?? []) {
      const hedges = attempts.filter(({ hedge }) => hedge).length;
      counted = {
        attempts: counted.attempts + attempts.length,
        hedges: counted.hedges + hedges,
        retries: counted.retries + Math.max(0, attempts.length - hedges - 1),
      };
    }
    this.#attempts += counted.attempts;
    return counted;
  }

  #addTime(ms: number): void {
    if (this.#timed < this.#times.length) this.#times[this.#timed] = ms;
    this.#timed++;
    this.#sumMs += ms;
  }

  /** It stood on the critical path of a run and made it longer by `ms`. */
  addCritical(ms: number): void {
    this.#critical++;
    this.#criticalMs += ms;
  }

  /** Of so many runs. */
  result(runs: number): SimulatedNode {
    const times = this.#times.subarray(0, Math.min(this.#timed, this.#times.length)).toSorted();
    return {
      name: this.#name,
      ranShare: this.#began / runs,
      failedShare: this.#failed / runs,
      meanMs: this.#timed === 0 ? 0 : this.#sumMs / this.#timed,
      p95Ms: quantileOf(times, 0.95),
      attempts: this.#attempts / runs,
      criticalShare: this.#critical / runs,
      criticalMs: this.#criticalMs / runs,
    };
  }
}
