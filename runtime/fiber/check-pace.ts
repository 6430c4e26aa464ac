// CheckPace: how often a busy loop's `check()` looks at the clock. A reading costs several checks, and only the clock
// shows a passed deadline while the loop keeps the timers from firing; so the pace follows how fast the checks come.

/** Most checks between two looks at the clock. */
const strideMax = 64;
/** Checks are meant to look at the clock about this often, ms. */
const lookEveryMs = 0.05;

export class CheckPace {
  #left = 0;
  #stride = 1;
  #lookedMs = Number.NEGATIVE_INFINITY;

  /** True when this check should look at the clock: then `look` follows. */
  due(): boolean {
    return --this.#left <= 0;
  }

  /** Sets the pace by how long the last stride took: a slow loop looks at each check again. Returns the time. */
  look(nowMs: number): number {
    const tookMs = nowMs - this.#lookedMs;
    if (tookMs < lookEveryMs) this.#stride = Math.min(strideMax, this.#stride * 2);
    else if (tookMs > 4 * lookEveryMs) this.#stride = 1;
    this.#lookedMs = nowMs;
    this.#left = this.#stride;
    return nowMs;
  }
}
