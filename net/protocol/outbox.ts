// Outbox: the frames that one connection is to send, gathered over a turn and written together. Small frames are laid
// one behind the other into buffers of a pool that the thread's connections share, so an idle connection holds none; a
// frame that does not fit into such a buffer gets one of its own. Nothing here knows what a frame is.

import type { Socket } from 'node:net';

/** Size of a pooled buffer: some hundred small replies. */
export const outBufferBytes = 16_384;
/** Unused buffers that a thread keeps: 4 MiB. */
const pooledBuffersMax = 256;

export class OutBufferPool {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(outBufferBytes);
  }

  /** A buffer that nobody looks at any more; only those that `take` gave are kept. */
  give(buffer: Buffer): void {
    if (buffer.length === outBufferBytes && this.#free.length < pooledBuffersMax) this.#free.push(buffer);
  }

  clear(): void {
    this.#free.length = 0;
  }
}

export class Outbox {
  readonly #pool: OutBufferPool;
  /** Filled this turn, oldest first, with the end of each. The last one may have room. */
  readonly #buffers: Buffer[] = [];
  readonly #ends: number[] = [];
  /** Given to the socket and not yet done, oldest first. */
  readonly #sending: Buffer[] = [];
  /** Callbacks still to come for writes whose buffers were taken back already. */
  #settledEarly = 0;
  #queuedBytes = 0;
  #sendingBytes = 0;

  constructor(pool: OutBufferPool) {
    this.#pool = pool;
  }

  /** Bytes that wait for the next write. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Memory that the socket holds, bytes. */
  get sendingBytes(): number {
    return this.#sendingBytes;
  }

  /** Room for a frame of `bytes`: it goes into `buffer`, from where this says. Then `commit`. */
  reserve(bytes: number): number {
    const last = this.#buffers.length - 1;
    if (last >= 0 && this.#buffers[last]!.length - this.#ends[last]! >= bytes) return this.#ends[last]!;
    this.#buffers.push(bytes > outBufferBytes ? Buffer.allocUnsafeSlow(bytes) : this.#pool.take());
    this.#ends.push(0);
    return 0;
  }

  /** Where the reserved room is. */
  get buffer(): Buffer {
    return this.#buffers[this.#buffers.length - 1]!;
  }

  /** The frame was written up to `end`. */
  commit(end: number): void {
    const last = this.#ends.length - 1;
    this.#queuedBytes += end - this.#ends[last]!;
    this.#ends[last] = end;
  }

  /** One write of everything. `written` is called once for each buffer, in order; it is to call `settle`. */
  write(socket: Socket, written: (error?: Error | null) => void): void {
    const count = this.#buffers.length;
    if (count === 0) return;
    if (count > 1) socket.cork();
    for (let index = 0; index < count; index++) {
      const buffer = this.#buffers[index]!;
      this.#sending.push(buffer);
      this.#sendingBytes += buffer.length;
      socket.write(buffer.subarray(0, this.#ends[index]!), written);
    }
    if (count > 1) socket.uncork();
    this.#buffers.length = 0;
    this.#ends.length = 0;
    this.#queuedBytes = 0;
    // The kernel took it all at once: the buffers are free now, and the callbacks that follow have nothing to do.
    if (socket.writableLength === 0 && !socket.destroyed) {
      this.#settledEarly += this.#sending.length;
      for (const buffer of this.#sending) this.#pool.give(buffer);
      this.#sending.length = 0;
      this.#sendingBytes = 0;
    }
  }

  /** One write is done. Returns false when nothing came of it that was not known. */
  settle(): boolean {
    if (this.#settledEarly > 0) {
      this.#settledEarly--;
      return false;
    }
    const buffer = this.#sending.shift();
    if (buffer === undefined) return false;
    this.#sendingBytes -= buffer.length;
    this.#pool.give(buffer);
    return true;
  }

  /** Drops everything. What the socket still holds does not go back to the pool: the kernel may be reading it. */
  clear(): void {
    for (const buffer of this.#buffers) this.#pool.give(buffer);
    this.#buffers.length = 0;
    this.#ends.length = 0;
    this.#sending.length = 0;
    this.#queuedBytes = 0;
    this.#sendingBytes = 0;
  }
}
