// MethodTimes: how long the runs of one method have lately taken on this thread, and whether one more may begin although it
// has less time left than that. LateStarts asks before a request starts, and tells when its fiber has ended: a compare at the
// start, a bucket at the end.
//
// What a method takes is the median of its recent runs, by the wall clock, waiting included: of those that begin with less,
// more than half would be answered too late. A run that waits for a backend costs little here, but asks that backend for what
// nobody will read. Such a bound can lock a method out: it was slow once, and what is never started never shows that it has
// become fast. So there are three ways out:
//
//   - runs are forgotten after one to two epochs, and fewer than `runsMin` say nothing;
//   - a trickle begins all the same: one request, then none for a pause, which grows with each that came too late;
//   - when half of the last ones that began with too little were in time all the same, the median tells nothing about this
//     method (it has recovered, or it makes do with the time that it is given): all may begin.
//
// Who is refused for nothing loses more than a run in vain costs: where the median is known to lie between two values, a
// request is refused that has less time left than the smaller.

import { LatencyBuckets } from '../runtime/shared/latency-buckets.ts';

/** How long a run is remembered: one to two of these, ms. A backend's outage is forgotten in ten seconds. */
export const epochMs = 5_000;
/** Runs that must be known before the median means something. */
export const runsMin = 10;
/** The first pause between two requests that begin although they are late, ms; it doubles with each that was in vain. */
const pauseFirstMs = 10;
/** The longest pause: in medians, so that the trickle costs a twentieth of a thread; and ms, so that it never dries up. */
const pauseMaxRuns = 20;
const pauseMaxMs = 1_000;
/** Of the last late runs, as many as bits of `#outcomes`, so many must have been in time before all may start. */
const inTimeMin = 8;
const outcomeMask = 0xffff;
/**
 * How often the median is looked for, ms: that costs half a microsecond. And after a quarter more runs, `runsMin` at least:
 * those of a burst end together, and nothing may end for long after it.
 */
const lookEveryMs = 50;

/** Buckets an eighth of their time wide: a run takes at most so much longer than the beginning of its bucket. */
const buckets = new LatencyBuckets(3);

export class MethodTimes {
  /** The median of the recent runs, ms, rounded down by an eighth at most; 0: too little is known. */
  medianMs = 0;
  /** Runs of the last epoch and of this one together, by bucket; those of this epoch alone. */
  readonly #recent = new Uint32Array(buckets.count);
  #epoch = new Uint32Array(buckets.count);
  #spare = new Uint32Array(buckets.count);
  #recentRuns = 0;
  #epochRuns = 0;
  #epochEndMs: number;
  #nextLookMs = 0;
  #nextLookRuns = runsMin;
  /** The last runs that began late, a bit for each, the newest lowest: was it in time? */
  #outcomes = 0;
  #inTime = 0;
  #pauseMs = pauseFirstMs;
  #nextTrickleMs = 0;

  constructor(nowMs: number) {
    this.#epochEndMs = nowMs + epochMs;
  }

  /** May a request begin that has less left than the median? Only asked then. */
  mayStartLate(leftMs: number, nowMs: number): boolean {
    // Where nothing ends, since nothing begins, nobody else turns the epoch.
    if (nowMs >= this.#epochEndMs) {
      this.#turn(nowMs);
      if (leftMs >= this.medianMs) return true;
    }
    if (this.#inTime >= inTimeMin) return true;
    if (nowMs < this.#nextTrickleMs) return false;
    this.#nextTrickleMs = nowMs + this.#pauseMs;
    return true;
  }

  /** A run has ended. `deadlineMs`: Infinity: it had none. */
  ended(startedMs: number, deadlineMs: number, nowMs: number): void {
    const tookMs = nowMs - startedMs;
    const isLate = nowMs > deadlineMs;
    // One that was cut off at its deadline would have taken longer: rounded down, it would look as if it had been in time.
    const bucket = Math.min(buckets.bucketOf(tookMs) + (isLate ? 1 : 0), buckets.count - 1);
    this.#epoch[bucket]!++;
    this.#recent[bucket]!++;
    this.#epochRuns++;
    this.#recentRuns++;
    if (deadlineMs - startedMs < this.medianMs) this.#endedLate(!isLate, nowMs);
    if (nowMs < this.#nextLookMs && this.#recentRuns < this.#nextLookRuns) return;
    if (nowMs >= this.#epochEndMs) this.#turn(nowMs);
    else this.#look(nowMs);
  }

  #endedLate(inTime: boolean, nowMs: number): void {
    this.#note(inTime ? 1 : 0);
    if (inTime) {
      this.#pauseMs = pauseFirstMs;
      this.#nextTrickleMs = Math.min(this.#nextTrickleMs, nowMs + pauseFirstMs);
    } else {
      const pauseMs = Math.min(2 * this.#pauseMs, pauseMaxRuns * this.medianMs, pauseMaxMs);
      this.#pauseMs = Math.max(pauseFirstMs, pauseMs);
      // Counted from its end: a long run would else be followed by the next one at once.
      this.#nextTrickleMs = nowMs + this.#pauseMs;
    }
  }

  #note(inTime: 0 | 1): void {
    const oldest = this.#outcomes > outcomeMask >> 1 ? 1 : 0;
    this.#outcomes = ((this.#outcomes << 1) | inTime) & outcomeMask;
    this.#inTime += inTime - oldest;
  }

  #turn(nowMs: number): void {
    // After a pause both epochs are of old.
    const isStale = nowMs >= this.#epochEndMs + epochMs;
    const epoch = this.#epoch;
    if (isStale) {
      this.#recent.fill(0);
      this.#recentRuns = 0;
    } else {
      this.#recent.set(epoch);
      this.#recentRuns = this.#epochRuns;
    }
    this.#epoch = this.#spare.fill(0);
    this.#spare = epoch;
    this.#epochRuns = 0;
    this.#epochEndMs = nowMs + epochMs;
    this.#look(nowMs);
  }

  #look(nowMs: number): void {
    this.#nextLookMs = nowMs + lookEveryMs;
    this.#nextLookRuns = this.#recentRuns + Math.max(runsMin, this.#recentRuns >> 2);
    this.medianMs = this.#recentRuns < runsMin ? 0 : buckets.lowerMs(buckets.quantileBucket(this.#recent, 0.5));
  }
}
