// AdaptiveLimit: how many requests of one service may be under way at once, found while it runs. Pure: it is told what
// happened since the last look and has no clock. On main, in the LimitController.
//
// A gradient limiter, after Gradient2 of Netflix's concurrency-limits, with what a server knows of itself in the place of
// what a client must guess. By Little's law (in flight = rate × sojourn) the number that gives a wanted sojourn is the present
// number times wanted / measured, so that is where the limit moves:
//
//   sojourn = wait + run                            of the requests of the last window
//   wanted  = tolerance × usual run + allowed wait
//   limit   → number × clamp(wanted / sojourn, 0.5, 1.5)
//
// - The wait for a thread is measured exactly, as in WeChat's DAGOR and tRPC-Cpp's high-percentile limiter (which also allow
//   10 to 20 ms); a long-term average of latencies, which drifts up with the overload that it should tell of, is not needed.
// - A long run alone is no overload: as long as nobody is refused, all that is asked for gets done, and nothing is cut. When
//   somebody is refused, it is tried whether half as many get as much done (RunTrial). If not, handlers are slow by
//   themselves, or because of somebody they call: that is their usual run. Else they hold each other up, and the run counts
//   as the wait does, for a while. Envoy makes such a test from time to time, also where nobody is refused.
// - It grows only when it is used, and it is cut from the number under way, not from a limit that nobody reaches.
// - A mean wait is a mean wait, whether requests come evenly or at once: of a burst that takes longer than that to work off a
//   part is refused, also where the pool has nothing to do before the next one.

import { RunTrial } from './run-trial.ts';

/** The most that the limit may be cut to and grow to in one step: one bad window is not believed altogether. */
const cutMax = 0.5;
const growthMax = 1.5;
/** Of the way to another usual run, per step: to one that is surely right, and up to a longer one within the tolerance. */
const soonWeight = 0.1;
const slowWeight = 0.01;
/**
 * While it is not used, it comes back to where it began; of the way, all but a third in so long, ms. After an overload soon;
 * but what has once been found to be borne, by rare bursts say, is not forgotten before the next one.
 */
const restUpMs = 10_000;
const restDownMs = 600_000;
/** A window is believed with so many requests, or after so long, ms. */
const samplesMin = 10;
const windowMaxMs = 1_000;
/** So long, ms, long runs count as overload once a trial has found that they are; then it is tried again. */
const congestedMs = 5_000;

export interface AdaptiveLimitOptions {
  /** How long requests may wait for a thread on average, ms. */
  delayMs: number;
  /** How many times as long as usual they may run. */
  tolerance: number;
  min: number;
  max: number;
  /** Where it begins, and goes back to when nobody comes. */
  start: number;
}

/** What happened to a service since the last look. Times are sums. */
export interface LoadWindow {
  elapsedMs: number;
  /** Requests taken out of the queue, and what these had waited. */
  taken: number;
  waitMs: number;
  /** Requests whose handlers ended, and how long these had run. */
  ended: number;
  runMs: number;
  /** Requests that this limit refused. */
  refused: number;
  /** Requests under way now, waiting ones included. */
  inFlight: number;
  /**
   * How much of its share of the pool's queue it used: 1, or above. Below, the wait is the doing of others, and its limit is
   * cut only for that part of it. 0: none of its requests waited.
   */
  shareUsed: number;
}

/** Of several looks together. */
interface Sums extends Omit<LoadWindow, 'shareUsed'> {
  /** Without the looks that found nothing. */
  busyMs: number;
  /** In flight at the looks × time. */
  inFlightMs: number;
  /** What its requests would have waited, all together, had they had their share of the queue. */
  dueMs: number;
}

export class AdaptiveLimit {
  readonly #options: AdaptiveLimitOptions;
  #limit: number;
  /** How long a request usually runs, ms; undefined: none has ended yet. */
  #usualMs: number | undefined;
  #sums = emptySums();
  #trial: RunTrial | undefined;
  /** Handlers hold each other up, as a trial has found; for so long, ms. */
  #congestedMs = 0;

  constructor(options: AdaptiveLimitOptions) {
    this.#options = options;
    this.#limit = this.#clamp(options.start);
  }

  /** A whole number. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  get usualMs(): number | undefined {
    return this.#usualMs;
  }

  /** What is in force from now on, with other settings; what it has learnt stays. */
  with(options: AdaptiveLimitOptions): AdaptiveLimit {
    const next = new AdaptiveLimit(options);
    next.#limit = next.#clamp(this.#limit);
    next.#usualMs = this.#usualMs;
    return next;
  }

  /** Takes a look's figures in; once they are enough, the limit moves. Returns it. */
  update(look: LoadWindow): number {
    const sums = this.#sums;
    this.#add(look);
    if (sums.ended < samplesMin && sums.elapsedMs < windowMaxMs) return this.limit;
    if (sums.ended > 0) this.#step(sums);
    else if (sums.inFlight === 0) this.#rest(sums, false);
    // What is under way runs for long: it counts when it has ended.
    else return this.limit;
    this.#sums = emptySums();
    return this.limit;
  }

  #add(look: LoadWindow): void {
    const sums = this.#sums;
    const { elapsedMs, inFlight, shareUsed } = look;
    for (const key of summed) sums[key] += look[key];
    sums.inFlight = inFlight;
    sums.inFlightMs += inFlight * elapsedMs;
    if (inFlight > 0 || look.taken > 0 || look.ended > 0) sums.busyMs += elapsedMs;
    if (shareUsed > 0) sums.dueMs += look.waitMs / shareUsed;
  }

  #step(sums: Sums): void {
    const { delayMs, tolerance, min } = this.#options;
    const { inFlight, refused, ended, busyMs, waitMs, dueMs } = sums;
    const runMs = sums.runMs / ended;
    const isUsed = refused > 0 || inFlight >= this.#limit / 2;
    const number = this.#number(sums);
    const usualMs = this.#learn(sums);
    const wantedMs = tolerance * usualMs + delayMs;
    // What one that comes now will wait follows from the number under way and the rate. After a cut it falls at once, while
    // what was measured is of those that came before the cut: who went by that would cut again and again.
    const measuredMs = sums.taken === 0 ? 0 : waitMs / sums.taken;
    const expectedMs = Math.max(0, (inFlight * busyMs) / ended - runMs);
    const blame = dueMs === 0 ? 1 : Math.min(1, waitMs / dueMs);
    const leastWaitMs = Math.min(measuredMs, expectedMs) * blame;
    const mostWaitMs = Math.max(measuredMs, expectedMs) * blame;
    const byWait = wantedMs / (leastWaitMs + Math.min(runMs, usualMs));
    const byRun = wantedMs / (leastWaitMs + runMs);
    const wasCongested = this.#congestedMs > 0;
    this.#congestedMs = isUsed ? Math.max(0, this.#congestedMs - sums.elapsedMs) : 0;
    if (byWait < 1) {
      this.#trial = undefined;
      this.#limit = this.#clamp(number * Math.max(cutMax, byWait));
    } else if (this.#trial !== undefined) this.#try(this.#trial, sums);
    else if (byRun < 1 && isUsed && wasCongested) this.#limit = this.#clamp(number * Math.max(cutMax, byRun));
    else if (byRun < 1 && refused > 0) {
      this.#trial = new RunTrial(this.#limit, wantedMs - leastWaitMs, min);
      this.#try(this.#trial, sums);
    } else if (!isUsed) this.#rest(sums, byRun < 1);
    else if (mostWaitMs + runMs < wantedMs)
      this.#limit = this.#clamp(this.#limit * Math.min(growthMax, wantedMs / (mostWaitMs + runMs)));
  }

  #try(trial: RunTrial, sums: Sums): void {
    const verdict = trial.look(sums);
    if (trial.loweredTo !== undefined) this.#limit = this.#clamp(trial.loweredTo);
    if (verdict === undefined) return;
    this.#trial = undefined;
    if (verdict.is === 'waits') {
      this.#usualMs = verdict.runMs;
      this.#limit = this.#clamp(trial.limit);
    } else if (verdict.is === 'congested') {
      this.#usualMs = Math.min(this.#usualMs!, verdict.runMs);
      this.#congestedMs = congestedMs;
    }
  }

  /**
   * How many were under way when it was most of them, as far as the limit let them in: at a look a burst may be over. By
   * Little's law the time that all spent here tells their mean number, and a burst that is worked off is twice its mean.
   */
  #number({ inFlight, refused, waitMs, runMs, busyMs }: Sums): number {
    if (refused > 0) return this.#limit;
    const burst = (2 * (waitMs + runMs)) / busyMs;
    return Math.min(this.#limit, Math.max(inFlight, burst, this.#options.min));
  }

  /**
   * The usual run, with what these looks say of it. A long one of many at once says nothing (see RunTrial), but for this: if
   * all of it comes from their number, it is shorter beside fewer in proportion, and `min` of them hold nobody up.
   */
  #learn(sums: Sums): number {
    const { tolerance, min } = this.#options;
    const runMs = sums.runMs / sums.ended;
    const running = sums.runMs / Math.max(1, sums.busyMs);
    const leastMs = runMs * Math.min(1, min / running);
    // Who begins in the middle of a flood may begin with too short a guess, which the first trial mends.
    let usualMs = this.#usualMs ?? leastMs;
    const sureMs = Math.max(leastMs, Math.min(runMs, usualMs));
    if (sureMs !== usualMs) usualMs += soonWeight * (sureMs - usualMs);
    else if (runMs <= tolerance * usualMs) usualMs += slowWeight * (runMs - usualMs);
    this.#usualMs = usualMs;
    return usualMs;
  }

  /** Nobody reaches it. While runs are long it makes no room for more than at its start: they may be long for their number. */
  #rest({ inFlight, elapsedMs }: Sums, isLong: boolean): void {
    const { start } = this.#options;
    const goal = isLong ? start : Math.max(start, 4 * inFlight);
    this.#trial = undefined;
    this.#congestedMs = 0;
    const restMs = goal > this.#limit ? restUpMs : restDownMs;
    this.#limit = this.#clamp(this.#limit + (1 - Math.exp(-elapsedMs / restMs)) * (goal - this.#limit));
  }

  #clamp(limit: number): number {
    const { min, max } = this.#options;
    return Math.max(min, Math.min(max, limit));
  }
}

const summed = ['elapsedMs', 'taken', 'waitMs', 'ended', 'runMs', 'refused'] as const;

function emptySums(): Sums {
  return {
    elapsedMs: 0,
    taken: 0,
    waitMs: 0,
    ended: 0,
    runMs: 0,
    refused: 0,
    inFlight: 0,
    busyMs: 0,
    inFlightMs: 0,
    dueMs: 0,
  };
}
