// Importer: a module by its URL, or a sentence on why there is none. It says what it is about to import, so that whoever
// watches its thread knows which module ended it or never loaded, and leaves alone those that did so before.

import { setImmediate } from 'node:timers/promises';
import { HeddleError } from '../../runtime/errors.ts';
import { fileOf, moduleProblem } from '../../runtime/module-problem.ts';

/** A module is about to be imported. */
export interface LoadStep {
  readonly moduleUrl: string;
}

export class Importer {
  readonly #onStep: (step: LoadStep) => void;
  readonly #broken: ReadonlyMap<string, string>;
  readonly #known = new Map<string, Promise<Record<string, unknown>>>();

  /** `broken`: URLs with a sentence; they are not imported. */
  constructor(onStep: (step: LoadStep) => void, broken: ReadonlyMap<string, string>) {
    this.#onStep = onStep;
    this.#broken = broken;
  }

  /** Throws FAILED_PRECONDITION with a sentence that names the file. */
  import(moduleUrl: string): Promise<Record<string, unknown>> {
    const known = this.#known.get(moduleUrl);
    if (known !== undefined) return known;
    const module = this.#import(moduleUrl);
    this.#known.set(moduleUrl, module);
    return module;
  }

  async #import(moduleUrl: string): Promise<Record<string, unknown>> {
    const broken = this.#broken.get(moduleUrl);
    if (broken !== undefined) throw problem(moduleUrl, broken);
    this.#onStep({ moduleUrl });
    try {
      const module = (await import(moduleUrl)) as Record<string, unknown>;
      // A rejection that nobody handles ends the thread in this turn: while it is known whose it is.
      await setImmediate();
      return module;
    } catch (reason) {
      throw problem(moduleUrl, moduleProblem(reason, moduleUrl));
    }
  }
}

function problem(moduleUrl: string, sentence: string): HeddleError {
  return new HeddleError('FAILED_PRECONDITION', `${fileOf(moduleUrl)}: ${sentence}`);
}
