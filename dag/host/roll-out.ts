// RollOut (main): one set of strategies on its way to the threads: all load it first, and only when all have, all use it.
// One that refuses it, or does not answer, and the old set stays everywhere.

import type { Clock } from '../../runtime/clock.ts';
import { HeddleError } from '../../runtime/errors.ts';

/** How long a thread may take to load a set, ms. */
const loadMaxMs = 30_000;

export class RollOut {
  readonly version: number;
  readonly #waiting: Set<number>;
  readonly #clock: Clock;
  readonly #outcome = Promise.withResolvers<void>();
  readonly #timer: unknown;

  /** `threads`: those that were offered it. */
  constructor(version: number, threads: Iterable<number>, clock: Clock) {
    this.version = version;
    this.#waiting = new Set(threads);
    this.#clock = clock;
    this.#timer = clock.setTimer(loadMaxMs, () => {
      const silent = [...this.#waiting].join(', ');
      this.#fail(`thread ${silent} did not load it within ${loadMaxMs / 1000} s; the version before stays in use`);
    });
    this.#judge();
  }

  /** Resolves when all have loaded it. Throws FAILED_PRECONDITION with the reason of the first that did not. */
  get loaded(): Promise<void> {
    return this.#outcome.promise;
  }

  onLoaded(thread: number): void {
    this.#waiting.delete(thread);
    this.#judge();
  }

  /** It ended; the one in its place is born with whatever is in use then. */
  onGone(thread: number): void {
    this.onLoaded(thread);
  }

  onRefused(why: string): void {
    this.#fail(`${why}\nthe version before stays in use`);
  }

  #judge(): void {
    if (this.#waiting.size > 0) return;
    this.#clock.clearTimer(this.#timer);
    this.#outcome.resolve();
  }

  #fail(why: string): void {
    this.#clock.clearTimer(this.#timer);
    this.#outcome.reject(new HeddleError('FAILED_PRECONDITION', why, { retry: 'no' }));
  }
}
