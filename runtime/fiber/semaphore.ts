// Semaphore: at most so many at once, of the fibers of one thread. First come, first served: one that asks for many
// units is not overtaken by later ones that ask for few.

import { HeddleError } from '../errors.ts';
import type { FiberContext } from './context.ts';
import { Permit, type PermitIssuer } from './permit.ts';
import { rejected, waiterOf } from './wait.ts';
import { type PrimitiveOptions, titleOf, WaitQueue } from './wait-queue.ts';

/**
 * At most `units` at once, of the fibers of one thread: `new Semaphore(8)`. First come, first served: one that asks for
 * many is not overtaken by later ones that ask for few. Throws INVALID_ARGUMENT for wrong units.
 */
export class Semaphore implements PermitIssuer {
  readonly title: string;
  readonly #units: number;
  #free: number;
  readonly #queue: WaitQueue<Permit, number>;

  /** `units`: a whole number, 1 or more. */
  constructor(units: number, options?: PrimitiveOptions & { /** Instead of `semaphore`. */ kind?: string }) {
    this.title = titleOf(options?.kind ?? 'semaphore', options);
    if (!Number.isSafeInteger(units) || units < 1) {
      throw new HeddleError('INVALID_ARGUMENT', `${this.title}: ${units} units; give a whole number, 1 or more`);
    }
    this.#units = units;
    this.#free = units;
    // The first in line may have asked for much, and the next for little.
    this.#queue = new WaitQueue(this.title, options, () => this.#serve());
  }

  /** Units that nobody holds. */
  get free(): number {
    return this.#free;
  }

  /** Fibers in line. */
  get waiting(): number {
    return this.#queue.length;
  }

  /**
   * Waits for `units` and holds them: `using permit = await semaphore.acquire(fiber)`. Throws what stops the fiber
   * (then nothing is held), INVALID_ARGUMENT for units that can never be, RESOURCE_EXHAUSTED when the line is full.
   */
  acquire(fiber: FiberContext, units = 1): Promise<Permit> {
    const waiter = waiterOf(fiber);
    if (waiter.interruption !== undefined) return rejected(waiter.interruption);
    if (!this.#valid(units)) return rejected(this.#badUnits(units));
    if (this.#queue.length > 0 || this.#free < units) return this.#queue.wait(waiter, units);
    this.#free -= units;
    return Promise.resolve(new Permit(this, units, waiter.root));
  }

  /**
   * Takes units if they are free and nobody is in line; undefined otherwise. A permit taken without a fiber is given
   * back by its holder alone.
   */
  tryAcquire(units = 1, fiber?: FiberContext): Permit | undefined {
    if (!this.#valid(units)) throw this.#badUnits(units);
    if (this.#queue.length > 0 || this.#free < units) return undefined;
    this.#free -= units;
    return new Permit(this, units, fiber === undefined ? undefined : waiterOf(fiber).root);
  }

  /** For Permit alone. */
  takeBack(units: number): void {
    this.#free += units;
    this.#serve();
  }

  #serve(): void {
    for (let first = this.#queue.first; first !== undefined && first.ask <= this.#free; first = this.#queue.first) {
      this.#queue.shift();
      this.#free -= first.ask;
      first.grant(new Permit(this, first.ask, first.waiter.root));
    }
  }

  #valid(units: number): boolean {
    return Number.isSafeInteger(units) && units >= 1 && units <= this.#units;
  }

  #badUnits(units: number): HeddleError {
    return new HeddleError(
      'INVALID_ARGUMENT',
      `${this.title} has ${this.#units} units; ${units} can never be acquired`,
    );
  }
}
