// DueList: what is to happen at an instant of virtual time, the earliest first, and of two at the same instant the one that
// was added first. A binary heap.

export interface DueEntry {
  readonly dueMs: number;
  readonly order: number;
  /** False once it was taken back. */
  wanted: boolean;
  fire(): void;
}

export class DueList {
  readonly #heap: DueEntry[] = [];
  #order = 0;

  /** Throws RangeError for what is no number: it would never come and never go. */
  add(dueMs: number, fire: () => void): DueEntry {
    if (Number.isNaN(dueMs)) throw new RangeError('the time at which something is due is NaN; give a number of ms');
    const entry: DueEntry = { dueMs, order: this.#order++, wanted: true, fire };
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(entry, heap[above]!)) break;
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = entry;
    return entry;
  }

  /** When the first is due; Infinity: there is none. */
  get nextMs(): number {
    while (this.#heap.length > 0 && !this.#heap[0]!.wanted) this.#removeFirst();
    return this.#heap[0]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** The first, if it is due by then. */
  takeDue(nowMs: number): DueEntry | undefined {
    return this.nextMs <= nowMs ? this.#removeFirst() : undefined;
  }

  #removeFirst(): DueEntry {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++;
      if (!isBefore(heap[below]!, last)) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(left: DueEntry, right: DueEntry): boolean {
  return left.dueMs < right.dueMs || (left.dueMs === right.dueMs && left.order < right.order);
}
