// MetricDirectory: the series of a process (a kind, a name and a set of labels each, as one text), numbered in the order in
// which they came. Whoever finds that a series is missing appends it, on any thread; nothing is ever taken away. So all
// threads agree on the numbers, a series that many threads use stands here once, and the bound holds for the whole process.
//
//   entries  a word for each series, in order: 0 free, else its slot + 1
//   slots    `slotBytes` each: a word for the length, then the text as UTF-8
//
// No lock and no owner: a thread writes the text into a slot that only it writes, then puts the slot into the first free
// entry by compare-and-exchange. A thread that dies before leaves nothing; after, all. Which slot it may write follows from
// the entries: thread number n begins with slot n, and whose slot has become entry i writes `firstFree + i` next. So the
// next owner of a number finds the same slot, and nobody needs to be told.

import { HeddleError } from '../errors.ts';
import { load, swapIf } from './atomics.ts';
import { threadNumberMax } from './layout.ts';

const slotBytes = 2048;
const slotWords = slotBytes / 4;
/** Bytes of one text at most. */
export const seriesTextMaxBytes = slotBytes - 4;
/** Series of one process at most. */
export const seriesMax = 20_000;
/** Slots of thread numbers come before those that entries give. */
const firstFree = threadNumberMax + 1;

export class MetricDirectory {
  /** Entries that there can be. */
  readonly series: number;
  readonly #words: Int32Array;
  readonly #bytes: Buffer;
  /** Entries that this instance has read. */
  #read = 0;
  #ownSlot: number;

  /** Pages that no series has come to are never touched. */
  static memoryFor(series: number): SharedArrayBuffer {
    if (!Number.isInteger(series) || series < 1 || series > seriesMax) {
      throw new HeddleError('INVALID_ARGUMENT', `metrics.series must be from 1 to ${seriesMax}, not ${series}`);
    }
    return new SharedArrayBuffer(series * 4 + (firstFree + series) * slotBytes);
  }

  /** `number`: of the thread; 0: it only reads. */
  constructor(memory: SharedArrayBuffer, number: number) {
    this.#words = new Int32Array(memory);
    this.#bytes = Buffer.from(memory);
    this.series = (memory.byteLength - firstFree * slotBytes) / (slotBytes + 4);
    this.#ownSlot = number;
  }

  get isFull(): boolean {
    return this.#read === this.series;
  }

  /** The next series that this instance has not read; undefined: there is none yet. */
  readNext(): string | undefined {
    const index = this.#read;
    if (index === this.series) return undefined;
    // Pairs with the swap in append(): who sees the slot sees its text.
    const entry = load(this.#words, index);
    if (entry === 0) return undefined;
    const slot = entry - 1;
    if (slot === this.#ownSlot) this.#ownSlot = firstFree + index;
    this.#read = index + 1;
    const start = this.#start(slot);
    return this.#bytes.toString('utf8', start + 4, start + 4 + this.#words[start / 4]!);
  }

  /**
   * Adds a series, when all that came before were read and it is not among them; at most `seriesTextMaxBytes`. False:
   * another came first. Then read on: it may be the same.
   */
  append(text: Buffer): boolean {
    const words = this.#words;
    const start = this.#start(this.#ownSlot);
    words[start / 4] = text.length;
    text.copy(this.#bytes, start + 4);
    // Pairs with the load in readNext().
    return swapIf(words, this.#read, 0, this.#ownSlot + 1);
  }

  /** In bytes; a multiple of 4. */
  #start(slot: number): number {
    return (this.series + slot * slotWords) * 4;
  }
}
