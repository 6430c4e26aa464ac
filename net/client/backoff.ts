// Backoff: how long to wait before the next attempt to connect. Exponential with full jitter (Brooker 2015): clients
// that lost one server together come back apart.

import type { Random } from '../../runtime/clock.ts';

export interface BackoffOptions {
  /** The first delay is drawn from 0 to this, ms. */
  firstMs: number;
  /** No delay is longer, ms. */
  maxMs: number;
  random: Random;
}

/** One per subchannel. Each `nextMs` doubles the range that the next is drawn from, up to `maxMs`. */
export class Backoff {
  readonly #options: BackoffOptions;
  #rangeMs: number;

  constructor(options: BackoffOptions) {
    this.#options = options;
    this.#rangeMs = options.firstMs;
  }

  /** The delay before the next attempt, ms: at least 0, below the current range. */
  nextMs(): number {
    const delayMs = this.#options.random() * this.#rangeMs;
    this.#rangeMs = Math.min(this.#rangeMs * 2, this.#options.maxMs);
    return delayMs;
  }

  /** The peer has answered: the next failure is a new one. */
  reset(): void {
    this.#rangeMs = this.#options.firstMs;
  }
}
