// EventQueue: a virtual clock and what is due on it. Time stands still while something happens and jumps to the next
// event; of one instant those with the
// lowest place go first, and of one place those that were scheduled first.

import type { TimerTarget } from '../../runtime/timer-wheel.ts';

/** One thing that will happen; `due` undefined: it was taken back. */
interface Event {
  dueMs: number;
  place: number;
  order: number;
  target: TimerTarget | undefined;
  tag: number;
}

export class EventQueue {
  nowMs: number;
  /** A binary heap. */
  readonly #heap: Event[] = [];
  readonly #byHandle = new Map<number, Event>();
  #order = 0;

  constructor(startMs = 0) {
    this.nowMs = startMs;
  }

  add(dueMs: number, target: TimerTarget, tag: number, place = 0): number {
    const event: Event = { dueMs: Math.max(dueMs, this.nowMs), place, order: ++this.#order, target, tag };
    this.#byHandle.set(event.order, event);
    this.#heap.push(event);
    this.#up(this.#heap.length - 1);
    return event.order;
  }

  remove(handle: number): void {
    const event = this.#byHandle.get(handle);
    if (event !== undefined) event.target = undefined;
    this.#byHandle.delete(handle);
  }

  /** Lets the next event happen; false: there is none. */
  step(): boolean {
    for (;;) {
      const event = this.#take();
      if (event === undefined) return false;
      if (event.target === undefined) continue;
      this.#byHandle.delete(event.order);
      this.nowMs = event.dueMs;
      event.target.onTimer(event.tag);
      return true;
    }
  }

  #take(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    heap[0] = last;
    this.#down(0);
    return first;
  }

  #up(from: number): void {
    const heap = this.#heap;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(heap[at]!, heap[parent]!)) return;
      [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
      at = parent;
    }
  }

  #down(from: number): void {
    const heap = this.#heap;
    let at = from;
    for (;;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && isBefore(heap[child]!, heap[least]!)) least = child;
      }
      if (least === at) return;
      [heap[at], heap[least]] = [heap[least]!, heap[at]!];
      at = least;
    }
  }
}

function isBefore(one: Event, other: Event): boolean {
  if (one.dueMs !== other.dueMs) return one.dueMs < other.dueMs;
  return one.place === other.place ? one.order < other.order : one.place < other.place;
}
