// LoadOptions: what load is put on a target, for how long. Checked once, at the door.

import type { Clock, Random } from '../runtime/clock.ts';
import { HeddleError } from '../runtime/errors.ts';
import type { LoadTarget } from './target.ts';

/**
 * Who sends when. `closed`: as many callers as `inFlight` says, each of which sends again when it has its answer: a slow
 * server is asked less often, so this measures what it can do at most. `open`: requests begin at random times (Poisson),
 * whatever became of those before, and a latency counts from when its request was meant to begin: this measures what users
 * see at that rate, its stalls included.
 */
export type LoadShape =
  | { kind: 'closed'; inFlight: number }
  | {
      kind: 'open';
      ratePerSecond: number;
      /** Requests under way at most. What arrives beyond waits, and counts as late. */
      maxInFlight: number;
    };

/** Of an open loop, unless somebody says otherwise: a second's delay at 10,000 requests a second. */
export const openInFlightDefault = 10_000;

/** Requests under way, in any shape: each has a slot in the channel's table. */
export const inFlightMax = 2 ** 20;

export interface LoadOptions {
  target: LoadTarget;
  shape: LoadShape;
  /** Of the part that is measured, ms. */
  durationMs: number;
  /** Before it, under the same load, ms: what connects, compiles and fills caches. 0: none. */
  warmUpMs: number;
  clock: Clock;
  /** Decides when the requests of an open loop begin. */
  random: Random;
  /** Ends the run early; what was measured by then is the result. */
  signal?: AbortSignal | undefined;
  /**
   * An open loop wakes up this long before a request is due, ms, and looks at the clock in each turn until then: timers
   * come up to a millisecond late, which counts as latency. It costs processor time, up to a whole core at high rates.
   * Default 0: it does not.
   */
  spinMs?: number | undefined;
  /** Processor time of this process so far, µs. Default: the process's. */
  cpuUs?: (() => number) | undefined;
}

/** Throws INVALID_ARGUMENT that names the option, its value and what is allowed. */
export function checkLoadOptions({ shape, durationMs, warmUpMs, spinMs = 0 }: LoadOptions): void {
  checkRange('durationMs', durationMs, 1, 2 ** 31);
  checkRange('warmUpMs', warmUpMs, 0, 2 ** 31);
  checkRange('spinMs', spinMs, 0, 100);
  if (shape.kind === 'open') checkRange('ratePerSecond', shape.ratePerSecond, 0.001, 10_000_000);
  const [name, inFlight] = shape.kind === 'open' ? ['maxInFlight', shape.maxInFlight] : ['inFlight', shape.inFlight];
  checkRange(`${name}`, Number(inFlight), 1, inFlightMax);
  if (!Number.isInteger(inFlight)) throw wrong(`${name} must be a whole number, not ${inFlight}`);
}

function checkRange(name: string, value: number, min: number, max: number): void {
  if (!(value >= min && value <= max)) throw wrong(`${name} must be from ${min} to ${max}, not ${value}`);
}

function wrong(what: string): HeddleError {
  return new HeddleError('INVALID_ARGUMENT', what);
}
