// ThreadSignals: how busy one thread is, for the signals of all strategies on it: how long requests waited for it, and how
// much of the time its event loop worked. Whoever hands requests to the thread adds, a timer ticks about once a second.

/** What `performance.eventLoopUtilization()` returns: ms since the thread began. */
export interface LoopTimes {
  readonly active: number;
  readonly idle: number;
}

export class ThreadSignals {
  #delaySumMs = 0;
  #delays = 0;
  #loop: LoopTimes | undefined;
  #queueDelayMs = Number.NaN;
  #utilization = Number.NaN;

  /** One request waited so long before the thread took it. */
  addQueueDelay(delayMs: number): void {
    this.#delaySumMs += delayMs;
    this.#delays++;
  }

  /** Ends the interval since the last tick; what it held is what the thread's signals say until the next. */
  tick(loop: LoopTimes): void {
    // Where no request came, none waited.
    this.#queueDelayMs = this.#delays === 0 ? 0 : this.#delaySumMs / this.#delays;
    this.#delaySumMs = 0;
    this.#delays = 0;
    const active = loop.active - (this.#loop?.active ?? Number.NaN);
    const idle = loop.idle - (this.#loop?.idle ?? Number.NaN);
    // NaN at the first tick, which has nothing to compare with, and where no time has passed.
    this.#utilization = active / (active + idle);
    this.#loop = loop;
  }

  /** Mean of the last interval, ms; 0 when no request came; NaN before the first tick. */
  get queueDelayMs(): number {
    return this.#queueDelayMs;
  }

  /** Share 0..1 of the last interval; NaN while it is not known. */
  get utilization(): number {
    return this.#utilization;
  }
}
