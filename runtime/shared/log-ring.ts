// LogRing: the log lines of one thread on their way to the log thread, as a byte ring with one writer and one reader in
// shared memory. What a thread has logged is out of its hands at once, so its last lines survive it however it dies.
//
//   word   0  tail     bytes ever put (int32, wraps); the writer's
//   word   1  dropped  lines that found no room and were not yet reported
//   word  16  head     bytes ever released (int32, wraps); the reader's, on a cache line of its own
//   byte 128  data     a power of two; whole UTF-8 lines, each ending in \n, wrapping at the end without a marker

import { add, load, store } from './atomics.ts';

const tailWord = 0;
const droppedWord = 1;
const headWord = 16;
const dataStart = 128;
const newline = 10;

/** Bound of the lines of one thread that wait for the log thread, bytes. Over it lines are dropped and counted. */
export const logRingBytes = 1_048_576;

/** Bound of one line, bytes: a quarter of the ring, so that one runaway field can't push out everybody else's lines. */
export const logLineMaxBytes = 262_144;

/** The memory of one ring. `dataBytes` must be a power of two of at least 1024. `start` is for tests of the wrap. */
export function allocateLogRing(dataBytes = logRingBytes, start = 0): SharedArrayBuffer {
  if (dataBytes < 1024 || (dataBytes & (dataBytes - 1)) !== 0) {
    throw new RangeError(`a log ring of ${dataBytes} bytes is impossible: give a power of two of at least 1024`);
  }
  const memory = new SharedArrayBuffer(dataStart + dataBytes);
  const words = new Int32Array(memory, 0, dataStart / 4);
  words[tailWord] = start | 0;
  words[headWord] = start | 0;
  return memory;
}

/** The logging thread's end. `put` never waits, and copies the line once. */
export class LogRingWriter {
  readonly #words: Int32Array;
  readonly #data: Buffer;
  readonly #lineMax: number;
  #tail: number;
  #head: number;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory, 0, dataStart / 4);
    this.#data = Buffer.from(memory, dataStart);
    this.#lineMax = Math.min(logLineMaxBytes, this.#data.length);
    this.#tail = load(this.#words, tailWord);
    this.#head = load(this.#words, headWord);
  }

  /** Takes one line that ends in \n. False: no room or too long; the line is dropped and counted. */
  put(line: string): boolean {
    const bytes = Buffer.byteLength(line);
    if (bytes > this.#lineMax || !this.#hasRoom(bytes)) {
      // Pairs with LogRingReader.dropped.
      add(this.#words, droppedWord, 1);
      return false;
    }
    const data = this.#data;
    const at = this.#tail & (data.length - 1);
    if (at + bytes <= data.length) {
      data.write(line, at, bytes, 'utf8');
    } else {
      const copy = Buffer.from(line, 'utf8');
      const first = data.length - at;
      copy.copy(data, at, 0, first);
      copy.copy(data, 0, first);
    }
    this.#tail = (this.#tail + bytes) | 0;
    // Publishes the bytes. Pairs with the load in LogRingReader.tail.
    store(this.#words, tailWord, this.#tail);
    return true;
  }

  /** More than half full as far as this end knows: the reader should come now. */
  get crowded(): boolean {
    return ((this.#tail - this.#head) | 0) > this.#data.length / 2;
  }

  #hasRoom(bytes: number): boolean {
    // The stale head first: it is only loaded again when the ring looks more than half full, which keeps `crowded` true.
    if (((this.#tail - this.#head) | 0) + bytes <= this.#data.length / 2) return true;
    // Pairs with the store in LogRingReader.release(): the bytes before it are no longer read.
    this.#head = load(this.#words, headWord);
    return ((this.#tail - this.#head) | 0) + bytes <= this.#data.length;
  }
}

/** The log thread's end. One reader at a time; a new one goes on where a dead one stopped releasing. */
export class LogRingReader {
  readonly #words: Int32Array;
  readonly #data: Buffer;
  #head: number;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory, 0, dataStart / 4);
    this.#data = Buffer.from(memory, dataStart);
    this.#head = load(this.#words, headWord);
  }

  /** How far the writer is. Pairs with the store in LogRingWriter.put(). */
  get tail(): number {
    return load(this.#words, tailWord);
  }

  get empty(): boolean {
    return this.tail === load(this.#words, headWord);
  }

  /** True when everything up to `tail` has been released, by whichever reader. */
  isPast(tail: number): boolean {
    return ((load(this.#words, headWord) - tail) | 0) >= 0;
  }

  /**
   * Copies whole lines, from the head up to `tail` at most, into `target`; returns their bytes (0: there are none). They
   * stay in the ring until `release`. `target` must hold `logLineMaxBytes`.
   */
  peek(target: Buffer, tail: number): number {
    const waiting = (tail - this.#head) | 0;
    const bytes = Math.min(waiting, target.length);
    const at = this.#head & (this.#data.length - 1);
    const first = Math.min(bytes, this.#data.length - at);
    this.#data.copy(target, 0, at, at + first);
    if (first < bytes) this.#data.copy(target, first, 0, bytes - first);
    return bytes === waiting ? bytes : target.lastIndexOf(newline, bytes - 1) + 1;
  }

  /** Gives the room of `bytes` back. Pairs with the load in LogRingWriter.put(). */
  release(bytes: number): void {
    this.#head = (this.#head + bytes) | 0;
    store(this.#words, headWord, this.#head);
  }

  /** Lines dropped and not yet reported. Pairs with the add in LogRingWriter.put(). */
  get dropped(): number {
    return load(this.#words, droppedWord);
  }

  reportDropped(lines: number): void {
    add(this.#words, droppedWord, -lines);
  }
}
