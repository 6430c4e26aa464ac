// Latch: fibers wait until something has happened `count` times. It opens once and stays open.

import { HeddleError } from '../errors.ts';
import type { FiberContext } from './context.ts';
import { rejected, waiterOf } from './wait.ts';
import { type PrimitiveOptions, titleOf, WaitQueue } from './wait-queue.ts';

/**
 * Fibers of one thread wait until something has happened `count` times: `new Latch(3)`. It opens once and stays open.
 * Throws INVALID_ARGUMENT for a wrong count.
 */
export class Latch {
  #count: number;
  readonly #queue: WaitQueue<void>;

  /** `count`: a whole number, 0 (open) or more. */
  constructor(count: number, options?: PrimitiveOptions) {
    const title = titleOf('latch', options);
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new HeddleError('INVALID_ARGUMENT', `${title}: a count of ${count}; give a whole number, 0 or more`);
    }
    this.#count = count;
    this.#queue = new WaitQueue(title, options);
  }

  /** What is still missing. */
  get count(): number {
    return this.#count;
  }

  get open(): boolean {
    return this.#count === 0;
  }

  /** Fibers that wait. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Counts down, not below 0; at 0 every waiting fiber goes on. */
  countDown(by = 1): void {
    if (this.#count === 0) return;
    this.#count = Math.max(0, this.#count - by);
    if (this.#count > 0) return;
    for (let wait = this.#queue.shift(); wait !== undefined; wait = this.#queue.shift()) wait.grant();
  }

  /** Waits until the latch is open. Throws what stops the fiber, RESOURCE_EXHAUSTED when too many wait. */
  wait(fiber: FiberContext): Promise<void> {
    const waiter = waiterOf(fiber);
    if (waiter.interruption !== undefined) return rejected(waiter.interruption);
    return this.#count === 0 ? Promise.resolve() : this.#queue.wait(waiter, undefined);
  }
}
