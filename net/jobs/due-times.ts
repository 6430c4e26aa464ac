// DueTimes (main thread): when a job is due next: every so many ms from the start of the process on, by the monotonic
// clock; or at the times of a cron expression, by the wall clock.

import { Cron } from 'croner';
import type { Clock, Random } from '../../runtime/clock.ts';
import type { JobSettings } from '../../runtime/jobs.ts';

/** A due time that is found so much too late, since main hung or the machine slept, is missed: nothing runs for it, ms. */
export const lateMaxMs = 60_000;
/**
 * A wall clock that is set back by no more than this makes no time come twice, and runs wait until it is there again; one
 * that is set back by more was wrong before, and from then on it counts, ms.
 */
export const setBackMaxMs = 60_000;

export interface DueTimes {
  /** How long until the next due time, ms; negative once it is past; undefined: there is none any more. */
  untilMs(): number | undefined;
  /** The next due time for people, ms since 1970. */
  readonly atWallMs: number | undefined;
  /**
   * Goes on to the first due time that is still to come: what has passed meanwhile is not made up for. Returns how long ago
   * the latest of those was, ms; undefined: none has come.
   */
  pass(): number | undefined;
}

/** The first due time is one period from now, or the next that the expression names. */
export function dueTimes({ schedule, jitterMs }: JobSettings, clock: Clock, random: Random): DueTimes {
  if ('everyMs' in schedule) return new IntervalTimes(schedule.everyMs, jitterMs, clock, random);
  return new CronTimes(schedule.cron, schedule.timezone, jitterMs, clock, random);
}

/** Steps over the due times that have come. Few: a step goes over all that lie too far back to be run. */
function passDue(times: { untilMs(): number | undefined; step(): void }): number | undefined {
  let lateMs: number | undefined;
  for (let untilMs = times.untilMs(); untilMs !== undefined && untilMs <= 0; untilMs = times.untilMs()) {
    lateMs = -untilMs;
    times.step();
  }
  return lateMs;
}

class IntervalTimes implements DueTimes {
  readonly #everyMs: number;
  readonly #jitterMs: number;
  readonly #clock: Clock;
  readonly #random: Random;
  /** The due time before its jitter: chance must not add up. */
  #gridMs: number;
  #dueMs = 0;
  atWallMs = 0;

  constructor(everyMs: number, jitterMs: number, clock: Clock, random: Random) {
    this.#everyMs = everyMs;
    this.#jitterMs = jitterMs;
    this.#clock = clock;
    this.#random = random;
    this.#gridMs = clock.nowMs();
    this.step();
  }

  untilMs(): number {
    return this.#dueMs - this.#clock.nowMs();
  }

  pass(): number | undefined {
    return passDue(this);
  }

  step(): void {
    const nowMs = this.#clock.nowMs();
    // The time before the last one has come, whatever its jitter, which is shorter than a period.
    const periods = Math.max(1, Math.floor((nowMs - this.#gridMs) / this.#everyMs) - 1);
    this.#gridMs += periods * this.#everyMs;
    this.#dueMs = this.#gridMs + this.#random() * this.#jitterMs;
    this.atWallMs = Math.round(this.#clock.wallMs() + this.#dueMs - nowMs);
  }
}

class CronTimes implements DueTimes {
  readonly #cron: Cron;
  readonly #jitterMs: number;
  readonly #clock: Clock;
  readonly #random: Random;
  /** The latest that the wall clock has been, ms since 1970. */
  #seenWallMs: number;
  /** The time that the expression names, ms since 1970. */
  #gridWallMs: number;
  atWallMs: number | undefined;

  constructor(pattern: string, timezone: string, jitterMs: number, clock: Clock, random: Random) {
    // Paused: its own timers are never set.
    this.#cron = new Cron(pattern, { timezone, paused: true });
    this.#jitterMs = jitterMs;
    this.#clock = clock;
    this.#random = random;
    this.#seenWallMs = clock.wallMs();
    this.#gridWallMs = this.#seenWallMs;
    this.step();
  }

  untilMs(): number | undefined {
    const wallMs = this.#clock.wallMs();
    if (wallMs < this.#seenWallMs - setBackMaxMs) {
      this.#seenWallMs = wallMs;
      this.#gridWallMs = wallMs;
      this.step();
    }
    this.#seenWallMs = Math.max(this.#seenWallMs, wallMs);
    return this.atWallMs === undefined ? undefined : this.atWallMs - wallMs;
  }

  pass(): number | undefined {
    return passDue(this);
  }

  step(): void {
    // Whose time with its jitter lies before this is too late in any case.
    const earliestMs = this.#clock.wallMs() - lateMaxMs - this.#jitterMs;
    const next = this.#after(Math.max(this.#gridWallMs, earliestMs));
    this.#gridWallMs = next ?? Number.POSITIVE_INFINITY;
    this.atWallMs = next === undefined ? undefined : Math.round(next + this.#jitterOf(next));
  }

  #after(wallMs: number): number | undefined {
    return this.#cron.nextRun(new Date(wallMs))?.getTime();
  }

  /** Ends before the time that follows: gaps differ, above all where the hour changes, and no time may be lost in it. */
  #jitterOf(time: number): number {
    if (this.#jitterMs === 0) return 0;
    const following = this.#after(time) ?? Number.POSITIVE_INFINITY;
    return this.#random() * Math.min(this.#jitterMs, following - time);
  }
}
