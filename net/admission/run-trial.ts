// RunTrial: handlers run too long, and whether they would run shorter beside fewer others is being found out. AdaptiveLimit
// begins one, cuts the limit to its floor, and tells it of each window from then on. Pure, on main.
//
//   before     the limit comes down to half of what was under way
//   settling   it is there; those that began before end within one run
//   after      those that began beside fewer
//
// What counts is how many fewer there really were: calls of fibers are not held by the limit, and the class high may go over
// it. Where the limit could not make them fewer, it is not to blame. Each stage has an end in time, whoever else comes.

/** For which so many that began after the cut must have ended. */
const samplesMin = 30;
/** Or so long must have passed, ms: those who are refused meanwhile may be refused for nothing. */
const afterMaxMs = 2_000;
/** A limit that stands still, and is used, over runs that are too long is cut to the floor after so long, to see, ms. */
const dueMs = 30_000;
/** With more than this part of them still there, nothing is learnt of fewer: the run is what it is. */
const fewerBelow = 0.8;
/** Fewer have helped when the run fell by this part, at least, of what their number did. */
const helpedPart = 0.5;

/** What a window says to a trial. */
export interface TrialWindow {
  elapsedMs: number;
  /** Requests that ended, and how long these had run, ms. */
  ended: number;
  runMs: number;
  /** Requests under way, on average. */
  number: number;
}

/** Sums over the windows of one side of the cut. */
interface Side {
  ended: number;
  runMs: number;
  numberMs: number;
  elapsedMs: number;
}

export class RunTrial {
  /** The limit is not cut below this while the trial goes on, unless requests wait too long. */
  readonly floor: number;
  readonly #before = emptySide();
  readonly #after = emptySide();
  /** How long those that began before the cut may still run, ms; undefined: the limit is not at the floor yet. */
  #settlesMs: number | undefined;

  /** `number`: the requests under way, as far as the limit lets them in; `min`: the limit is never below. */
  constructor(number: number, min: number) {
    this.floor = Math.max(min, number / 2);
  }

  /** The limit must not grow now. */
  get isSettling(): boolean {
    return this.#settlesMs !== undefined;
  }

  /** It has waited for the floor for long enough: the limit is to be put there, or, if nobody reaches it, acquitted. */
  get isDue(): boolean {
    return this.#settlesMs === undefined && this.#before.elapsedMs >= dueMs;
  }

  /**
   * Takes in a window, with the limit that it had; returns the usual run as it is found to be, ms, when the trial is over.
   * `usualMs`: as it was thought to be; `isUsed`: whether the limit is reached at all.
   */
  look(window: TrialWindow, limit: number, isUsed: boolean, usualMs: number): number | undefined {
    if (this.#settlesMs === undefined) {
      add(this.#before, window, true);
      if (limit <= this.floor) this.#settlesMs = window.runMs / window.ended;
      else if (!isUsed && this.isDue) return this.#before.runMs / this.#before.ended;
      return undefined;
    }
    if (this.#settlesMs > 0) {
      this.#settlesMs -= window.elapsedMs;
      add(this.#before, window, false);
      return undefined;
    }
    const after = this.#after;
    add(after, window, true);
    if (after.ended < samplesMin && after.elapsedMs < afterMaxMs) return undefined;
    return this.#verdict(usualMs);
  }

  #verdict(usualMs: number): number {
    const beforeMs = this.#before.runMs / this.#before.ended;
    const afterMs = this.#after.runMs / this.#after.ended;
    const left = meanNumber(this.#after) / meanNumber(this.#before);
    if (!(left <= fewerBelow) || afterMs >= beforeMs * (1 - helpedPart * (1 - left))) return afterMs;
    // The run is taken to grow with the number in a straight line. What fewer did not take from it is what none would: the
    // usual run is not longer than that.
    return Math.min(usualMs, Math.max((afterMs - left * beforeMs) / (1 - left), afterMs / 2));
  }
}

function emptySide(): Side {
  return { ended: 0, runMs: 0, numberMs: 0, elapsedMs: 0 };
}

/** While the number falls, runs still tell of what it was. */
function add(side: Side, { elapsedMs, ended, runMs, number }: TrialWindow, withNumber: boolean): void {
  side.ended += ended;
  side.runMs += runMs;
  if (!withNumber) return;
  side.numberMs += number * elapsedMs;
  side.elapsedMs += elapsedMs;
}

function meanNumber({ numberMs, elapsedMs }: Side): number {
  return numberMs / elapsedMs;
}
