// QuickVisits: which methods can be trusted to leave their thread soon, so that what is answered already may wait for them
// and go out with their answers. Handed over one by one, answers cost their asker more than small handlers cost; but none
// may wait behind a long run. Each visit to the stack earns a microsecond of such waiting, each long one spends its length.

/** A visit of at most this takes nothing away, ms: handing an answer over alone costs about a tenth of it. */
const quickMs = 0.05;
/** What a visit earns, ms; so in the long run no answer waits longer than this for each visit. */
const earnedMs = 0.001;
/** Trusted from here on, ms: after a thousand quick visits. */
const trustedMs = 1;
/** More is not kept; nor is a longer debt, or a method that hung once would be distrusted for days. */
const keptMs = 4;
const debtMs = 1_000;

export class QuickVisits {
  /** By method index: what it may still make others wait, ms. */
  #credits = new Float64Array(16);
  #method = -1;
  #sinceMs = 0;

  /** Code of `method` is about to run on the thread; what ran before it there has ended or waits. True: it is trusted. */
  enter(method: number, nowMs: number): boolean {
    this.leave(nowMs);
    if (method >= this.#credits.length) this.#grow(method);
    this.#method = method;
    this.#sinceMs = nowMs;
    return this.#credits[method]! >= trustedMs;
  }

  /** Nothing runs any more. */
  leave(nowMs: number): void {
    const method = this.#method;
    if (method < 0) return;
    this.#method = -1;
    const tookMs = nowMs - this.#sinceMs;
    const credit = this.#credits[method]! + earnedMs - (tookMs > quickMs ? tookMs : 0);
    this.#credits[method] = Math.max(-debtMs, Math.min(keptMs, credit));
  }

  #grow(method: number): void {
    const credits = new Float64Array(2 * (method + 1));
    credits.set(this.#credits);
    this.#credits = credits;
  }
}
