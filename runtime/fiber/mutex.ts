// Mutex: one fiber at a time through a section that awaits. (Code between two awaits needs none: a thread runs one
// thing at a time.) Not reentrant: a fiber that locks twice waits for itself until its deadline.

import type { FiberContext } from './context.ts';
import type { Permit } from './permit.ts';
import { Semaphore } from './semaphore.ts';
import type { PrimitiveOptions } from './wait-queue.ts';

/**
 * One fiber of the thread at a time through a section that awaits; first come, first served. Not reentrant: a fiber
 * that locks twice waits for itself until its deadline.
 */
export class Mutex {
  readonly #semaphore: Semaphore;

  constructor(options?: PrimitiveOptions) {
    this.#semaphore = new Semaphore(1, { ...options, kind: 'mutex' });
  }

  get locked(): boolean {
    return this.#semaphore.free === 0;
  }

  /** Fibers in line. */
  get waiting(): number {
    return this.#semaphore.waiting;
  }

  /** Waits for the lock: `using guard = await mutex.lock(fiber)`. Throws as `Semaphore.acquire` does. */
  lock(fiber: FiberContext): Promise<Permit> {
    return this.#semaphore.acquire(fiber);
  }

  /** The lock if it is free; undefined otherwise. */
  tryLock(fiber?: FiberContext): Permit | undefined {
    return this.#semaphore.tryAcquire(1, fiber);
  }
}
