// QuickVisits: which methods can be trusted to leave their thread soon, so that what is answered already may wait for them
// and go out with their answers. Handed over one by one, answers cost their asker more than small handlers cost; but none
// may wait behind a long run. A visit is what one request's fibers do on the stack before another's, or nobody's, come.
// Each earns three microseconds of such waiting, which is what gathering saves; a long one spends its length. What code that
// no fiber enters takes (after an await that is not Heddle's) is laid to the visit before it. What is no handler's is not:
// waiting for a processor, and waking other threads. Where there are more threads than processors all methods would lose
// their trust by it, and that when gathering pays most.

/** A visit of at most this takes nothing away, ms: handing an answer over alone costs about a tenth of it. */
const quickMs = 0.05;
/** What a visit earns, ms: in the long run long visits keep answers waiting no longer than this for each visit. */
const earnedMs = 0.003;
/** Trusted from here on, ms: after a thousand quick visits, when none was long. */
const trustedMs = 3;
/** More is not kept; nor is a longer debt, or a method that hung once would be distrusted for days. */
const keptMs = 12;
const debtMs = 1_000;

/** How old a reading of that may be when a visit begins, ms. */
const readEveryMs = 1;

export class QuickVisits {
  readonly #notTheirsMs: () => number;
  /** By method index: what it may still make others wait, ms. */
  #credits = new Float64Array(16);
  #visitor: object | undefined;
  #method = 0;
  #sinceMs = 0;
  /** What was no visit's when it was last read, and when that was. */
  #notTheirs = 0;
  #readMs = Number.NEGATIVE_INFINITY;

  /** `notTheirsMs`: how long the thread has waited for a processor and has rung others so far, ms. */
  constructor(notTheirsMs: () => number) {
    this.#notTheirsMs = notTheirsMs;
  }

  /**
   * Code of a request is about to run on the thread; what ran before it there has ended or waits. True: it is trusted not
   * to take long.
   */
  enter(visitor: object, method: number, nowMs: number): boolean {
    if (visitor !== this.#visitor) {
      this.leave(nowMs);
      this.#visitor = visitor;
      this.#method = method;
      this.#sinceMs = nowMs;
      if (nowMs - this.#readMs >= readEveryMs) this.#read(nowMs);
      if (method >= this.#credits.length) this.#grow(method);
    } else if (nowMs - this.#sinceMs > quickMs) return false;
    return this.#credits[method]! >= trustedMs;
  }

  /** Nothing runs any more. */
  leave(nowMs: number): void {
    if (this.#visitor === undefined) return;
    this.#visitor = undefined;
    const method = this.#method;
    let tookMs = nowMs - this.#sinceMs;
    if (tookMs > quickMs) {
      const before = this.#notTheirs;
      this.#read(nowMs);
      tookMs -= this.#notTheirs - before;
    }
    const credit = this.#credits[method]! + earnedMs - (tookMs > quickMs ? tookMs : 0);
    this.#credits[method] = Math.max(-debtMs, Math.min(keptMs, credit));
  }

  #read(nowMs: number): void {
    this.#readMs = nowMs;
    this.#notTheirs = this.#notTheirsMs();
  }

  #grow(method: number): void {
    const credits = new Float64Array(2 * (method + 1));
    credits.set(this.#credits);
    this.#credits = credits;
  }
}
