// RollOut (main): one set of strategies on its way to the threads: all load it first, and only when all have, all use it.
// One that refuses it, or does not answer, and the old set stays everywhere.

import type { Clock } from '../../runtime/clock.ts';
import { HeddleError } from '../../runtime/errors.ts';
import { RollCall } from './roll-call.ts';

/** How long a thread may take to load a set, ms. */
const loadMaxMs = 30_000;

export class RollOut {
  readonly version: number;
  /** Resolves when all have loaded it. Throws FAILED_PRECONDITION with the reason of the first that did not. */
  readonly loaded: Promise<void>;
  readonly #call: RollCall;
  #refusal: string | undefined;

  /** `threads`: those that were offered it. */
  constructor(version: number, threads: Iterable<number>, clock: Clock) {
    this.version = version;
    this.#call = new RollCall(threads, loadMaxMs, clock);
    this.loaded = this.#outcome();
  }

  onLoaded(thread: number): void {
    this.#call.off(thread);
  }

  /** It ended; the one in its place is born with whatever is in use then. */
  onGone(thread: number): void {
    this.#call.off(thread);
  }

  onRefused(why: string): void {
    this.#refusal ??= why;
    this.#call.end();
  }

  async #outcome(): Promise<void> {
    const silent = await this.#call.over;
    const kept = 'the version before stays in use';
    if (this.#refusal !== undefined) throw refused(`${this.#refusal}\n${kept}`);
    if (silent.length === 0) return;
    throw refused(`thread ${silent.join(', ')} did not load it within ${loadMaxMs / 1000} s; ${kept}`);
  }
}

function refused(why: string): HeddleError {
  return new HeddleError('FAILED_PRECONDITION', why, { retry: 'no' });
}
