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
// - The usual run falls with what is measured, and rises for good only when a smaller limit is shown not to help (a trial):
//   then the handlers are slow by themselves, or because of somebody they call. Envoy makes such a test from time to time;
//   here it mostly comes by itself, since a limit over runs that are too long is halved soon.
// - It grows only when it is used, and it is cut from the number under way, not from a limit that nobody reaches.
// - A mean wait is a mean wait, whether requests come evenly or at once: of a burst that takes longer than that to work off a
//   part is refused, also where the pool has nothing to do before the next one.

import { RunTrial } from './run-trial.ts';

/** The most that the limit may be cut to and grow to in one step: one bad window is not believed altogether. */
const cutMax = 0.5;
const growthMax = 1.5;
/** Of the way down to a shorter usual run, per step, and up to a longer one that is still within the tolerance. */
const fallWeight = 0.1;
const riseWeight = 0.01;
/** While it is not used, it comes back to where it began; of the way, all but a third in so long, ms. */
const restMs = 10_000;
/** A window is believed with so many requests, or after so long, ms. */
const samplesMin = 10;
const windowMaxMs = 1_000;
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
   * How much of its share of the pool it used: 1, or above. Below, the wait is the doing of others, and its limit is cut only
   * for that part of it. 0: nothing was there.
   */
  shareUsed: number;
}

/** Of several looks together. */
interface Sums extends Omit<LoadWindow, 'shareUsed'> {
  /** Without the looks that found nothing. */
  busyMs: number;
  /** In flight at the looks × time. */
  inFlightMs: number;
  /** The time that its requests were there, all together, and how long that would be by its share of the pool. */
  usedMs: number;
  dueMs: number;
}

export class AdaptiveLimit {
  readonly #options: AdaptiveLimitOptions;
  #limit: number;
  /** How long a request usually runs, ms; undefined: none has ended yet. */
  #usualMs: number | undefined;
  #sums = emptySums();
  #trial: RunTrial | undefined;

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
    else if (sums.inFlight === 0) this.#rest(sums);
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
    if (shareUsed === 0) return;
    const usedMs = presenceMs(look);
    sums.usedMs += usedMs;
    sums.dueMs += usedMs / shareUsed;
  }

  #step(sums: Sums): void {
    const { delayMs, tolerance } = this.#options;
    const { inFlight, refused, ended, busyMs } = sums;
    const runMs = sums.runMs / ended;
    const isUsed = refused > 0 || inFlight >= this.#limit / 2;
    const number = this.#number(sums);
    const usualMs = this.#learn(runMs, sums, number, isUsed);
    const wantedMs = tolerance * usualMs + delayMs;
    // What one that comes now will wait follows from the number under way and the rate. After a cut it falls at once, while
    // what was measured is of those that came before the cut: who went by that would cut again and again.
    const measuredMs = sums.taken === 0 ? 0 : sums.waitMs / sums.taken;
    const expectedMs = Math.max(0, (inFlight * busyMs) / ended - runMs);
    const blame = sums.dueMs === 0 ? 1 : Math.min(1, sums.usedMs / sums.dueMs);
    const trial = this.#trial;
    if (trial?.isDue === true) {
      this.#limit = Math.min(this.#limit, this.#clamp(trial.floor));
      return;
    }
    const leastWaitMs = Math.min(measuredMs, expectedMs) * blame;
    const mostWaitMs = Math.max(measuredMs, expectedMs) * blame;
    const byWait = wantedMs / (leastWaitMs + Math.min(runMs, usualMs));
    const byRun = wantedMs / (leastWaitMs + runMs);
    if (byWait < 1) this.#limit = this.#clamp(number * Math.max(cutMax, byWait));
    // A long run of few requests is not the doing of a limit that they do not reach.
    else if (isUsed && byRun < 1) {
      // While nobody knows yet whether fewer run shorter, it is half of them and not less.
      const floor = Math.min(this.#limit, trial?.floor ?? this.#options.min);
      this.#limit = this.#clamp(Math.max(number * Math.max(cutMax, byRun), floor));
    } else if (trial?.isSettling === true) return;
    else if (!isUsed) this.#rest(sums);
    else if (mostWaitMs + runMs < wantedMs)
      this.#limit = this.#clamp(this.#limit * Math.min(growthMax, wantedMs / (mostWaitMs + runMs)));
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

  /** The usual run, with what these looks say of it. */
  #learn(runMs: number, sums: Sums, number: number, isUsed: boolean): number {
    const { tolerance, min } = this.#options;
    // Who begins in the middle of a flood sees runs that are longer for it. Too short a guess is mended by the first trial.
    const usualMs = this.#usualMs ?? runMs * Math.min(1, min / Math.max(1, sums.inFlight));
    this.#usualMs = usualMs;
    if (runMs <= tolerance * usualMs) {
      this.#trial = undefined;
      this.#usualMs += (runMs < usualMs ? fallWeight : riseWeight) * (runMs - usualMs);
      return this.#usualMs;
    }
    this.#trial ??= new RunTrial(number, min);
    const { elapsedMs, ended, inFlightMs } = sums;
    const window = { elapsedMs, ended, runMs: sums.runMs, number: inFlightMs / elapsedMs };
    const found = this.#trial.look(window, this.#limit, isUsed, usualMs);
    if (found === undefined) return usualMs;
    this.#trial = undefined;
    this.#usualMs = found;
    return found;
  }

  #rest({ inFlight, elapsedMs }: Sums): void {
    const goal = Math.max(this.#options.start, 4 * inFlight);
    this.#limit = this.#clamp(this.#limit + (1 - Math.exp(-elapsedMs / restMs)) * (goal - this.#limit));
  }

  #clamp(limit: number): number {
    const { min, max } = this.#options;
    return Math.max(min, Math.min(max, limit));
  }
}

/**
 * How long the requests of a service were there since the last look, all together, ms: what has ended tells one half of it,
 * what is there now the other, so that neither long runs nor bursts between two looks are missed.
 */
export function presenceMs({ elapsedMs, waitMs, runMs, inFlight }: Omit<LoadWindow, 'shareUsed'>): number {
  return waitMs + runMs + inFlight * elapsedMs;
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
    usedMs: 0,
    dueMs: 0,
  };
}
