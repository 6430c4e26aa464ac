// RunTrial: requests are refused and handlers run long; whether fewer of them at once get as much done is being found out.
// AdaptiveLimit begins one, and tells it of each window from then on. Pure, on main.
//
//   before     the limit is as it was; until enough have ended to tell long runs from a few that are
//   settling   it is half of that; those that began before end within one run
//   after      those that began beside fewer
//
// Handlers that wait for something get half as much done: they are slow by themselves, and are let in. Those that hold each
// other up (on their thread, in the pool or the backend behind them) get as much done, in half the time. Each stage has an
// end in time, whoever else comes.
//
// What counts is how many fewer there really were: calls of fibers are not held by the limit, and the class high may go over
// it. Where the limit could not make them fewer, it is not to blame.

/** So many must have ended on each side, within a run or longer: then by chance their rates differ by a fifth. */
const samplesMin = 50;
/** Or so long must have passed, ms: those who are refused meanwhile may be refused for nothing. */
const sideMaxMs = 2_000;
/** With more than this part of them still there, nothing is learnt of fewer. */
const fewerBelow = 0.8;
/**
 * They hold each other up when by this part, at least, of what they are fewer each runs shorter, and less than by this part
 * fewer get done. By Little's law the one follows from the other; chance needs both.
 */
const heldPart = 0.5;

/** What a window says to a trial. */
export interface TrialWindow {
  elapsedMs: number;
  /** Requests that ended, and how long these had run, ms. */
  ended: number;
  runMs: number;
  /** Requests under way × time, ms. */
  inFlightMs: number;
}

/** `waits`: they are slow by themselves; `congested`: they are too many; `short`: the runs are not long, only some were. */
export interface Verdict {
  is: 'waits' | 'congested' | 'short';
  /** How long a handler runs that nobody holds up, ms; if congested, at most. */
  runMs: number;
}

export class RunTrial {
  /** The limit before; and that of the trial, once it is in force. */
  readonly limit: number;
  loweredTo: number | undefined;
  readonly #longMs: number;
  readonly #min: number;
  readonly #before = emptyWindow();
  readonly #after = emptyWindow();
  #settlesMs = 0;

  /** `limit`: as it is; runs over `longMs` are too long; `min`: the limit is never below, and so many hold nobody up. */
  constructor(limit: number, longMs: number, min: number) {
    this.limit = limit;
    this.#longMs = longMs;
    this.#min = min;
  }

  /** Takes in a window. Undefined: it goes on, under the limit `loweredTo` if there is one. */
  look(window: TrialWindow): Verdict | undefined {
    if (this.loweredTo === undefined) {
      if (!add(this.#before, window)) return undefined;
      const runMs = meanRun(this.#before);
      if (runMs <= this.#longMs) return { is: 'short', runMs };
      this.loweredTo = Math.max(this.#min, this.limit / 2);
      this.#settlesMs = runMs;
      return undefined;
    }
    if (this.#settlesMs > 0) {
      this.#settlesMs -= window.elapsedMs;
      return undefined;
    }
    return add(this.#after, window) ? this.#verdict() : undefined;
  }

  #verdict(): Verdict {
    const [before, after] = [this.#before, this.#after];
    const [beforeMs, runMs] = [meanRun(before), meanRun(after)];
    const left = meanNumber(after) / meanNumber(before);
    const held = 1 - heldPart * (1 - left);
    const isLessDone = rate(after) < held * rate(before);
    const isShorter = runMs < held * beforeMs;
    if (!(left <= fewerBelow) || isLessDone || !isShorter) return { is: 'waits', runMs };
    // The run is taken to grow with the number in a straight line. What fewer did not take from it is what none would.
    return { is: 'congested', runMs: Math.max((runMs - left * beforeMs) / (1 - left), runMs / 2) };
  }
}

function emptyWindow(): TrialWindow {
  return { elapsedMs: 0, ended: 0, runMs: 0, inFlightMs: 0 };
}

/** Whether they are enough with it. */
function add(side: TrialWindow, window: TrialWindow): boolean {
  side.elapsedMs += window.elapsedMs;
  side.ended += window.ended;
  side.runMs += window.runMs;
  side.inFlightMs += window.inFlightMs;
  const { elapsedMs, ended } = side;
  return elapsedMs >= sideMaxMs || (ended >= samplesMin && elapsedMs >= meanRun(side));
}

function meanRun({ runMs, ended }: TrialWindow): number {
  return runMs / ended;
}

function meanNumber({ inFlightMs, elapsedMs }: TrialWindow): number {
  return inFlightMs / elapsedMs;
}

function rate({ ended, elapsedMs }: TrialWindow): number {
  return ended / elapsedMs;
}
