// Arena: where an asker puts bodies that do not fit a slot. It alone allocates (a buddy allocator, Knowlton 1965, whose
// lists are private memory); a taker copies the body out and frees the block by one swap of the block's word. The asker
// learns of it when the request ends, or by looking again later.

import { load, store, swapIf } from './atomics.ts';
import { arenaBlockBytes, arenaBytes } from './layout.ts';

const none = -1;
/** Blocks of ended requests that a taker still holds: looked through when this many have come together, or on need. */
const sweepEvery = 64;

/** The asker's end. Blocks are named by the index of their first smallest block. */
export class Arena {
  readonly bytes: Buffer;
  readonly #words: Int32Array;
  readonly #dataStart: number;
  readonly #blocks: number;
  readonly #orderMax: number;
  /** First free block of each order (size 2^order smallest blocks). */
  readonly #freeHeads: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  /** Of a block's first smallest block: its order, and whether it is free. */
  readonly #order: Int8Array;
  readonly #isFree: Uint8Array;
  /** Given up by their requests, but perhaps still read. */
  readonly #zombies: number[] = [];
  #sweepAt = sweepEvery;
  #leased = 0;

  /** `dataBytes`: a power of two; also the largest body, since buddies never join beyond it. */
  static allocate(dataBytes: number): SharedArrayBuffer {
    return new SharedArrayBuffer(arenaBytes(dataBytes));
  }

  /** Takes the memory over from a dead owner, if it had one: all blocks are free, with generations it never gave out. */
  constructor(memory: SharedArrayBuffer) {
    this.#blocks = memory.byteLength / (arenaBlockBytes + 4);
    this.#words = new Int32Array(memory, 0, this.#blocks);
    for (let block = 0; block < this.#blocks; block++) {
      const word = load(this.#words, block);
      if (word !== 0) store(this.#words, block, (word + 2) & ~1);
    }
    this.#dataStart = this.#blocks * 4;
    this.bytes = Buffer.from(memory);
    this.#orderMax = 31 - Math.clz32(this.#blocks);
    this.#freeHeads = new Int32Array(this.#orderMax + 1).fill(none);
    this.#next = new Int32Array(this.#blocks);
    this.#previous = new Int32Array(this.#blocks);
    this.#order = new Int8Array(this.#blocks);
    this.#isFree = new Uint8Array(this.#blocks);
    this.#putFree(0, this.#orderMax);
  }

  /** Blocks handed out and not yet seen free: 0 over start when nothing leaks. */
  get leased(): number {
    this.#sweep();
    return this.#leased;
  }

  /** The largest body that fits when nothing else is there, bytes. */
  get bodyMax(): number {
    return this.#blocks * arenaBlockBytes;
  }

  /** A block for `byteLength` bytes, or -1: the arena is full. */
  allocate(byteLength: number): number {
    const blocks = Math.max(1, Math.ceil(byteLength / arenaBlockBytes));
    const order = 32 - Math.clz32(blocks - 1);
    if (order > this.#orderMax) return none;
    if (this.#zombies.length >= this.#sweepAt) {
      this.#sweep();
      this.#sweepAt = Math.max(sweepEvery, 2 * this.#zombies.length);
    }
    let block = this.#takeFree(order);
    if (block === none && this.#zombies.length > 0) {
      this.#sweep();
      block = this.#takeFree(order);
    }
    if (block === none) return none;
    this.#leased++;
    // Nobody else looks at a free block's word, so plain arithmetic on it is enough.
    store(this.#words, block, (load(this.#words, block) + 2) | 1);
    return block;
  }

  /** Goes with the block in the slot: a taker frees only the lease that it was given. */
  generation(block: number): number {
    return load(this.#words, block) >>> 1;
  }

  /** Byte offset of a block in `bytes`. */
  offset(block: number): number {
    return this.#dataStart + block * arenaBlockBytes;
  }

  /** The request that used the block has ended: taken back at once if its taker has freed it, else when it does. */
  giveUp(block: number): void {
    if ((load(this.#words, block) & 1) === 0) this.#reclaim(block);
    else this.#zombies.push(block);
  }

  /** A put that did not happen, or a dead taker's slot: frees the lease if it is still this one. */
  free(block: number, generation: number): void {
    freeBlock(this.#words, block, generation);
  }

  #sweep(): void {
    let kept = 0;
    for (const block of this.#zombies) {
      // Pairs with the swap in freeBlock().
      if ((load(this.#words, block) & 1) === 0) this.#reclaim(block);
      else this.#zombies[kept++] = block;
    }
    this.#zombies.length = kept;
  }

  #reclaim(block: number): void {
    this.#leased--;
    let order = this.#order[block]!;
    let first = block;
    while (order < this.#orderMax) {
      const buddy = first ^ (1 << order);
      if (this.#isFree[buddy] === 0 || this.#order[buddy] !== order) break;
      this.#unlink(buddy, order);
      first = Math.min(first, buddy);
      order++;
    }
    this.#putFree(first, order);
  }

  #takeFree(order: number): number {
    let from = order;
    while (from <= this.#orderMax && this.#freeHeads[from] === none) from++;
    if (from > this.#orderMax) return none;
    const block = this.#freeHeads[from]!;
    this.#unlink(block, from);
    while (from > order) {
      from--;
      this.#putFree(block + (1 << from), from);
    }
    this.#order[block] = order;
    return block;
  }

  #putFree(block: number, order: number): void {
    const head = this.#freeHeads[order]!;
    this.#order[block] = order;
    this.#isFree[block] = 1;
    this.#next[block] = head;
    this.#previous[block] = none;
    if (head !== none) this.#previous[head] = block;
    this.#freeHeads[order] = block;
  }

  #unlink(block: number, order: number): void {
    const next = this.#next[block]!;
    const previous = this.#previous[block]!;
    if (previous === none) this.#freeHeads[order] = next;
    else this.#next[previous] = next;
    if (next !== none) this.#previous[next] = previous;
    this.#isFree[block] = 0;
  }
}

/** A taker's end of somebody's arena. */
export class ArenaReader {
  readonly bytes: Buffer;
  readonly #words: Int32Array;
  readonly #dataStart: number;

  constructor(memory: SharedArrayBuffer) {
    const blocks = memory.byteLength / (arenaBlockBytes + 4);
    this.#words = new Int32Array(memory, 0, blocks);
    this.#dataStart = blocks * 4;
    this.bytes = Buffer.from(memory);
  }

  offset(block: number): number {
    return this.#dataStart + block * arenaBlockBytes;
  }

  /** After the copy and before the slot is released. Pairs with the loads in Arena.giveUp() and #sweep(). */
  free(block: number, generation: number): void {
    freeBlock(this.#words, block, generation);
  }
}

function freeBlock(words: Int32Array, block: number, generation: number): void {
  const busy = (generation << 1) | 1;
  swapIf(words, block, busy, busy & ~1);
}
