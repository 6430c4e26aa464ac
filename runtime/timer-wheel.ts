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

/** The longest one real timer is set for, ms; setTimeout takes no more. It then fires for nothing and is set again. */
const timerMaxMs = 2 ** 31 - 1;

/**
 * Entries are numbers (handles). `add` costs about 40 ns, `remove` less; both allocate only when the wheel grows.
 * Entries that are due fire in slot order; within one slot in no promised order.
 */
export class TimerWheel {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #mask: number;
  /** First entry of each slot; the last element heads the entries that are being fired. */
  readonly #heads: Int32Array;
  /** Index of that last element. */
  readonly #firing: number;
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
    this.#heads = new Int32Array(slots + 1).fill(none);
    this.#firing = slots;
    this.#tick = this.#tickAt(this.#clock.nowMs());
  }

  /** Entries waiting. */
  get size(): number {
    return this.#size;
  }

  /**
   * Calls `target.onTimer(tag)` once the clock has reached `dueMs`. Returns the handle that `remove` takes. Throws a
   * RangeError when `dueMs` is not finite: what is never due needs no entry.
   */
  add(dueMs: number, target: TimerTarget, tag: number): number {
    if (!Number.isFinite(dueMs)) throw new RangeError(`dueMs must be finite, not ${dueMs}`);
    if (this.#free === none) this.#grow();
    const entry = this.#free;
    this.#free = this.#next[entry]!;
    // An empty wheel has not been turned while time went on.
    if (this.#size === 0) this.#tick = Math.max(this.#tick, this.#tickAt(this.#clock.nowMs()));
    // Rounded up, so that nothing fires early.
    const due = Math.max(Math.ceil(dueMs / this.#tickMs), this.#tick);
    this.#link(entry, due & this.#mask);
    this.#dueTick[entry] = due;
    this.#tags[entry] = tag;
    this.#targets[entry] = target;
    this.#size++;
    if (due < this.#timerTick) this.#arm(due);
    return entry;
  }

  /** Takes an entry back. The handle must be one that has neither fired nor been removed. */
  remove(entry: number): void {
    this.#unlink(entry);
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

  /** Two passes: what is called may add and remove entries of this slot, and would make one walk start over. */
  #fireSlot(slot: number, nowTick: number): void {
    let entry = this.#heads[slot]!;
    while (entry !== none) {
      const next = this.#next[entry]!;
      if (this.#dueTick[entry]! <= nowTick) {
        this.#unlink(entry);
        this.#link(entry, this.#firing);
      }
      entry = next;
    }
    for (entry = this.#heads[this.#firing]!; entry !== none; entry = this.#heads[this.#firing]!) {
      const target = this.#targets[entry]!;
      const tag = this.#tags[entry]!;
      this.remove(entry);
      target.onTimer(tag);
    }
  }

  #link(entry: number, slot: number): void {
    const head = this.#heads[slot]!;
    this.#next[entry] = head;
    this.#previous[entry] = none;
    if (head !== none) this.#previous[head] = entry;
    this.#heads[slot] = entry;
    this.#slotOf[entry] = slot;
  }

  #unlink(entry: number): void {
    const next = this.#next[entry]!;
    const previous = this.#previous[entry]!;
    if (previous === none) this.#heads[this.#slotOf[entry]!] = next;
    else this.#next[previous] = next;
    if (next !== none) this.#previous[next] = previous;
  }

  #tickAt(ms: number): number {
    return Math.floor(ms / this.#tickMs);
  }

  #arm(due: number): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timerTick = due;
    // Whole milliseconds, rounded up: setTimeout rounds down, and would fire for nothing just before the tick.
    const delayMs = Math.ceil(due * this.#tickMs - this.#clock.nowMs());
    this.#timer = this.#clock.setTimer(Math.min(Math.max(0, delayMs), timerMaxMs), () => this.#onTimer());
  }

  #onTimer(): void {
    this.#timer = undefined;
    this.#timerTick = Number.POSITIVE_INFINITY;
    this.advance();
    if (this.#size === 0) return;
    const due = this.#nextDue();
    if (due < this.#timerTick) this.#arm(due);
  }

  /** The next tick at which an entry is due, or the end of this turn of the wheel when none is due in it. */
  #nextDue(): number {
    const end = this.#tick + this.#mask;
    for (let tick = this.#tick; tick < end; tick++) {
      for (let entry = this.#heads[tick & this.#mask]!; entry !== none; entry = this.#next[entry]!) {
        if (this.#dueTick[entry]! <= tick) return tick;
      }
    }
    return end;
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
