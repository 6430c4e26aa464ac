// Arrivals: when the requests of an open loop begin, whatever becomes of those before: a Poisson process, as independent
// users make it. The gaps are exponential, so arrivals bunch as they do in life; even spacing would flatter a server.

import type { Random } from '../runtime/clock.ts';

export class Arrivals {
  readonly #meanGapMs: number;
  readonly #random: Random;
  #nextMs: number;

  /** The first one comes one gap after `startMs`. */
  constructor(ratePerSecond: number, random: Random, startMs: number) {
    this.#meanGapMs = 1000 / ratePerSecond;
    this.#random = random;
    this.#nextMs = startMs + this.#gapMs();
  }

  /** When the next request begins, ms on the clock. */
  get nextMs(): number {
    return this.#nextMs;
  }

  /** Goes on to the one after it. */
  advance(): void {
    this.#nextMs += this.#gapMs();
  }

  /**
   * Goes on to `untilMs` at once, and tells about how many came on the way: in so many equal steps, as many as the rate says
   * for each, at its middle.
   */
  skip(untilMs: number, steps: number, tell: (startMs: number, count: number) => void): void {
    const [fromMs, stepMs] = [this.#nextMs, (untilMs - this.#nextMs) / steps];
    let told = 0;
    for (let step = 1; step <= steps; step++) {
      const count = Math.round((step * stepMs) / this.#meanGapMs) - told;
      tell(fromMs + (step - 0.5) * stepMs, count);
      told += count;
    }
    this.#nextMs = untilMs + this.#gapMs();
  }

  /** 1 - u is never 0, of which there is no logarithm. */
  #gapMs(): number {
    return -Math.log(1 - this.#random()) * this.#meanGapMs;
  }
}
