// WriteBuffer: the bytes that one connection has still to send. Frames are encoded straight into it all through a turn
// of the event loop, and leave it in one write at the turn's end. It grows up to its owner's bound and one frame: a
// server that stops reading costs that much memory and then refusals.

import type { Socket } from 'node:net';

/** A buffer that grew beyond this is let go once it is empty, so that one large frame does not stay for ever. */
const keptBytes = 65_536;

/**
 * One write hands the socket at most this much. Taken chunks are the sign of life of a peer that reads a large frame
 * slowly: 256 KiB within the silence that is allowed (20 s by default) is 13 KB/s.
 */
const chunkBytes = 262_144;

export class WriteBuffer {
  readonly #boundBytes: number;
  #buffer: Buffer = Buffer.allocUnsafeSlow(4_096);
  /** `begin .. end` has not been given to the socket. */
  #begin = 0;
  #end = 0;
  /** Given to the socket and not yet taken by the kernel; lies just before `begin`. */
  #writing = 0;
  /** Position of `begin` in the stream of all bytes of this connection. */
  #handedPosition = 0;

  constructor(boundBytes: number) {
    this.#boundBytes = boundBytes;
  }

  /** Bytes that the kernel has not taken. */
  get pendingBytes(): number {
    return this.#end - this.#begin + this.#writing;
  }

  /**
   * True while less than the bound waits. The frame that crosses it still fits, or a large one would find no room beside
   * any other; so the memory is the bound and one frame at most.
   */
  get hasRoom(): boolean {
    return this.pendingBytes < this.#boundBytes;
  }

  /** The position in the stream of the next byte that is added. */
  get position(): number {
    return this.#handedPosition + this.#end - this.#begin;
  }

  /** True when the byte at `position` has been given to the socket, so that a peer may have it. */
  isHanded(position: number): boolean {
    return position < this.#handedPosition;
  }

  /** Makes place for `bytes` and returns where they begin in `buffer`; `commit` adds them. The bound is the caller's to ask. */
  reserve(bytes: number): number {
    if (this.#end + bytes > this.#buffer.length) this.#makePlace(bytes);
    return this.#end;
  }

  /** The memory to encode into; another one after each `reserve`. */
  get buffer(): Buffer {
    return this.#buffer;
  }

  /** What was encoded ends at `end`. */
  commit(end: number): void {
    this.#end = end;
  }

  /**
   * Gives the socket what waits, unless it still holds a chunk. True when all has been taken; at false `onTaken` will be
   * called: then `taken` tells whether to `flush` again. (It is also called, for nothing, for chunks taken at once.)
   */
  flush(socket: Socket, onTaken: () => void): boolean {
    while (this.#writing === 0 && this.#begin < this.#end) {
      const bytes = Math.min(this.#end - this.#begin, chunkBytes);
      const chunk = this.#buffer.subarray(this.#begin, this.#begin + bytes);
      this.#begin += bytes;
      this.#handedPosition += bytes;
      this.#writing = bytes;
      socket.write(chunk, onTaken);
      // A socket with room takes all of it within `write`; then the callback, a tick later, has nothing to do.
      if (socket.writableLength === 0) this.#writing = 0;
    }
    if (this.#writing > 0) return false;
    this.#rewind();
    return true;
  }

  /** True once the chunk that the socket held has been taken. */
  taken(socket: Socket): boolean {
    if (this.#writing === 0 || socket.writableLength > 0) return false;
    this.#writing = 0;
    return true;
  }

  #rewind(): void {
    this.#begin = 0;
    this.#end = 0;
    if (this.#buffer.length > keptBytes) this.#buffer = Buffer.allocUnsafeSlow(keptBytes);
  }

  #makePlace(bytes: number): void {
    const waiting = this.#end - this.#begin;
    const needed = waiting + bytes;
    // In place only while the socket holds no view of this memory.
    if (this.#writing === 0 && needed <= this.#buffer.length / 2) {
      this.#buffer.copyWithin(0, this.#begin, this.#end);
    } else {
      // Doubled while it grows; of the same size when only the socket's chunk is to be left behind.
      const bytesNow = this.#buffer.length;
      const next = Buffer.allocUnsafeSlow(Math.max(needed, needed > bytesNow / 2 ? bytesNow * 2 : bytesNow));
      this.#buffer.copy(next, 0, this.#begin, this.#end);
      this.#buffer = next;
    }
    this.#begin = 0;
    this.#end = waiting;
  }
}
