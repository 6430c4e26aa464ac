// TraceKeeper: which runs are worth a trace: those that somebody asked for, failed ones, degraded ones, and one of many of
// the rest. A trace costs tens of microseconds, so there is a bound on how many are made in a second.

/** Of each strategy, on each thread. Those that somebody asked for come on top. */
const tracesPerSecondMax = 5;
/** One run of so many is traced whatever it did. */
const sampledEvery = 1024;

export class TraceKeeper {
  #runs = 0;
  #secondStartMs = Number.NEGATIVE_INFINITY;
  #made = 0;

  wants(isRemarkable: boolean, nowMs: number): boolean {
    this.#runs++;
    if (!isRemarkable && this.#runs % sampledEvery !== 1) return false;
    if (nowMs - this.#secondStartMs >= 1000) {
      this.#secondStartMs = nowMs;
      this.#made = 0;
    }
    return ++this.#made <= tracesPerSecondMax;
  }
}
