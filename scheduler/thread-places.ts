// ThreadPlaces (main thread): the places of a generation whose threads have died: when each is filled again, and whether a
// queue has nobody left who takes from it, which is then down.

import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { type RestartLimits, RestartPolicy } from '../runtime/restart-policy.ts';
import type { DeathCause } from './death.ts';
import type { Supervisor } from './supervisor.ts';

export interface ThreadPlacesOptions {
  pool: string;
  generation: number;
  count: number;
  /** Names of run queues that the thread at a place takes from. */
  takes: (place: number) => string[];
  threadName: (place: number) => string;
  restart: RestartLimits | undefined;
  supervisor: Pick<Supervisor, 'setPoolDown'>;
  clock: Clock;
  log: Logger;
  /** A thread of this place goes; of a place that is handed on, either of the two will do. */
  serves(place: number): boolean;
  /** Puts a thread there now. */
  fill(place: number): void;
}

export class ThreadPlaces {
  readonly #options: ThreadPlacesOptions;
  readonly #restart: RestartPolicy;
  /** Places whose threads die too often, with the timer that ends their wait. */
  readonly #waiting = new Map<number, unknown>();
  /** Run queues that nobody will take from before such a wait ends. */
  readonly #down = new Set<string>();

  constructor(options: ThreadPlacesOptions) {
    this.#options = options;
    this.#restart = new RestartPolicy(options.restart);
  }

  isDown(queue: string): boolean {
    return this.#down.has(queue);
  }

  /** A place is empty: a new thread, at once or later. */
  onEmpty(place: number, cause?: DeathCause): void {
    const { log, clock, pool, threadName, fill } = this.#options;
    const waitMs = this.#restart.onDeath(clock.nowMs());
    const { deaths } = this.#restart;
    const { windowMs } = this.#restart.limits;
    if (waitMs === 0) {
      log.warn({ thread: threadName(place), pool, cause, deaths, windowMs }, 'a thread died; it is replaced');
      fill(place);
      return;
    }
    const fields = { thread: threadName(place), pool, cause, deaths, windowMs, waitMs };
    log.error(fields, 'threads of this pool die too often');
    const timer = clock.setTimer(waitMs, () => {
      this.#waiting.delete(place);
      fill(place);
    });
    this.#waiting.set(place, timer);
    this.judgeDown();
  }

  /** A queue is down once all places that take from it wait, and up again when one of their threads goes. */
  judgeDown(): void {
    const { pool, generation, count, takes, serves, supervisor, log } = this.#options;
    const places = Array.from({ length: count }, (_, place) => place);
    for (const queue of new Set(places.flatMap(takes))) {
      const takers = places.filter((place) => takes(place).includes(queue));
      const isDown = this.#down.has(queue);
      if (!isDown && takers.every((place) => this.#waiting.has(place))) {
        this.#down.add(queue);
        supervisor.setPoolDown(queue, 'deaths');
        log.error({ pool, generation, queue }, 'the pool is down: its calls are answered UNAVAILABLE');
      } else if (isDown && takers.some((place) => serves(place))) {
        this.#down.delete(queue);
        supervisor.setPoolDown(queue, false);
        log.warn({ pool, generation, queue }, 'the pool is up again');
      }
    }
  }

  /** From here on no place is filled. */
  close(): void {
    for (const timer of this.#waiting.values()) this.#options.clock.clearTimer(timer);
    this.#waiting.clear();
  }

  /** Nobody takes from its queues any more, though something waits there: it is answered now. */
  giveUp(): void {
    const { count, takes, supervisor } = this.#options;
    for (const queue of Array.from({ length: count }, (_, place) => takes(place)).flat()) {
      if (this.#down.has(queue)) continue;
      this.#down.add(queue);
      supervisor.setPoolDown(queue, 'left');
    }
  }

  /** Nobody puts into its queues any more: they are the next one's, and none of them is down. */
  handOver(): void {
    for (const queue of this.#down) this.#options.supervisor.setPoolDown(queue, false);
    this.#down.clear();
  }
}
