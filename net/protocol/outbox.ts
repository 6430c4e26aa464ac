// Outbox: the frames that one connection is to send, gathered over a turn and written together. Small frames are laid
// one behind the other into buffers of a pool that the thread's connections share; a frame that does not fit into such a
// buffer gets one of its own. An idle connection holds neither buffer nor outbox. Nothing here knows what a frame is.

import type { ConnectionSocket } from './connection-socket.ts';

/** Size of a pooled buffer: some hundred small replies. */
export const outBufferBytes = 16_384;
/** Unused buffers that a thread keeps: 4 MiB. */
const pooledBuffersMax = 256;
/** Unused outboxes that a thread keeps: one for each connection that writes in one turn. */
const pooledOutboxesMax = 1024;

export class OutboxPool {
  readonly #buffers: Buffer[] = [];
  readonly #outboxes: Outbox[] = [];

  takeBuffer(): Buffer {
    return this.#buffers.pop() ?? Buffer.allocUnsafeSlow(outBufferBytes);
  }

  /** A buffer that nobody looks at any more; only those that `takeBuffer` gave are kept. */
  giveBuffer(buffer: Buffer): void {
    if (buffer.length === outBufferBytes && this.#buffers.length < pooledBuffersMax) this.#buffers.push(buffer);
  }

  takeOutbox(): Outbox {
    return this.#outboxes.pop() ?? new Outbox(this);
  }

  /** An empty one. */
  giveOutbox(outbox: Outbox): void {
    if (this.#outboxes.length < pooledOutboxesMax) this.#outboxes.push(outbox);
  }

  clear(): void {
    this.#buffers.length = 0;
    this.#outboxes.length = 0;
  }
}

export class Outbox {
  readonly #pool: OutboxPool;
  /** Filled this turn, oldest first, with the end of each. The last one may have room. */
  readonly #buffers: Buffer[] = [];
  readonly #ends: number[] = [];
  /** Given to the socket and not yet done, oldest first. */
  readonly #sending: Buffer[] = [];
  #queuedBytes = 0;
  #sendingBytes = 0;

  constructor(pool: OutboxPool) {
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

  /** Nothing waits to be written, and the socket holds nothing. */
  get isEmpty(): boolean {
    return this.#buffers.length === 0 && this.#sending.length === 0;
  }

  /** Room for a frame of `bytes`: it goes into `buffer`, from where this says. Then `commit`. */
  reserve(bytes: number): number {
    const last = this.#buffers.length - 1;
    if (last >= 0 && this.#buffers[last]!.length - this.#ends[last]! >= bytes) return this.#ends[last]!;
    this.#buffers.push(bytes > outBufferBytes ? Buffer.allocUnsafeSlow(bytes) : this.#pool.takeBuffer());
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

  /** One write of everything. For what the socket does not have done with at once `settle` is to be called. */
  write(socket: ConnectionSocket): void {
    const buffers = this.#buffers;
    const ends = this.#ends;
    if (buffers.length === 0) return;
    const areFree =
      buffers.length === 1
        ? socket.write(buffers[0]!.subarray(0, ends[0]!))
        : socket.writeAll(buffers.map((buffer, index) => buffer.subarray(0, ends[index]!)));
    for (const buffer of buffers) {
      if (areFree) this.#pool.giveBuffer(buffer);
      else this.#hold(buffer);
    }
    buffers.length = 0;
    ends.length = 0;
    this.#queuedBytes = 0;
  }

  /** The socket has done with so many buffers. */
  settle(buffers: number): void {
    for (const buffer of this.#sending.splice(0, buffers)) {
      this.#sendingBytes -= buffer.length;
      this.#pool.giveBuffer(buffer);
    }
  }

  #hold(buffer: Buffer): void {
    this.#sending.push(buffer);
    this.#sendingBytes += buffer.length;
  }

  /** Drops everything. What the socket still holds does not go back to the pool: the kernel may be reading it. */
  clear(): void {
    for (const buffer of this.#buffers) this.#pool.giveBuffer(buffer);
    this.#buffers.length = 0;
    this.#ends.length = 0;
    this.#sending.length = 0;
    this.#queuedBytes = 0;
    this.#sendingBytes = 0;
  }
}
