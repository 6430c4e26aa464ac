// CallTable: the calls that one channel has taken and not yet answered, as slots in typed arrays: no object per call.
// A call's id is its slot and the slot's generation; slots are reused first in, first out. So a reply that comes after
// its call was cancelled or late names a generation that has passed, and never reaches the slot's next user.

import type { ReplySink } from '../../runtime/call.ts';

/** Ids are whole numbers in 1 .. 2^31 - 1: they fit the wire's uint32 and anyone's Int32Array. */
const idBits = 31;

/** Slots at first. The table doubles up to its capacity, so that a quiet client costs kilobytes. */
const firstSlots = 256;

/** `Carrier` is what holds a call now (undefined: it waits for a connection), `Route` its service and method. */
export class CallTable<Carrier, Route> {
  /** Calls at most. */
  readonly capacity: number;
  /** By slot, here and below. */
  readonly sinks: (ReplySink | undefined)[] = [];
  readonly carriers: (Carrier | undefined)[] = [];
  readonly routes: (Route | undefined)[] = [];
  tags = new Float64Array(0);
  /** The entry of the timer wheel, or -1. */
  timers = new Int32Array(0);
  /** When the call came, ms on the clock. */
  sinceMs = new Float64Array(0);
  /** Its deadline, ms on the clock; Infinity: none. */
  deadlinesMs = new Float64Array(0);
  /** Where the call's frame begins in its connection's stream of bytes. */
  positions = new Float64Array(0);
  /** The id of the slot's last call; its negative while the slot is free; 0: never used. */
  #ids = new Int32Array(0);
  readonly #slotBits: number;
  readonly #generationMax: number;
  /** A ring of free slots: `#freeCount` of them from `#freeStart` on. As long as there are slots. */
  #free = new Int32Array(0);
  #freeStart = 0;
  #freeCount = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#slotBits = Math.max(1, Math.ceil(Math.log2(capacity)));
    this.#generationMax = 2 ** (idBits - this.#slotBits) - 1;
  }

  /** Calls in the table. */
  get size(): number {
    return this.slots - this.#freeCount;
  }

  /** Slots so far; each below this may hold a call. */
  get slots(): number {
    return this.#free.length;
  }

  /** Takes a slot and returns the call's id, or -1 when the table is full. */
  claim(sink: ReplySink, tag: number): number {
    if (this.#freeCount === 0 && !this.#grow()) return -1;
    const slot = this.#free[this.#freeStart]!;
    this.#freeStart = this.#freeStart + 1 === this.slots ? 0 : this.#freeStart + 1;
    this.#freeCount--;
    // Generations run from 1, so no id is 0.
    const generation = ((-this.#ids[slot]! >>> this.#slotBits) % this.#generationMax) + 1;
    const id = (generation << this.#slotBits) | slot;
    this.#ids[slot] = id;
    this.sinks[slot] = sink;
    this.tags[slot] = tag;
    return id;
  }

  /** The slot of a call that waits for its reply, or -1: it was answered, cancelled or late, or there never was one. */
  slotOf(id: number): number {
    const slot = id & (2 ** this.#slotBits - 1);
    return id > 0 && slot < this.slots && this.#ids[slot] === id ? slot : -1;
  }

  /** The id of the call in a slot, or -1 when it is free. */
  idAt(slot: number): number {
    return Math.max(this.#ids[slot]!, 0) || -1;
  }

  /** Gives a slot back; it goes to the end of the queue. */
  release(slot: number): void {
    this.#ids[slot] = -this.#ids[slot]!;
    this.sinks[slot] = undefined;
    this.carriers[slot] = undefined;
    this.routes[slot] = undefined;
    this.timers[slot] = -1;
    const end = this.#freeStart + this.#freeCount;
    this.#free[end >= this.slots ? end - this.slots : end] = slot;
    this.#freeCount++;
  }

  /** More slots, all free; only while none is. False at the capacity. */
  #grow(): boolean {
    const before = this.slots;
    const after = Math.min(this.capacity, Math.max(firstSlots, before * 2));
    if (after === before) return false;
    this.tags = grown(this.tags, new Float64Array(after));
    this.sinceMs = grown(this.sinceMs, new Float64Array(after));
    this.deadlinesMs = grown(this.deadlinesMs, new Float64Array(after));
    this.positions = grown(this.positions, new Float64Array(after));
    this.timers = grown(this.timers, new Int32Array(after).fill(-1));
    this.#ids = grown(this.#ids, new Int32Array(after));
    this.#free = new Int32Array(after);
    for (let slot = before; slot < after; slot++) {
      this.sinks.push(undefined);
      this.carriers.push(undefined);
      this.routes.push(undefined);
      this.#free[slot - before] = slot;
    }
    this.#freeStart = 0;
    this.#freeCount = after - before;
    return true;
  }
}

function grown<Numbers extends Float64Array | Int32Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from);
  return to;
}
