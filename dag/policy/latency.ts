// Latency: what a node usually takes, learnt from its last runs. One per node and thread; the executor records a run when
// it ends, and asks before a run (is there time for it?) and before a hedge (how late is late?).
//
// It forgets: two histograms take turns, and the older of them is dropped when the newer is full or old. So a quantile
// speaks of the last 1,000 to 2,000 runs of a busy node, or of the last minute or two of a quiet one, and never of fewer
// than 100 runs. Finagle's WindowedPercentileHistogram (for BackupRequestFilter) has three histograms of 10 s each and
// reads only those that are full, tower's RotatingHistogram (for Hedge) two, of which it reads the full one: both stay
// blind for a whole window after a change, and a quiet node has a quantile of nothing. Envoy and gRPC (proposal A6) hedge
// after a constant time.

import { LatencyBuckets } from '../../runtime/shared/latency-buckets.ts';

/** Runs that must have been measured before a quantile is believed. */
export const measuredRunsMin = 100;

/** A window is full with so many runs: ten of them lie above its p99. */
export const windowRunsMax = 1000;

/** A window is old after so long, if it holds `measuredRunsMin`: some minutes ago a backend was another one. */
export const windowMsMax = 60_000;

/** A quantile is worked out again after so many runs at the earliest: it costs about a microsecond. */
const reuseRuns = 64;

/**
 * What was measured is believed for so long after the last run: a node that was slow is given up before it begins, so it
 * is not measured any more, and would be taken for slow for ever. Its next runs are measured from the start, ms.
 */
export const believedMs = 10_000;

/** Quantiles that are remembered: a node has one for its usual time and one for its hedges. */
const rememberedMax = 4;

/** A quantile is the end of its bucket: at most 1/16 of itself (or 1 µs) too long. */
const buckets = new LatencyBuckets(4);

export class Latency {
  /** Runs that were measured and not forgotten for their age. */
  count = 0;
  #current = new Uint16Array(buckets.count);
  #previous = new Uint16Array(buckets.count);
  /** Of both windows. */
  readonly #both = new Uint32Array(buckets.count);
  #currentRuns = 0;
  #currentSinceMs = 0;
  #lastMs = Number.NEGATIVE_INFINITY;
  readonly #quantiles = new Float64Array(rememberedMax).fill(Number.NaN);
  readonly #values = new Float64Array(rememberedMax);
  /** `count` when the value was worked out. */
  readonly #asOf = new Float64Array(rememberedMax);
  #nextPlace = 0;

  /** A run took `ms`; it ended at `nowMs`. */
  record(ms: number, nowMs: number): void {
    if (!(ms >= 0)) return;
    if (nowMs - this.#lastMs > believedMs) this.#forget();
    this.#lastMs = nowMs;
    const isOld = this.#currentRuns >= measuredRunsMin && nowMs - this.#currentSinceMs >= windowMsMax;
    if (this.#currentRuns === windowRunsMax || isOld) this.#turn();
    if (this.#currentRuns === 0) this.#currentSinceMs = nowMs;
    const bucket = buckets.bucketOf(ms);
    this.#current[bucket]!++;
    this.#both[bucket]!++;
    this.#currentRuns++;
    this.count++;
  }

  /** The time within which the share `quantile` (0..1) of the last runs ended, ms; 0 when none was measured. */
  quantileMs(quantile: number): number {
    let place = 0;
    while (place < rememberedMax && this.#quantiles[place] !== quantile) place++;
    if (place === rememberedMax) {
      place = this.#nextPlace;
      this.#nextPlace = (place + 1) % rememberedMax;
      this.#quantiles[place] = quantile;
    } else if (this.count >= measuredRunsMin && this.count - this.#asOf[place]! < reuseRuns) {
      return this.#values[place]!;
    }
    const value = buckets.quantileMs(this.#both, quantile);
    this.#values[place] = value;
    this.#asOf[place] = this.count;
    return value;
  }

  /** The quantile once 100 runs are measured, the last of them not long ago; else `estimateMs`. */
  usualMs(quantile: number, estimateMs: number | undefined, nowMs: number): number | undefined {
    const isKnown = this.count >= measuredRunsMin && nowMs - this.#lastMs <= believedMs;
    return isKnown ? this.quantileMs(quantile) : estimateMs;
  }

  #forget(): void {
    if (this.count === 0) return;
    this.count = 0;
    this.#current.fill(0);
    this.#previous.fill(0);
    this.#both.fill(0);
    this.#currentRuns = 0;
    this.#quantiles.fill(Number.NaN);
  }

  /** Drops the older window and begins a new one. */
  #turn(): void {
    const dropped = this.#previous;
    for (let bucket = 0; bucket < dropped.length; bucket++) this.#both[bucket]! -= dropped[bucket]!;
    this.#previous = this.#current;
    this.#current = dropped.fill(0);
    this.#currentRuns = 0;
  }
}
