// CancelCallbacks: what `fiber.onCancel` registers. Each runs at most once; one that throws is logged and stops nothing.

import { HeddleError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { cancelCallbacksMax } from './bounds.ts';

type CancelCallback = (reason: HeddleError) => void;

/** Whose callbacks they are. */
interface Stoppable {
  readonly name: string;
  readonly log: Logger;
  readonly stopReason: HeddleError | undefined;
}

export class CancelCallbacks {
  /** In order of registration. Wrapped, so that one function registered twice can be taken back once. */
  readonly #registered = new Set<{ callback: CancelCallback }>();

  /** Registers; runs the callback at once when the fiber was asked to stop already. Returns what takes it back. */
  add(callback: CancelCallback, fiber: Stoppable): () => void {
    if (fiber.stopReason !== undefined) {
      runOne(callback, fiber.stopReason, fiber);
      return nothing;
    }
    if (this.#registered.size >= cancelCallbacksMax) {
      throw new HeddleError(
        'RESOURCE_EXHAUSTED',
        `fiber ${fiber.name} has ${cancelCallbacksMax} cancel callbacks, its bound; take back those that are done`,
        { retry: 'no' },
      );
    }
    const entry = { callback };
    this.#registered.add(entry);
    return () => {
      this.#registered.delete(entry);
    };
  }

  run(reason: HeddleError, fiber: Stoppable): void {
    for (const entry of this.#registered) {
      this.#registered.delete(entry);
      runOne(entry.callback, reason, fiber);
    }
  }
}

function runOne(callback: CancelCallback, reason: HeddleError, fiber: Stoppable): void {
  try {
    callback(reason);
  } catch (error) {
    fiber.log.error({ err: error }, `an onCancel callback of fiber ${fiber.name} failed`);
  }
}

const nothing = (): void => {};
