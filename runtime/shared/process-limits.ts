// CountLimit and RateLimit: raster's CountDegrader and RateDegrader, counted for the whole process. Whoever degrades (a
// strategy's `degrade.limits`) asks `take` once per run, on any thread; false means beyond the limit, and nothing waits.
//
// No lock and no owner: each is a StampedWord, two cells that are only ever changed by compare-and-exchange, so a thread
// may die at any instruction and leaves at most one count (CountLimit past a million: one block) that no run used. raster
// takes a spin lock, and its rate limiter throws away the parts of a token between two calls that are close together.

import { HeddleError } from '../errors.ts';
import { load, swapIf } from './atomics.ts';

/**
 * A number, the stamp, that only grows (a period of time), and a payload that is of one stamp alone. Two cells:
 *
 *   stamp  number × 2 + 1, 0 before the first use
 *   word   tag, payload: the tag is the low bits of the stamp that the payload belongs to
 *
 * A word belongs to the stamp or to one before it: it is written only by threads that have seen its stamp. Before the
 * stamp moves on, the word is brought up to the stamp; so a word that is not of the stamp is of the one it had before, and
 * the two are kept apart by their tags. Numbers wrap at 2^31, tags sooner. What can go wrong is that a thread stands still
 * between its look and its compare-and-exchange while stamps are used, one by one, until all tags have passed, and then
 * finds the very word that it had seen: the payload of one stamp is lost.
 */
class StampedWord {
  /** The stamp's number that was seen; may be newer than the one asked for. */
  number = 0;
  /** The word's payload as it was seen. */
  payload = 0;
  /** Tags between the word and the stamp: 0, the payload is of this stamp; 1, of the one before; else of an older one. */
  age = 0;
  readonly #words: Int32Array;
  readonly #payloadBits: number;
  readonly #payloadMax: number;
  readonly #tagMask: number;
  #stamp = 0;
  #word = 0;

  constructor(memory: SharedArrayBuffer, byteOffset: number, payloadBits: number) {
    this.#words = new Int32Array(memory, byteOffset, 2);
    this.#payloadBits = payloadBits;
    this.#payloadMax = 2 ** payloadBits - 1;
    this.#tagMask = 2 ** (32 - payloadBits) - 1;
  }

  /** Looks at both cells as they are at one instant. */
  look(): void {
    for (;;) {
      // Pairs with the swap of the stamp in moveOn().
      const stamp = load(this.#words, stampCell);
      // Pairs with the swap of the word in put(): the stamp that its writer had seen is seen by the next load.
      const word = load(this.#words, wordCell);
      // The stamp only grows: the same before and after, it was the same in between, and the word is not of a later one.
      if (load(this.#words, stampCell) !== stamp) continue;
      this.#stamp = stamp;
      this.#word = word;
      this.number = stamp >>> 1;
      this.payload = word & this.#payloadMax;
      this.age = (this.number - (word >>> this.#payloadBits)) & this.#tagMask;
      return;
    }
  }

  /** Whether a number lies after the one that was seen. One that lies only a little before it comes from a late thread. */
  isBefore(number: number): boolean {
    if (this.#stamp === 0) return true;
    return number !== this.number && ((this.number - number) & numberMax) >= lateNumbersMax;
  }

  /**
   * Goes a step towards a later number. Only when the word is of the stamp: `age` is 0. The largest payload must say that
   * nothing more is to be had.
   */
  moveOn(number: number): void {
    const passed = (number - this.number) & numberMax;
    const tagsApart = passed & this.#tagMask;
    let target = number;
    if (passed > this.#tagMask && tagsApart <= 1) {
      // After a long pause the tag would say that the word is of the new number, or of the one before: a way around. The
      // word is closed first, so that it looks like none that the new number will have.
      if (this.payload !== this.#payloadMax) {
        this.put(this.#payloadMax);
        return;
      }
      target = (number - tagsApart - 1) & numberMax;
    }
    // Pairs with the loads in look(). That another thread was faster is as good.
    swapIf(this.#words, stampCell, this.#stamp, (target << 1) | 1);
  }

  /** Puts a payload of the stamp that was seen in the place of what was seen; false: somebody else was faster. */
  put(payload: number): boolean {
    // Pairs with the load of the word in look().
    return swapIf(this.#words, wordCell, this.#word, ((this.number & this.#tagMask) << this.#payloadBits) | payload);
  }
}

const stampCell = 0;
const wordCell = 1;
const numberMax = 0x7fff_ffff;
/** A number this little before the stamp is late and not 2^31 ahead: of gaps of 1 ms, a quarter of an hour. */
const lateNumbersMax = 2 ** 20;

/** A limit has a cache line of its own. */
const limitBytes = 64;

/** Memory for limits of so many bytes together, all of them unused. */
export function allocateLimits(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(bytes);
}

/** Counts of one gap that are told apart; larger limits are taken in blocks. Leaves 12 bits to the tag. */
const countBits = 20;
/** One less than fits: the largest payload is a gap that is closed. */
const blocksMax = 2 ** countBits - 2;

/**
 * At most `count` (0 to 999,999,999) takes in each gap of `gapMs` (1 to 3,600,000); gaps begin at multiples of it on the
 * clock. A thread whose time is of a gap that is over counts in the present one.
 *
 * Beyond 1,048,574 counts are handed to threads in blocks (of `count` / 1,048,574, rounded up), and what a thread has left
 * of its block is lost with the gap: at most 953 counts per thread of a billion.
 */
export class CountLimit {
  /** Of zeros, shared by instances with the same parameters, one per thread. */
  static readonly bytes = limitBytes;
  readonly #cells: StampedWord;
  readonly #count: number;
  readonly #gapMs: number;
  readonly #blockSize: number;
  readonly #blocks: number;
  /** The gap in which this thread took its last block, and what is left of it. */
  #blockGap = -1;
  #blockLeft = 0;

  constructor(memory: SharedArrayBuffer, byteOffset: number, { count, gapMs }: { count: number; gapMs: number }) {
    checkBetween('count', count, 0, 999_999_999);
    checkBetween('gapMs', gapMs, 1, 3_600_000);
    this.#cells = new StampedWord(memory, byteOffset, countBits);
    this.#count = count;
    this.#gapMs = gapMs;
    this.#blockSize = Math.max(1, Math.ceil(count / blocksMax));
    this.#blocks = Math.ceil(count / this.#blockSize);
  }

  /** Counts one; false: it is beyond the limit. `nowMs`: on the clock that all threads share. */
  take(nowMs: number): boolean {
    const gap = Math.floor(nowMs / this.#gapMs) % (numberMax + 1);
    if (gap === this.#blockGap && this.#blockLeft > 0) {
      this.#blockLeft--;
      return true;
    }
    const cells = this.#cells;
    // Each turn either ends or was lost to another thread that got on, or moves the stamp on: a few steps.
    for (;;) {
      cells.look();
      const taken = cells.age === 0 ? cells.payload : 0;
      if (cells.isBefore(gap)) {
        if (cells.age === 0) cells.moveOn(gap);
        else cells.put(0);
        continue;
      }
      if (taken >= this.#blocks) return false;
      if (!cells.put(taken + 1)) continue;
      this.#blockGap = cells.number;
      this.#blockLeft = Math.min(this.#blockSize, this.#count - taken * this.#blockSize) - 1;
      return true;
    }
  }
}

/** The payload of a RateLimit spans two eras: one of the clock, and what may be taken ahead of it. */
const rateBits = 24;
const eraUnits = 2 ** (rateBits - 1);
/** Parts of a token that are told apart, where the burst leaves room for them: at least 8. */
const tokenUnitsMax = 256;

/**
 * A bucket that fills with `perSecond` tokens a second (0.001 to 1,000,000), holds `burst` (1 to 1,000,000) and is full at
 * first: in any stretch of time at most `burst` takes, and those that the rate gives for its length. The generic cell rate
 * algorithm (ITU-T I.371): what is kept is the time at which the bucket will be full again, as an offset in its era, in
 * parts of a token. Eras last from 33 ms (at a million a second) upwards. A time before the present era counts as its
 * beginning.
 */
export class RateLimit {
  /** Of zeros, shared by instances with the same parameters, one per thread. */
  static readonly bytes = limitBytes;
  readonly #cells: StampedWord;
  readonly #tokenUnits: number;
  readonly #unitsPerMs: number;
  readonly #aheadMax: number;
  #waitMs = 0;

  constructor(
    memory: SharedArrayBuffer,
    byteOffset: number,
    { perSecond, burst }: { perSecond: number; burst: number },
  ) {
    checkBetween('perSecond', perSecond, 0.001, 1_000_000);
    checkBetween('burst', burst, 1, 1_000_000);
    this.#cells = new StampedWord(memory, byteOffset, rateBits);
    // A full bucket lasts no longer than an era, so what is of two eras ago is over.
    this.#tokenUnits = Math.min(tokenUnitsMax, 2 ** Math.floor(Math.log2(eraUnits / burst)));
    this.#unitsPerMs = (perSecond / 1000) * this.#tokenUnits;
    this.#aheadMax = (burst - 1) * this.#tokenUnits;
  }

  /** After a `take` that found no token: how long until there is one, ms. */
  get waitMs(): number {
    return this.#waitMs;
  }

  /** Takes one token; false: there is none. `nowMs`: on the clock that all threads share. */
  take(nowMs: number): boolean {
    const nowUnits = Math.floor(nowMs * this.#unitsPerMs);
    const era = Math.floor(nowUnits / eraUnits) % (numberMax + 1);
    const cells = this.#cells;
    // Each turn either ends or was lost to another thread that got on, or moves the stamp on: a few steps.
    for (;;) {
      cells.look();
      const full = cells.age === 0 ? cells.payload : cells.age === 1 ? Math.max(0, cells.payload - eraUnits) : 0;
      if (cells.isBefore(era)) {
        if (cells.age === 0) cells.moveOn(era);
        else cells.put(full);
        continue;
      }
      const now = cells.number === era ? nowUnits % eraUnits : 0;
      const from = Math.max(full, now);
      if (from - now > this.#aheadMax) {
        this.#waitMs = (from - now - this.#aheadMax) / this.#unitsPerMs;
        return false;
      }
      if (cells.put(from + this.#tokenUnits)) return true;
    }
  }
}

function checkBetween(name: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most && (name === 'perSecond' || Number.isInteger(value))) return;
  const kind = name === 'perSecond' ? 'number' : 'whole number';
  throw new HeddleError('INVALID_ARGUMENT', `${name} is ${value}; it must be a ${kind} from ${least} to ${most}`);
}
