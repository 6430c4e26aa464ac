// TraceKeeper: which runs are worth a trace: those that somebody asked for, failed ones, degraded ones, and one of many of
// the rest. A trace costs tens of microseconds, so there is a bound on how many are made in a second.

/** Of each strategy, on each thread. Those that somebody asked for come on top. */
const tracesPerSecondMax = 5;
/** The same of those that somebody asked for: any caller can ask. */
const askedPerSecondMax = 50;
/** One run of so many is traced whatever it did. */
const sampledEvery = 1024;

export class TraceKeeper {
  #runs = 0;
  #secondStartMs = Number.NEGATIVE_INFINITY;
  #made = 0;
  #askedMade = 0;

  wants(isAsked: boolean, isRemarkable: boolean, nowMs: number): boolean {
    this.#runs++;
    if (!isAsked && !isRemarkable && this.#runs % sampledEvery !== 1) return false;
    if (nowMs - this.#secondStartMs >= 1000) {
      this.#secondStartMs = nowMs;
      this.#made = 0;
      this.#askedMade = 0;
    }
    return isAsked ? ++this.#askedMade <= askedPerSecondMax : ++this.#made <= tracesPerSecondMax;
  }
}
