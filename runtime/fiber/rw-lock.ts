// RwLock: many readers or one writer. First come, first served: readers that come after a waiting writer wait behind
// it, and a writer behind the readers that were there, so neither side starves.

import type { FiberContext } from './context.ts';
import type { Permit } from './permit.ts';
import { Semaphore } from './semaphore.ts';
import type { PrimitiveOptions } from './wait-queue.ts';

/** A writer takes every unit, a reader one: more readers than this at once wait. */
const readersMax = 2 ** 31 - 1;

/**
 * Many readers or one writer, of the fibers of one thread. First come, first served: readers that come after a waiting
 * writer wait behind it.
 */
export class RwLock {
  readonly #semaphore: Semaphore;

  constructor(options?: PrimitiveOptions) {
    this.#semaphore = new Semaphore(readersMax, { ...options, kind: 'rw-lock' });
  }

  /** Readers inside. */
  get readers(): number {
    return this.writing ? 0 : readersMax - this.#semaphore.free;
  }

  /** A writer is inside. */
  get writing(): boolean {
    return this.#semaphore.free === 0;
  }

  /** Fibers in line. */
  get waiting(): number {
    return this.#semaphore.waiting;
  }

  /** Waits until no writer is inside or ahead: `using guard = await lock.read(fiber)`. Throws as `Semaphore.acquire`. */
  read(fiber: FiberContext): Promise<Permit> {
    return this.#semaphore.acquire(fiber, 1);
  }

  /** Waits until nobody is inside or ahead: `using guard = await lock.write(fiber)`. Throws as `Semaphore.acquire`. */
  write(fiber: FiberContext): Promise<Permit> {
    return this.#semaphore.acquire(fiber, readersMax);
  }
}
