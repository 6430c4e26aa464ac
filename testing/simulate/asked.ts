// Asked: a condition of the test, asked after each task of a simulation. What it throws is the test's own and breaks no run.

import { HeddleError } from '../../runtime/errors.ts';

/** What a condition of the test has said so far; asked no more once it was true, or threw. */
export class Asked {
  readonly #condition: () => boolean;
  #isTrue = false;
  #mistake: { readonly reason: unknown } | undefined;

  constructor(condition: () => boolean) {
    this.#condition = condition;
  }

  get isSettled(): boolean {
    if (this.#isTrue || this.#mistake !== undefined) return true;
    try {
      const said: unknown = this.#condition();
      if (said instanceof Promise) {
        const sentence = 'sim.until waits for what is a promise; give a function that says true or false at once';
        throw new HeddleError('INVALID_ARGUMENT', sentence);
      }
      this.#isTrue = Boolean(said);
    } catch (reason) {
      this.#mistake = { reason };
    }
    return this.#isTrue || this.#mistake !== undefined;
  }

  /** Throws what the condition threw. */
  answer(): boolean {
    if (this.#mistake !== undefined) throw this.#mistake.reason;
    return this.#isTrue;
  }
}
