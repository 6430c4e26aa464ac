// RestartPolicy: when a dead thread of a pool is replaced. A few deaths are replaced at once; threads that keep dying
// are replaced ever more slowly, until the pool has been quiet for a while. On main, one for each pool.

/** When threads that die are replaced. Default: 5 in 10,000 ms at once, then after 1,000 ms, doubling to 30,000. */
export interface RestartLimits {
  /** Deaths within `windowMs` that are replaced at once. */
  max: number;
  windowMs: number;
  /** The wait from then on; doubles with each round up to the second, ms. */
  backoffFirstMs: number;
  backoffMaxMs: number;
}

/** Five deaths in ten seconds are bad luck; a sixth is a fault that a restart does not mend. */
export const restartLimits: RestartLimits = { max: 5, windowMs: 10_000, backoffFirstMs: 1_000, backoffMaxMs: 30_000 };

export class RestartPolicy {
  readonly limits: RestartLimits;
  #deathsMs: number[] = [];
  #backoffMs = 0;
  /** When the last replacement was or is due. */
  #dueMs = Number.NEGATIVE_INFINITY;

  constructor(limits: RestartLimits = restartLimits) {
    this.limits = limits;
  }

  /** Deaths within the window, the last one included. */
  get deaths(): number {
    return this.#deathsMs.length;
  }

  /** A thread has died: how long to wait before it is replaced, ms; 0: not at all. */
  onDeath(nowMs: number): number {
    const { max, windowMs, backoffFirstMs, backoffMaxMs } = this.limits;
    if (nowMs - this.#dueMs >= windowMs) this.#backoffMs = 0;
    this.#deathsMs = this.#deathsMs.filter((atMs) => nowMs - atMs < windowMs);
    this.#deathsMs.push(nowMs);
    // Threads that die while the pool waits anyway are replaced in the same round.
    if (nowMs < this.#dueMs) return this.#dueMs - nowMs;
    if (this.#backoffMs > 0) this.#backoffMs = Math.min(backoffMaxMs, this.#backoffMs * 2);
    else if (this.#deathsMs.length > max) this.#backoffMs = backoffFirstMs;
    this.#dueMs = nowMs + this.#backoffMs;
    return this.#backoffMs;
  }
}
