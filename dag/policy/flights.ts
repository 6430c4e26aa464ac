// Flights: of equal keys under way only one does the work (single flight, as in golang.org/x/sync). One per node with a
// cache, and thread. Who joins first leads and works; the others wait as its followers. No timers and no callbacks: what
// followers are told, the executor tells them. Bounded by the runs that are under way on the thread: each leads or waits
// for one key at most.
//
//   no flight ──join──> led, nobody waits ──join──> led, some wait
//
//   landed  the leader has a value or an error for all: the flight is over, and the waiting are handed out. It is over
//           before anybody is told, so whoever joins the key while they are being told begins a new flight.
//   passed  the leader was cancelled or ran out of time, which is no answer for others: the first that waits leads, and
//           does the work itself; when nobody waits, the flight is over.
//
// The leader ends its lead by exactly one of the two. A follower that has been handed out can't leave any more: one that
// is cancelled while others are being told must be skipped by whoever tells them.

import type { CacheKey } from './cache.ts';

export class Flights<Follower> {
  /** Followers, ever: the runs that needed no work of their own, but for those that had to lead afterwards. */
  followed = 0;
  /** In the order in which they came; the shared `nobody` until the first one comes. */
  readonly #waiting = new Map<CacheKey, Set<Follower>>();
  readonly #nobody: Set<Follower> = new Set();

  /** Keys under way. */
  get size(): number {
    return this.#waiting.size;
  }

  /** True: the caller leads. False: it waits. */
  join(key: CacheKey, follower: Follower): boolean {
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) {
      this.#waiting.set(key, this.#nobody);
      return true;
    }
    this.followed++;
    if (waiting === this.#nobody) this.#waiting.set(key, new Set<Follower>().add(follower));
    else waiting.add(follower);
    return false;
  }

  /** The leader has an answer for everybody. Returns those who waited for it, first come first. */
  landed(key: CacheKey): ReadonlySet<Follower> {
    const waiting = this.#waiting.get(key) ?? this.#nobody;
    this.#waiting.delete(key);
    return waiting;
  }

  /** The leader has no answer. Returns who leads from here on; undefined: nobody waited. */
  passed(key: CacheKey): Follower | undefined {
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) return undefined;
    for (const follower of waiting) {
      waiting.delete(follower);
      return follower;
    }
    this.#waiting.delete(key);
    return undefined;
  }

  /** A follower waits no more; false: it did not wait. A leader does not leave, it passes. */
  leave(key: CacheKey, follower: Follower): boolean {
    return this.#waiting.get(key)?.delete(follower) ?? false;
  }
}
