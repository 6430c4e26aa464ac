// RetryBudget: how many retries one client may make, so that retries never multiply an overload. One per client and
// thread, asked before each retry.
//
// The form is Finagle's RetryBudget (a share of the calls of the last ten seconds, and a floor for quiet clients), kept as
// two counts per second. Beside it, Envoy's retry budget takes a share of the calls in flight, and gRPC's throttling
// (proposal A6) a fixed bucket: neither remembers that a busy client can afford to repeat what one dead thread took along.

export interface RetryBudgetOptions {
  /** Retries per hundred calls. */
  retryBudgetPercent: number;
  /** Retries a second that are granted however few calls there are, as an average over the window. */
  retryMinPerSecond: number;
}

/** Seconds that a call's deposit, and a retry's price, count for. */
const windowSeconds = 10;

export class RetryBudget {
  /** Looked at for each retry, so that it may change. */
  readonly #options: RetryBudgetOptions;
  /** By second of the window, both. */
  readonly #calls = new Int32Array(windowSeconds);
  readonly #retries = new Int32Array(windowSeconds);
  #callsInWindow = 0;
  #retriesInWindow = 0;
  /** The present second, counted from the clock's origin, and its place in the window. */
  #second = Number.NEGATIVE_INFINITY;
  #place = 0;

  constructor(options: RetryBudgetOptions) {
    this.#options = options;
  }

  /** A call was made for the first time. */
  deposit(nowMs: number): void {
    this.#turn(nowMs);
    this.#calls[this.#place]!++;
    this.#callsInWindow++;
  }

  /**
   * Takes what one retry costs; false: there is no more. With each one granted, the retries of the last ten seconds are
   * at most `retryBudgetPercent` of their calls and ten times `retryMinPerSecond`.
   */
  withdraw(nowMs: number): boolean {
    this.#turn(nowMs);
    const { retryBudgetPercent, retryMinPerSecond } = this.#options;
    const granted = (this.#callsInWindow * retryBudgetPercent) / 100 + retryMinPerSecond * windowSeconds;
    if (this.#retriesInWindow + 1 > granted) return false;
    this.#retries[this.#place]!++;
    this.#retriesInWindow++;
    return true;
  }

  /** Forgets the seconds that have left the window. */
  #turn(nowMs: number): void {
    const second = Math.floor(nowMs / 1_000);
    if (second === this.#second) return;
    const passed = Math.min(second - this.#second, windowSeconds);
    this.#second = second;
    for (let step = 0; step < passed; step++) {
      this.#place = (this.#place + 1) % windowSeconds;
      this.#callsInWindow -= this.#calls[this.#place]!;
      this.#retriesInWindow -= this.#retries[this.#place]!;
      this.#calls[this.#place] = 0;
      this.#retries[this.#place] = 0;
    }
  }
}
