// TimerWheel: deadlines in O(1), one per thread, no timer object per request. A hashed wheel (Varghese and Lauck 1987,
// scheme 6) whose entries are links in typed arrays; one real timer drives it, and only while it holds entries.

import type { Clock } from './clock.ts';

/** What a due entry calls. */
export interface TimerTarget {
  /** `tag` as given to `add`. Must not throw. */
  onTimer(tag: number): void;
}

/** Where the wheel is, its width and how many entries it may hold. */
export interface TimerWheelOptions {
  clock: Clock;
  /** Width of one slot, ms. Default 1: entries fire at most this late, besides the event loop's own delay. */
  tickMs?: number;
  /** Slots of the wheel; a power of two. Default 1024. */
  slots?: number;
}

const none = -1;

/**
 * Entries are numbers (handles). `add` costs about 40 ns, `remove` less; both allocate only when the wheel grows.
 * Entries that are due fire in slot order; within one slot in no promised order.
 */
export class TimerWheel {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #mask: number;
  /** First entry of each slot. */
  readonly #heads: Int32Array;
  #next = new Int32Array(0);
  #previous = new Int32Array(0);
  #dueTick = new Float64Array(0);
  #slotOf = new Int32Array(0);
  #tags = new Int32Array(0);
  #targets: (TimerTarget | undefined)[] = [];
  #free = none;
  #size = 0;
  /** Every tick below this one has been looked at. */
  #tick: number;
  #timer: unknown;
  #timerTick = Number.POSITIVE_INFINITY;

  constructor(options: TimerWheelOptions) {
    this.#clock = options.clock;
    this.#tickMs = options.tickMs ?? 1;
    const slots = options.slots ?? 1024;
    if (slots <= 0 || (slots & (slots - 1)) !== 0) throw new RangeError(`slots must be a power of two, not ${slots}`);
    this.#mask = slots - 1;
    this.#heads = new Int32Array(slots).fill(none);
    this.#tick = this.#tickAt(this.#clock.nowMs());
  }

  /** Entries waiting. */
  get size(): number {
    return this.#size;
  }

  /** Calls `target.onTimer(tag)` once the clock has reached `dueMs`. Returns the handle that `remove` takes. */
  add(dueMs: number, target: TimerTarget, tag: number): number {
    if (this.#free === none) this.#grow();
    const entry = this.#free;
    this.#free = this.#next[entry]!;
    const nowMs = this.#clock.nowMs();
    if (this.#size === 0) this.#tick = Math.max(this.#tick, this.#tickAt(nowMs));
    // Rounded up, so that nothing fires early.
    const due = Math.max(Math.ceil(dueMs / this.#tickMs), this.#tick);
    const slot = due & this.#mask;
    const head = this.#heads[slot]!;
    this.#next[entry] = head;
    this.#previous[entry] = none;
    if (head !== none) this.#previous[head] = entry;
    this.#heads[slot] = entry;
    this.#slotOf[entry] = slot;
    this.#dueTick[entry] = due;
    this.#tags[entry] = tag;
    this.#targets[entry] = target;
    this.#size++;
    if (due < this.#timerTick) this.#arm(due, nowMs);
    return entry;
  }

  /** Takes an entry back. The handle must be one that has neither fired nor been removed. */
  remove(entry: number): void {
    const next = this.#next[entry]!;
    const previous = this.#previous[entry]!;
    if (previous === none) this.#heads[this.#slotOf[entry]!] = next;
    else this.#next[previous] = next;
    if (next !== none) this.#previous[next] = previous;
    this.#targets[entry] = undefined;
    this.#next[entry] = this.#free;
    this.#free = entry;
    this.#size--;
    // The timer is left as it is: at worst it fires once for nothing, which is cheaper than a clear per request.
  }

  /** Fires what is due. The timer calls it; a busy loop may too, so that a late timer does not delay deadlines. */
  advance(): void {
    const nowTick = this.#tickAt(this.#clock.nowMs());
    if (nowTick < this.#tick) return;
    // One turn of the wheel visits every slot, however long the thread was away.
    const last = Math.min(nowTick, this.#tick + this.#mask);
    const first = this.#tick;
    this.#tick = nowTick + 1;
    for (let tick = first; tick <= last && this.#size > 0; tick++) this.#fireSlot(tick & this.#mask, nowTick);
  }

  /** Stops the timer; the wheel must not be used again. */
  close(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #fireSlot(slot: number, nowTick: number): void {
    let entry = this.#heads[slot]!;
    while (entry !== none) {
      if (this.#dueTick[entry]! > nowTick) {
        entry = this.#next[entry]!;
        continue;
      }
      const target = this.#targets[entry]!;
      const tag = this.#tags[entry]!;
      this.remove(entry);
      target.onTimer(tag);
      // The call may have added or removed any entry of this slot, so begin again.
      entry = this.#heads[slot]!;
    }
  }

  #tickAt(ms: number): number {
    return Math.floor(ms / this.#tickMs);
  }

  #arm(due: number, nowMs: number): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timerTick = due;
    this.#timer = this.#clock.setTimer(Math.max(0, due * this.#tickMs - nowMs), () => this.#onTimer());
  }

  #onTimer(): void {
    this.#timer = undefined;
    this.#timerTick = Number.POSITIVE_INFINITY;
    this.advance();
    if (this.#size === 0) return;
    // The next tick that has an entry, at most one turn ahead (an entry may lie further rounds out).
    let due = this.#tick;
    const end = this.#tick + this.#mask;
    while (due < end && this.#heads[due & this.#mask] === none) due++;
    if (due < this.#timerTick) this.#arm(due, this.#clock.nowMs());
  }

  #grow(): void {
    const before = this.#next.length;
    const after = Math.max(64, before * 2);
    this.#next = copyInto(new Int32Array(after), this.#next);
    this.#previous = copyInto(new Int32Array(after), this.#previous);
    this.#slotOf = copyInto(new Int32Array(after), this.#slotOf);
    this.#tags = copyInto(new Int32Array(after), this.#tags);
    this.#dueTick = copyInto(new Float64Array(after), this.#dueTick);
    for (let entry = after - 1; entry >= before; entry--) {
      this.#next[entry] = this.#free;
      this.#free = entry;
      this.#targets[entry] = undefined;
    }
  }
}

function copyInto<Numbers extends Int32Array | Float64Array>(target: Numbers, source: Numbers): Numbers {
  target.set(source);
  return target;
}
