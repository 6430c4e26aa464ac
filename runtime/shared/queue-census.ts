// QueueCensus: how many requests of which method wait in the lanes of one run queue, as one asker sees it: for the shares of
// services in a pool. It is read off the slots themselves, so it knows of all that takes a slot, wanted or not, and no
// thread's death can leave it wrong. A look costs as much as the lane is long, so it is made anew only once so much of the
// lane has been put or taken that the answer may be another; and only a lane that is half full is looked at.

import { laneCount } from './layout.ts';
import type { RunQueue } from './run-queue.ts';

/** A count may be wrong by 1 / 2^this of the lane; so much may be put or taken before it is made anew. */
const staleShift = 6;

export class QueueCensus {
  readonly #queue: RunQueue;
  readonly #slack: number;
  /** By lane, then by method; undefined: not counted yet. */
  readonly #counts: (Uint32Array | undefined)[] = new Array<undefined>(laneCount).fill(undefined);
  readonly #heads = new Int32Array(laneCount);
  readonly #tails = new Int32Array(laneCount);

  constructor(queue: RunQueue) {
    this.#queue = queue;
    this.#slack = queue.capacity >>> staleShift;
  }

  /** Whether requests of these methods in a lane are so many, about. `methods`: ascending, at least one. */
  reaches(lane: number, methods: readonly number[], many: number): boolean {
    const head = this.#queue.head(lane);
    const tail = this.#queue.tail(lane);
    const known = this.#counts[lane];
    const methodMax = methods.at(-1)!;
    if (known === undefined || methodMax >= known.length) this.#counts[lane] = new Uint32Array(methodMax + 1);
    else {
      const waiting = sum(known, methods);
      const taken = (head - this.#heads[lane]!) >>> 0;
      const put = (tail - this.#tails[lane]!) >>> 0;
      if (Math.max(taken, put) <= this.#slack) return waiting >= many;
      // Had all that came been theirs, or all that went.
      if (waiting + put < many) return false;
      if (waiting - taken - this.#slack >= many) return true;
      known.fill(0);
    }
    const counts = this.#counts[lane]!;
    this.#heads[lane] = head;
    this.#tails[lane] = tail;
    this.#queue.countMethods(lane, counts);
    return sum(counts, methods) >= many;
  }
}

function sum(counts: Uint32Array, methods: readonly number[]): number {
  let all = 0;
  for (const method of methods) all += counts[method]!;
  return all;
}
