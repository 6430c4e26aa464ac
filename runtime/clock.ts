// Clock and Random: time and chance come in by argument, so that a simulator can replay both from a seed.

// Imported, since the global of that name is a getter, through which each reading costs about 20 ns more.
import { performance } from 'node:perf_hooks';

/** Where time comes from. `performance.now()` agrees across the threads of one process (checked on Node 24 and 26). */
export interface Clock {
  /** Monotonic milliseconds with a fraction; one origin for all threads of the process. */
  nowMs(): number;
  /** Wall clock, ms since 1970, for logs only. */
  wallMs(): number;
  /** Calls back once after `delayMs`, at most `timerMsMax`; returns what `clearTimer` takes. A timer keeps its thread alive. */
  setTimer(delayMs: number, callback: () => void): unknown;
  clearTimer(timer: unknown): void;
}

/** What a timer can wait for, about 24.8 days, ms: Node calls back at once for more. */
const timerMsMax = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  setTimer: (delayMs, callback) => setTimeout(callback, Math.min(delayMs, timerMsMax)),
  clearTimer: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

/** A source of chance: a number in [0, 1). */
export type Random = () => number;

/** The machine's chance. */
export const systemRandom: Random = Math.random;

/** A repeatable source of chance (mulberry32, public domain): the same seed gives the same numbers. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
