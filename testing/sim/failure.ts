// SimFailure: a law that a simulated run has broken, with all that is needed to see it again and to understand it.

export interface SimFailureParts {
  seed: number;
  /** Short, as in a list: `answered once`. */
  law: string;
  /** What happened, with the values. */
  sentence: string;
  /** Tasks that had run. */
  step: number;
  /** Virtual time, ms. */
  atMs: number;
  /** What the seed stood for; plain data. */
  scenario: unknown;
  /** The last lines, oldest first. */
  trace: readonly string[];
}

/** A law that a simulated run has broken. `trace`: the last lines of all that its threads did, oldest first. */
export class SimFailure extends Error {
  readonly seed: number;
  readonly law: string;
  readonly sentence: string;
  readonly step: number;
  readonly atMs: number;
  readonly scenario: unknown;
  readonly trace: readonly string[];

  constructor({ seed, law, sentence, step, atMs, scenario, trace }: SimFailureParts) {
    super(`${law}: ${sentence} (seed ${seed}, step ${step}, ${atMs.toFixed(3)} ms)`);
    this.name = 'SimFailure';
    this.seed = seed;
    this.law = law;
    this.sentence = sentence;
    this.step = step;
    this.atMs = atMs;
    this.scenario = scenario;
    this.trace = trace;
  }
}

/** What every operation of a thread throws once it has died, and all of a run that has failed. */
class ThreadStopped extends Error {
  override readonly name = 'ThreadStopped';
}

/** One object for all: making an error costs more than the step it ends. */
export const threadStopped: Error = new ThreadStopped('this simulated thread has stopped');

const causesMax = 8;

/** Whether an error comes from `threadStopped`, under whatever it was wrapped in. */
export function isThreadStopped(reason: unknown): boolean {
  let error = reason;
  for (let depth = 0; depth < causesMax && error instanceof Error; depth++) {
    if (error === threadStopped) return true;
    error = error.cause;
  }
  return false;
}
