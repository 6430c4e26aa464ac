// CompletionRing: replies from one answering thread to one asking thread, as a byte ring with one writer and one reader.
// The writer fills frames and publishes them all with one store of the tail; the reader reads frames in place and gives
// the room back with one store of the head. Of a dead writer all frames that it had written are read, published or not; the one
// that it was writing never was.

import { load, store, swapIf } from './atomics.ts';
import { completionRingBytes, ringFrame, ringFrameHeadBytes, ringPad, ring as ringWord } from './layout.ts';

/**
 * Data bytes of one ring. A ring that is often full makes replies wait in copies of their own, which costs more than the
 * caches that a larger one takes: with 64 KiB a handed over body of 1 KiB costs half more CPU, one of 16 KiB three times as
 * much. Threads that live keep the rings of dead ones until they next collect garbage, so it is no larger. Pages that
 * nobody writes to take no memory.
 */
export const completionRingDataBytes = 131_072;
/** Longest frame: what is larger takes the side port, which moves it instead of copying it twice. */
const frameBytesMax = 32_768;

export function allocateRing(dataBytes = completionRingDataBytes, start = 0): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(completionRingBytes(dataBytes));
  const words = new Int32Array(memory);
  words[ringWord.head] = start | 0;
  words[ringWord.tail] = start | 0;
  words[ringWord.written] = start | 0;
  return memory;
}

/** The answering thread's end. */
export class RingWriter {
  readonly words: Int32Array;
  readonly bytes: Buffer;
  readonly #dataBytes: number;
  #tail: number;
  #published: number;
  #head: number;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory);
    this.bytes = Buffer.from(memory);
    this.#dataBytes = memory.byteLength - ringWord.data * 4;
    this.#tail = load(this.words, ringWord.tail);
    this.#published = this.#tail;
    this.#head = load(this.words, ringWord.head);
  }

  /** Largest payload of one frame, bytes. */
  get payloadMax(): number {
    return Math.min(this.#dataBytes / 2, frameBytesMax) - ringFrameHeadBytes - 8;
  }

  get unpublished(): boolean {
    return this.#tail !== this.#published;
  }

  /**
   * Room for a frame with `payloadBytes` behind its head: the byte offset of the frame in `bytes` (8-aligned), its
   * length word set; or -1: no room (`waitForRoom` then). Nothing is visible to the reader before `publish`.
   */
  reserve(payloadBytes: number): number {
    const frameBytes = (ringFrameHeadBytes + payloadBytes + 7) & ~7;
    const index = this.#tail & (this.#dataBytes - 1);
    const toEnd = this.#dataBytes - index;
    const pad = frameBytes > toEnd ? toEnd : 0;
    if (!this.#hasRoom(pad + frameBytes)) return -1;
    if (pad > 0) {
      this.words[ringWord.data + (index >> 2)] = ringPad;
      this.#tail = (this.#tail + pad) | 0;
    }
    const at = ringWord.data + ((this.#tail & (this.#dataBytes - 1)) >> 2);
    this.words[at + ringFrame.length] = frameBytes;
    this.#tail = (this.#tail + frameBytes) | 0;
    return at << 2;
  }

  /** The reserved frames are whole: what is left of this thread, if it dies before it publishes. Pairs with rescue(). */
  wrote(): void {
    store(this.words, ringWord.written, this.#tail);
  }

  /** Makes all reserved frames visible. Pairs with the load in RingReader.next(). */
  publish(): void {
    this.#published = this.#tail;
    store(this.words, ringWord.tail, this.#tail);
  }

  /**
   * Says that this writer holds replies back for want of room. True: the reader will ring when it has made some. False:
   * there is room by now. Pairs with RingReader.release().
   */
  waitForRoom(): boolean {
    store(this.words, ringWord.writerWaits, 1);
    const head = load(this.words, ringWord.head);
    if (head === this.#head) return true;
    this.#head = head;
    store(this.words, ringWord.writerWaits, 0);
    return false;
  }

  /** While a reply is held back: has the reader made room since waitForRoom()? Part of the look before parking. */
  get roomCame(): boolean {
    return load(this.words, ringWord.writerWaits) === 0;
  }

  #hasRoom(bytes: number): boolean {
    if (((this.#tail - this.#head) | 0) + bytes <= this.#dataBytes) return true;
    // Pairs with the store in RingReader.release(): the bytes up to here are no longer read.
    this.#head = load(this.words, ringWord.head);
    return ((this.#tail - this.#head) | 0) + bytes <= this.#dataBytes;
  }
}

/** The asking thread's end. */
export class RingReader {
  readonly words: Int32Array;
  readonly bytes: Buffer;
  readonly #dataBytes: number;
  #head: number;
  #released: number;
  #tail: number;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory);
    this.bytes = Buffer.from(memory);
    this.#dataBytes = memory.byteLength - ringWord.data * 4;
    this.#head = load(this.words, ringWord.head);
    this.#released = this.#head;
    this.#tail = this.#head;
  }

  /** The byte offset of the next frame in `bytes`, or -1. It stays readable until `release`. */
  next(): number {
    for (;;) {
      if (this.#head === this.#tail) {
        // Pairs with the store in RingWriter.publish().
        const tail = load(this.words, ringWord.tail);
        // Behind the head: what has been read was rescued.
        if (((tail - this.#head) | 0) <= 0) return -1;
        this.#tail = tail;
      }
      const index = this.#head & (this.#dataBytes - 1);
      const at = ringWord.data + (index >> 2);
      const length = this.words[at]!;
      if (length === ringPad) {
        this.#head = (this.#head + this.#dataBytes - index) | 0;
        continue;
      }
      this.#head = (this.#head + length) | 0;
      return at << 2;
    }
  }

  /**
   * The writer is being ended, or has ended: what it has written is good, published or not. Pairs with RingWriter.wrote().
   */
  rescue(): void {
    const written = load(this.words, ringWord.written);
    if (((written - this.#tail) | 0) > 0) this.#tail = written;
  }

  /** Gives back all frames that `next` returned. True: the writer waits for room and must be rung. */
  release(): boolean {
    if (this.#released === this.#head) return false;
    this.#released = this.#head;
    store(this.words, ringWord.head, this.#head);
    // Pairs with RingWriter.waitForRoom(): it stores its flag and then loads the head, this side the other way round.
    return load(this.words, ringWord.writerWaits) === 1 && swapIf(this.words, ringWord.writerWaits, 1, 0);
  }

  /** The look before parking. */
  get hasWork(): boolean {
    return this.#head !== this.#tail || ((load(this.words, ringWord.tail) - this.#head) | 0) > 0;
  }
}
