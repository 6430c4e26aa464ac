// Condition: fibers wait until another one says that something may have changed. What changed is for them to look at,
// in a loop. A notification goes to a fiber that waits, or to nobody; it is not kept.

import { HeddleError } from '../errors.ts';
import type { FiberContext } from './context.ts';
import type { Mutex } from './mutex.ts';
import type { Permit } from './permit.ts';
import { rejected, waiterOf } from './wait.ts';
import { type PrimitiveOptions, titleOf, WaitQueue } from './wait-queue.ts';

/**
 * Fibers of one thread wait until another one says that something may have changed, and look again in a loop. A
 * notification goes to a fiber that waits, or to nobody: it is not kept.
 */
export class Condition {
  readonly #queue: WaitQueue<void>;
  readonly #mutex: Mutex | undefined;

  /** `mutex`: the lock that guards what the condition is about, when looking at it takes an await. */
  constructor(options?: PrimitiveOptions & { mutex?: Mutex }) {
    this.#queue = new WaitQueue(titleOf('condition', options), options);
    this.#mutex = options?.mutex;
  }

  /** Fibers that wait. */
  get waiting(): number {
    return this.#queue.length;
  }

  /**
   * Waits for a notification: `while (!ready()) await condition.wait(fiber)`. With the guard of the condition's mutex,
   * the lock is let go while it waits and held again when it returns; when it throws, the lock is not held (the guard
   * knows). Throws what stops the fiber, RESOURCE_EXHAUSTED when too many wait.
   */
  wait(fiber: FiberContext, guard?: Permit): Promise<void> {
    const waiter = waiterOf(fiber);
    if (guard === undefined) return this.#queue.wait(waiter, undefined);
    if (this.#mutex === undefined || !guard.held) {
      return rejected(
        new HeddleError(
          'FAILED_PRECONDITION',
          `${this.#queue.title}: a guard needs a condition made with its mutex, and has to be held; lock first`,
        ),
      );
    }
    const done = this.#waitUnlocked(fiber, guard, this.#mutex);
    // User code may begin to look at it late.
    done.catch(ignore);
    return done;
  }

  /** Waits until `predicate` is true, looking now and after each notification. */
  async until(fiber: FiberContext, predicate: () => boolean): Promise<void> {
    while (!predicate()) await this.wait(fiber);
  }

  /** Wakes the fiber that has waited longest; false when none waits. */
  notifyOne(): boolean {
    return this.#queue.shift()?.grant() ?? false;
  }

  /** Wakes every fiber that waits now. */
  notifyAll(): void {
    for (let left = this.#queue.length; left > 0; left--) this.notifyOne();
  }

  async #waitUnlocked(fiber: FiberContext, guard: Permit, mutex: Mutex): Promise<void> {
    // In line before the lock is free: whoever gets it may notify.
    const notified = this.#queue.wait(waiterOf(fiber), undefined);
    guard.release();
    await notified;
    try {
      guard.takeOver(await mutex.lock(fiber));
    } catch (error) {
      // Stopped on the way back: the notification was for a fiber that can act on it.
      this.notifyOne();
      throw error;
    }
  }
}

const ignore = (): void => {};
