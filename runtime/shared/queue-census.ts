// QueueCensus: how many requests of which method wait in the lanes of one run queue, as one asker sees it: for the shares of
// services in a pool. It is read off the slots themselves, so it knows of all that takes a slot, wanted or not, and no
// thread's death can leave it wrong. A look costs as much as the lane is long, so it is made anew only once a part of the
// lane has been put or taken; and only a lane that is half full is looked at.

import { laneCount } from './layout.ts';
import type { RunQueue } from './run-queue.ts';

/** A lane is counted anew once more than 1 / 2^this of it was put or taken: by so much a count may be wrong. */
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

  /** Requests of these methods in a lane, about. `methods`: ascending, at least one. */
  waiting(lane: number, methods: readonly number[]): number {
    const counts = this.#fresh(lane, methods.at(-1)!);
    let waiting = 0;
    for (const method of methods) waiting += counts[method]!;
    return waiting;
  }

  #fresh(lane: number, methodMax: number): Uint32Array {
    const head = this.#queue.head(lane);
    const tail = this.#queue.tail(lane);
    const known = this.#counts[lane];
    const moved = Math.max((head - this.#heads[lane]!) >>> 0, (tail - this.#tails[lane]!) >>> 0);
    if (known !== undefined && methodMax < known.length && moved <= this.#slack) return known;
    const counts = known !== undefined && methodMax < known.length ? known.fill(0) : new Uint32Array(methodMax + 1);
    this.#counts[lane] = counts;
    this.#heads[lane] = head;
    this.#tails[lane] = tail;
    this.#queue.countMethods(lane, counts);
    return counts;
  }
}
