// TokenBudget: how many retries, or hedges, a node may add to its load, so that help never becomes an overload of its own.
// Two per node and thread: the executor deposits at each first attempt and takes a token for each further one.
//
// Finagle's RetryBudget also earns a share of the calls, but lets a deposit expire after ten seconds and adds a floor of
// retries a second; gRPC's throttling (proposal A6) holds a fixed bucket that failures empty and successes fill. This is
// the share of the one in the fixed bucket of the other: a quiet node may help itself ten times, a busy one by its share,
// and nothing depends on a clock. Tokens are counted in millionths, as gRPC counts thousandths: ten tenths are a whole.

/** Tokens at the start, and at most. */
export const tokensMax = 10;

/** What a share of 0.0001 % of a token is counted as: the finest that a percentage in a file can say. */
const millionths = 1_000_000;

export class TokenBudget {
  /** Times that no token was left. */
  refused = 0;
  readonly #share: number;
  #tokens = tokensMax * millionths;

  /** `share` of a token, 0..1, that each first attempt adds. */
  constructor(share: number) {
    this.#share = Math.round(share * millionths);
  }

  /** Whole tokens and the part of the next one. */
  get tokens(): number {
    return this.#tokens / millionths;
  }

  /** A first attempt was made. */
  deposit(): void {
    this.#tokens = Math.min(this.#tokens + this.#share, tokensMax * millionths);
  }

  /** Takes one whole token; false: there is none. */
  take(): boolean {
    if (this.#tokens < millionths) {
      this.refused++;
      return false;
    }
    this.#tokens -= millionths;
    return true;
  }
}
