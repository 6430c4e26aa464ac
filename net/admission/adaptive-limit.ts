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

/** The most that the limit may be cut to and grow to in one step: one bad window is not believed altogether. */
const cutMax = 0.5;
const growthMax = 1.5;
/** Of the way down to a shorter usual run, per step, and up to a longer one that is still within the tolerance. */
const fallWeight = 0.1;
const riseWeight = 0.01;
/** Of the way back to where it began, per step, while it is not used. */
const restWeight = 0.01;
/** A window is believed with so many requests, or after so long, ms. */
const samplesMin = 10;
const windowMaxMs = 1_000;
/** When the limit is half of what it was and handlers run no shorter than this part of what they did, it is not to blame. */
const helpedBelow = 0.75;
/** For which so many that began after the cut must have ended. */
const trialSamplesMin = 30;
/** Or so long must have passed, ms: those who are refused meanwhile may be refused for nothing. */
const trialSeenMaxMs = 2_000;
/** A limit that stands still, and is used, over runs that are too long is halved after so long, to see, ms. */
const trialDueMs = 30_000;

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
   * How much of its share of the pool it uses: 1, or above. Below, the wait is the doing of others, and its limit is cut only
   * for that part of it.
   */
  shareUsed: number;
}

/** Handlers run too long: whether they would run shorter beside fewer others is being found out. */
interface Trial {
  /** Under way when it began, and how long ago that was. */
  number: number;
  ageMs: number;
  /** Requests that began beside more than half of these, and how long they ran. */
  before: number;
  beforeMs: number;
  /** Set once half as many are under way: those that began before then end within so long, ms. */
  settlesMs: number | undefined;
  /** Those that began later. */
  after: number;
  afterMs: number;
  /** Since these began to end, ms. */
  seenMs: number;
}

export class AdaptiveLimit {
  readonly #options: AdaptiveLimitOptions;
  #limit: number;
  /** How long a request usually runs, ms; undefined: none has ended yet. */
  #usualMs: number | undefined;
  #window = emptyWindow();
  #trial: Trial | undefined;

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
    const window = this.#window;
    for (const key of summed) window[key] += look[key];
    window.inFlight = look.inFlight;
    window.shareUsed = look.shareUsed;
    if (window.ended < samplesMin && window.elapsedMs < windowMaxMs) return this.limit;
    if (window.ended > 0) this.#step(window);
    else if (window.inFlight === 0) this.#rest(window);
    // What is under way runs for long: it counts when it has ended.
    else return this.limit;
    this.#window = emptyWindow();
    return this.limit;
  }

  #step(window: LoadWindow): void {
    const { delayMs, tolerance } = this.#options;
    const { inFlight, refused } = window;
    const runMs = window.runMs / window.ended;
    const isUsed = refused > 0 || inFlight >= this.#limit / 2;
    const usualMs = this.#learn(runMs, window, isUsed);
    const wantedMs = tolerance * usualMs + delayMs;
    // What one that comes now will wait follows from the number under way and the rate. After a cut it falls at once, while
    // what was measured is of those that came before the cut: who went by that would cut again and again.
    const measuredMs = window.taken === 0 ? 0 : window.waitMs / window.taken;
    const expectedMs = Math.max(0, (inFlight * window.elapsedMs) / window.ended - runMs);
    const blame = Math.min(1, window.shareUsed);
    const trial = this.#trial;
    if (trial !== undefined && trial.settlesMs === undefined && trial.ageMs >= trialDueMs) {
      this.#limit = this.#clamp(Math.min(this.#limit, trial.number / 2));
      return;
    }
    const isSettling = trial?.settlesMs !== undefined;
    const leastWaitMs = Math.min(measuredMs, expectedMs) * blame;
    const mostWaitMs = Math.max(measuredMs, expectedMs) * blame;
    const number = Math.min(this.#limit, Math.max(inFlight, this.#options.min));
    const byWait = wantedMs / (leastWaitMs + Math.min(runMs, usualMs));
    const byRun = wantedMs / (leastWaitMs + runMs);
    if (byWait < 1) this.#limit = this.#clamp(number * Math.max(cutMax, byWait));
    // A long run of few requests is not the doing of a limit that they do not reach.
    else if (isUsed && byRun < 1)
      this.#limit = this.#clamp(Math.max(number * Math.max(cutMax, byRun), this.#trialFloor));
    else if (isUsed && !isSettling && mostWaitMs + runMs < wantedMs) {
      this.#limit = this.#clamp(this.#limit * Math.min(growthMax, wantedMs / (mostWaitMs + runMs)));
    } else if (!isUsed) this.#rest(window);
  }

  /** While nobody knows yet whether fewer run shorter, it is half of them and not less. */
  get #trialFloor(): number {
    return Math.min(this.#limit, this.#trial === undefined ? this.#options.min : this.#trial.number / 2);
  }

  /** The usual run, with what this window says of it. */
  #learn(runMs: number, window: LoadWindow, isUsed: boolean): number {
    // Who begins in the middle of a flood sees runs that are longer for it. Too short a guess is mended by the first trial.
    const usualMs = this.#usualMs ?? runMs * Math.min(1, this.#options.min / Math.max(1, window.inFlight));
    this.#usualMs = this.#learnt(usualMs, runMs, window, isUsed);
    return this.#usualMs;
  }

  #learnt(usualMs: number, runMs: number, { inFlight, elapsedMs, ended }: LoadWindow, isUsed: boolean): number {
    const { tolerance, min } = this.#options;
    if (runMs <= tolerance * usualMs) {
      this.#trial = undefined;
      return usualMs + (runMs < usualMs ? fallWeight : riseWeight) * (runMs - usualMs);
    }
    this.#trial ??= {
      number: inFlight,
      ageMs: 0,
      before: 0,
      beforeMs: 0,
      settlesMs: undefined,
      after: 0,
      afterMs: 0,
      seenMs: 0,
    };
    const trial = this.#trial;
    trial.ageMs += elapsedMs;
    if (trial.settlesMs === undefined || trial.settlesMs > 0) {
      trial.before += ended;
      trial.beforeMs += ended * runMs;
      if (trial.settlesMs !== undefined) trial.settlesMs -= elapsedMs;
      else if (inFlight <= Math.max(min, trial.number / 2)) trial.settlesMs = runMs;
      else if (!isUsed && trial.ageMs >= trialDueMs) {
        // A limit that nobody reaches need not be cut to be found innocent.
        this.#trial = undefined;
        return trial.beforeMs / trial.before;
      }
      return usualMs;
    }
    trial.after += ended;
    trial.afterMs += ended * runMs;
    trial.seenMs += elapsedMs;
    if (trial.after < trialSamplesMin && trial.seenMs < trialSeenMaxMs) return usualMs;
    this.#trial = undefined;
    const afterMs = trial.afterMs / trial.after;
    const beforeMs = trial.beforeMs / trial.before;
    if (afterMs >= helpedBelow * beforeMs) return afterMs;
    // What half as many did not take from the run is what none would: the usual run is not longer than that.
    return Math.min(usualMs, Math.max(2 * afterMs - beforeMs, afterMs / 2));
  }

  #rest({ inFlight }: LoadWindow): void {
    const goal = Math.max(this.#options.start, 4 * inFlight);
    this.#limit = this.#clamp(this.#limit + restWeight * (goal - this.#limit));
  }

  #clamp(limit: number): number {
    const { min, max } = this.#options;
    return Math.max(min, Math.min(max, limit));
  }
}

const summed = ['elapsedMs', 'taken', 'waitMs', 'ended', 'runMs', 'refused'] as const;

function emptyWindow(): LoadWindow {
  return { elapsedMs: 0, taken: 0, waitMs: 0, ended: 0, runMs: 0, refused: 0, inFlight: 0, shareUsed: 1 };
}
