// RequestTable: which thread runs which request. Each asker has one; a word for each request in flight says generation,
// state and the thread that took it. The asker opens, closes and cancels; a taker marks. Only the asker moves
// generations, so a late mark, reply or death report of an earlier request of the same word is recognized and dropped.

import { exchange, load, store, swapIf } from './atomics.ts';
import { checkPowerOfTwo, generationMask, generationShift, requestStateShift, requestStates } from './layout.ts';

/** The side of the asker. Ids are handed out oldest first, so that a generation comes round as late as possible. */
export class RequestTable {
  readonly #words: Int32Array;
  readonly #free: Int32Array;
  readonly #mask: number;
  #freeHead = 0;
  #freeCount: number;

  static allocate(entries: number): SharedArrayBuffer {
    checkPowerOfTwo('request table entries', entries, 1, 65_536);
    return new SharedArrayBuffer(entries * 4);
  }

  /** `memory`: a word for each request in flight at once; a power of two, up to 65,536 of them. */
  constructor(memory: SharedArrayBuffer) {
    const entries = memory.byteLength / 4;
    checkPowerOfTwo('request table entries', entries, 1, 65_536);
    this.#words = new Int32Array(memory);
    this.#mask = entries - 1;
    this.#free = Int32Array.from({ length: entries }, (_, index) => index);
    this.#freeCount = entries;
  }

  /** Requests that may still be opened. */
  get room(): number {
    return this.#freeCount;
  }

  get entries(): number {
    return this.#mask + 1;
  }

  /** An id for a new request, QUEUED, or -1: the table is full. */
  open(): number {
    if (this.#freeCount === 0) return -1;
    const id = this.#free[this.#freeHead]!;
    this.#freeHead = (this.#freeHead + 1) & this.#mask;
    this.#freeCount--;
    // Published to takers by the commit of the slot that names it.
    this.#words[id] = pack(this.generation(id), requestStates.queued, 0);
    return id;
  }

  /** A plain read: only the asker moves generations. */
  generation(id: number): number {
    return (this.#words[id]! >>> generationShift) & generationMask;
  }

  /** Who took it; 0: nobody yet. */
  takenBy(id: number): number {
    const word = load(this.#words, id);
    return ((word >>> requestStateShift) & 3) === requestStates.taken ? word & 255 : 0;
  }

  /**
   * Answered, cancelled, late or its thread dead: the id is free again and whatever still carries the old generation is
   * stale. Returns the thread that had taken it, 0 if none. Pairs with the swap in mark() and the load in isMine().
   */
  close(id: number): number {
    const generation = (this.generation(id) + 1) & generationMask;
    // An exchange, so that a mark which slips in between is seen and its thread can be rung.
    const word = exchange(this.#words, id, pack(generation, requestStates.free, 0));
    this.#free[(this.#freeHead + this.#freeCount) & this.#mask] = id;
    this.#freeCount++;
    return ((word >>> requestStateShift) & 3) === requestStates.taken ? word & 255 : 0;
  }
}

/**
 * A taker's claim on a request, before it frees the slot: false when the asker no longer wants it. Pairs with the store
 * in close().
 */
export function markTaken(words: Int32Array, id: number, generation: number, me: number): boolean {
  return swapIf(words, id, pack(generation, requestStates.queued, 0), pack(generation, requestStates.taken, me));
}

/** Whether a request is still mine to run: false once it was cancelled. Pairs with the store in close(). */
export function isMine(words: Int32Array, id: number, generation: number, me: number): boolean {
  return load(words, id) === pack(generation, requestStates.taken, me);
}

/**
 * Supervisor only, after the asker's death: moves every generation on, so that its queued requests fail the mark, those
 * that run see it at their next check, and no reply to the dead thread is ever taken for one to its successor.
 */
export function bumpAll(words: Int32Array): void {
  for (let id = 0; id < words.length; id++) {
    const generation = ((load(words, id) >>> generationShift) + 1) & generationMask;
    store(words, id, pack(generation, requestStates.free, 0));
  }
}

function pack(generation: number, state: number, thread: number): number {
  return (generation << generationShift) | (state << requestStateShift) | thread | 0;
}
