// Flow: how much of one connection, of protocol heddle or http, is under way. It writes what was gathered, and stops reading while the peer
// leaves too much unread or the thread is over its memory. A peer that takes nothing is cut off by ConnectionTimers; one
// that is far behind on a thread that has no memory left, here. On an IO thread.

import type { ProtocolHost } from '../../runtime/plugins/protocol.ts';
import type { ConnectionSocket } from './connection-socket.ts';
import type { Outbox, OutboxPool } from './outbox.ts';
import { slowReaderFactor } from './slow-reader.ts';

/** What the flow asks of its connection, and tells it. */
export interface FlowOwner {
  /** Memory held for a half read frame, bytes. */
  readonly heldBytes: number;
  /** The socket holds bytes that the kernel did not take. */
  onUnsent(): void;
  /** Reading goes on after the peer has taken what waited for it. */
  onReadingResumed(): void;
  /** The peer is to be cut off. */
  onStalled(event: string): void;
}

export class Flow {
  readonly #host: ProtocolHost;
  readonly #writeBufferBytes: number;
  readonly #farBehindBytes: number;
  readonly #pool: OutboxPool;
  readonly #socket: ConnectionSocket;
  readonly #owner: FlowOwner;
  /** Undefined: nothing is to be sent. */
  #outbox: Outbox | undefined;
  #pausedForPeer = false;
  #pausedForMemory = false;
  #held = false;
  /** Once true, what still comes is thrown away by the connection: nothing pauses it any more. */
  #discarding = false;
  #stopped = false;
  #bookedBytes = 0;

  constructor(
    host: ProtocolHost,
    pool: OutboxPool,
    writeBufferBytes: number,
    socket: ConnectionSocket,
    owner: FlowOwner,
  ) {
    this.#host = host;
    this.#writeBufferBytes = writeBufferBytes;
    this.#farBehindBytes = writeBufferBytes * slowReaderFactor;
    this.#pool = pool;
    this.#socket = socket;
    this.#owner = owner;
  }

  /** Not yet taken by the kernel: gathered in this turn, or in the socket. */
  get unsentBytes(): number {
    return (this.#outbox?.queuedBytes ?? 0) + this.#socket.unsentBytes;
  }

  get pausedForPeer(): boolean {
    return this.#pausedForPeer;
  }

  /** The connection itself wants no more to read. */
  get held(): boolean {
    return this.#held;
  }

  hold(held: boolean): void {
    if (held === this.#held || this.#discarding) return;
    this.#held = held;
    if (held) this.#socket.pause();
    else {
      this.#owner.onReadingResumed();
      this.#resume();
    }
  }

  /** The kernel leaves far more untaken than the bound at which reading pauses. */
  get farBehind(): boolean {
    return this.#socket.unsentBytes > this.#farBehindBytes;
  }

  /** Room for a frame, in `buffer` from where this says; -1: the peer was cut off. Then `commit`. */
  reserve(bytes: number): number {
    if (this.unsentBytes > this.#farBehindBytes) {
      // Much was answered in this turn; only what the kernel does not take counts against the peer.
      this.write();
      if (this.farBehind && !this.#host.bookBytes(0)) {
        this.#owner.onStalled('slow-reader');
        return -1;
      }
    }
    this.#outbox ??= this.#pool.takeOutbox();
    return this.#outbox.reserve(bytes);
  }

  /** After `reserve`. */
  get buffer(): Buffer {
    return this.#outbox!.buffer;
  }

  commit(end: number): void {
    this.#outbox!.commit(end);
  }

  /** Hands everything to the socket in one write. */
  write(): void {
    this.#outbox?.write(this.#socket);
    this.#giveEmpty();
    this.#look();
  }

  /** The socket has done with so many buffers. */
  onTaken(buffers: number): void {
    if (this.#outbox === undefined) return;
    this.#outbox.settle(buffers);
    this.#giveEmpty();
    this.#look();
  }

  /** Tells the thread what this connection holds beyond the turn; over the thread's budget it reads no more. */
  book(): void {
    const heldBytes = this.#stopped ? 0 : this.#owner.heldBytes + (this.#outbox?.sendingBytes ?? 0);
    const change = heldBytes - this.#bookedBytes;
    if (change === 0) return;
    this.#bookedBytes = heldBytes;
    const room = this.#host.bookBytes(change);
    if (room || change < 0 || this.#pausedForMemory || this.#discarding) return;
    this.#pausedForMemory = true;
    this.#socket.pause();
    this.#host.whenRoom(this);
  }

  /** The thread has room again. */
  resumeReading(): void {
    this.#pausedForMemory = false;
    this.#resume();
  }

  /** Reads on whatever comes, since nothing of it is kept. */
  discard(): void {
    this.#discarding = true;
    this.#pausedForPeer = false;
    this.#pausedForMemory = false;
    this.#held = false;
    this.#resume();
    this.book();
  }

  /** The socket is closing: gives everything back. */
  stop(): void {
    this.#stopped = true;
    this.#discarding = true;
    this.#outbox?.clear();
    this.#giveEmpty();
    this.book();
  }

  #giveEmpty(): void {
    if (this.#outbox?.isEmpty !== true) return;
    this.#pool.giveOutbox(this.#outbox);
    this.#outbox = undefined;
  }

  #look(): void {
    if (this.#stopped) return;
    const { unsentBytes } = this.#socket;
    if (unsentBytes > 0) this.#owner.onUnsent();
    if (this.#pausedForPeer && unsentBytes <= this.#writeBufferBytes / 2) {
      this.#pausedForPeer = false;
      this.#owner.onReadingResumed();
      this.#resume();
    } else if (!this.#pausedForPeer && unsentBytes > this.#writeBufferBytes && !this.#discarding) {
      this.#host.count('write-paused');
      this.#pausedForPeer = true;
      this.#socket.pause();
    }
    this.book();
  }

  #resume(): void {
    if (!this.#pausedForPeer && !this.#pausedForMemory && !this.#held && !this.#stopped) this.#socket.resume();
  }
}
