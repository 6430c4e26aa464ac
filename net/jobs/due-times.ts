// DueTimes (main thread): when a job is due next: every so many ms from the start of the process on, by the monotonic
// clock; or at the times of a cron expression, by the wall clock.

import { Cron } from 'croner';
import type { Clock, Random } from '../../runtime/clock.ts';
import type { JobSettings } from '../../runtime/jobs.ts';

export interface DueTimes {
  /** How long until the next due time, ms; negative once it is past; undefined: there is none any more. */
  untilMs(): number | undefined;
  /** The next due time for people, ms since 1970. */
  readonly atWallMs: number | undefined;
  /** Goes on to the first due time that is still to come: what has passed meanwhile is not made up for. */
  pass(): void;
}

/** The first due time is one period from now, or the next that the expression names. */
export function dueTimes({ schedule, jitterMs }: JobSettings, clock: Clock, random: Random): DueTimes {
  const jitter = (): number => random() * jitterMs;
  if ('everyMs' in schedule) return new IntervalTimes(schedule.everyMs, jitter, clock);
  return new CronTimes(schedule.cron, schedule.timezone, jitter, clock);
}

class IntervalTimes implements DueTimes {
  readonly #everyMs: number;
  readonly #jitter: () => number;
  readonly #clock: Clock;
  /** The due time before its jitter: chance must not add up. */
  #gridMs: number;
  #dueMs = 0;
  atWallMs = 0;

  constructor(everyMs: number, jitter: () => number, clock: Clock) {
    this.#everyMs = everyMs;
    this.#jitter = jitter;
    this.#clock = clock;
    this.#gridMs = clock.nowMs();
    this.pass();
  }

  untilMs(): number {
    return this.#dueMs - this.#clock.nowMs();
  }

  pass(): void {
    const nowMs = this.#clock.nowMs();
    this.#gridMs += (Math.floor((nowMs - this.#gridMs) / this.#everyMs) + 1) * this.#everyMs;
    this.#dueMs = this.#gridMs + this.#jitter();
    this.atWallMs = Math.round(this.#clock.wallMs() + this.#dueMs - nowMs);
  }
}

class CronTimes implements DueTimes {
  readonly #cron: Cron;
  readonly #jitter: () => number;
  readonly #clock: Clock;
  /** The time that the expression names, ms since 1970. */
  #gridWallMs: number;
  atWallMs: number | undefined;

  constructor(pattern: string, timezone: string, jitter: () => number, clock: Clock) {
    // Paused: its own timers are never set.
    this.#cron = new Cron(pattern, { timezone, paused: true });
    this.#jitter = jitter;
    this.#clock = clock;
    this.#gridWallMs = clock.wallMs();
    this.pass();
  }

  untilMs(): number | undefined {
    return this.atWallMs === undefined ? undefined : this.atWallMs - this.#clock.wallMs();
  }

  pass(): void {
    // A wall clock that was set back must not make the same time come twice.
    const after = new Date(Math.max(this.#gridWallMs, this.#clock.wallMs()));
    const next = this.#cron.nextRun(after)?.getTime();
    this.#gridWallMs = next ?? Number.POSITIVE_INFINITY;
    this.atWallMs = next === undefined ? undefined : Math.round(next + this.#jitter());
  }
}
