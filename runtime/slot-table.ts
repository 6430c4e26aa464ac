// SlotTable: what is under way, by a small integer. A tag is a slot's index and its generation, so that whoever comes with
// the tag of something that is over finds nothing. Freed slots are reused first in, first out: as late as possible.

const indexBits = 20;
const indexMask = (1 << indexBits) - 1;
/** Generations run through 11 bits, so that a tag is a positive int31. */
const generationMask = (1 << 11) - 1;
const none = -1;

export class SlotTable<Value> {
  readonly #slotsMax: number;
  #values: (Value | undefined)[] = [];
  #generations = new Int32Array(0);
  #nextFree = new Int32Array(0);
  #firstFree = none;
  #lastFree = none;
  #size = 0;

  /** `slotsMax`: at most 2^20. */
  constructor(slotsMax: number) {
    if (slotsMax < 1 || slotsMax > indexMask + 1) {
      throw new RangeError(`slotsMax must be 1 to ${indexMask + 1}, not ${slotsMax}`);
    }
    this.#slotsMax = slotsMax;
  }

  get size(): number {
    return this.#size;
  }

  /** A tag for `value`, or -1 when every slot is taken. */
  take(value: Value): number {
    if (this.#firstFree === none && !this.#grow()) return -1;
    const index = this.#firstFree;
    this.#firstFree = this.#nextFree[index]!;
    if (this.#firstFree === none) this.#lastFree = none;
    this.#values[index] = value;
    this.#size++;
    return (this.#generations[index]! << indexBits) | index;
  }

  /** Undefined: the tag is not in use. */
  get(tag: number): Value | undefined {
    const index = tag & indexMask;
    return this.#generations[index] === tag >>> indexBits ? this.#values[index] : undefined;
  }

  /** Frees the slot of a tag and returns its value; undefined when the tag is not in use. */
  release(tag: number): Value | undefined {
    const value = this.get(tag);
    if (value === undefined) return undefined;
    const index = tag & indexMask;
    this.#values[index] = undefined;
    this.#generations[index] = (this.#generations[index]! + 1) & generationMask;
    this.#size--;
    this.#append(index);
    return value;
  }

  #append(index: number): void {
    this.#nextFree[index] = none;
    if (this.#lastFree === none) this.#firstFree = index;
    else this.#nextFree[this.#lastFree] = index;
    this.#lastFree = index;
  }

  #grow(): boolean {
    const before = this.#generations.length;
    if (before === this.#slotsMax) return false;
    const after = Math.min(this.#slotsMax, Math.max(64, before * 2));
    const generations = new Int32Array(after);
    generations.set(this.#generations);
    this.#generations = generations;
    const nextFree = new Int32Array(after);
    nextFree.set(this.#nextFree);
    this.#nextFree = nextFree;
    for (let index = before; index < after; index++) {
      this.#values[index] = undefined;
      this.#append(index);
    }
    return true;
  }
}
