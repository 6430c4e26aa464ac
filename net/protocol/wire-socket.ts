// WireSocket: a TCP connection without Node's streams. It drives Node's handle itself, so that an idle connection is this
// object and its handle, and a write that the kernel takes at once is one call. It does what a half-open net.Socket does.
// On IO threads.

import type { Socket } from 'node:net';
import type { ConnectionSocket, SocketOwner } from './connection-socket.ts';
import { type HandleWays, reads, type ShutdownRequest, type TcpHandle, type WriteRequest } from './tcp-handle.ts';

/** The peer's half of a connection, and ours: `ending` once `end` was called; what was written before goes first. */
type PeerHalf = 'open' | 'ended';
type OurHalf = 'open' | 'ending' | 'ended';

/** What the handle may say of a shutdown. */
const endedAtOnce = 1;

/** A write under way. */
interface PendingWrite extends WriteRequest {
  socket: WireSocket;
  bytes: number;
  buffers: number;
  /** Held for as long as the kernel may read it. */
  data: Buffer | Buffer[];
}

interface PendingShutdown extends ShutdownRequest {
  socket: WireSocket;
}

/** What all sockets of a thread share. */
export interface WireThread {
  readonly ways: HandleWays;
  readonly readBuffer: Buffer;
  readonly onread: (this: TcpHandle) => void;
}

export function wireThread(ways: HandleWays, readBuffer: Buffer): WireThread {
  const { ownerKey } = ways;
  return {
    ways,
    readBuffer,
    onread(): void {
      (this as unknown as Record<symbol, WireSocket>)[ownerKey]!.onRead();
    },
  };
}

export class WireSocket implements ConnectionSocket {
  readonly #thread: WireThread;
  readonly #handle: TcpHandle;
  readonly #owner: SocketOwner;
  /** Had the handle, and counts as open with a server of this thread. */
  readonly #accepted: Socket | undefined;
  #unsentBytes = 0;
  #isReading = false;
  #peerHalf: PeerHalf = 'open';
  #ourHalf: OurHalf = 'open';
  /** Both halves have ended, or something failed, or the owner wanted it so. */
  #isClosed = false;

  /** `handle`: nobody else's any more, and not reading. */
  constructor(thread: WireThread, handle: TcpHandle, owner: SocketOwner, accepted: Socket | undefined) {
    this.#thread = thread;
    this.#handle = handle;
    this.#owner = owner;
    this.#accepted = accepted;
    // In the place of the socket that had it, which is garbage now.
    (handle as unknown as Record<symbol, unknown>)[thread.ways.ownerKey] = this;
    handle.onread = thread.onread;
    handle.useUserBuffer(thread.readBuffer);
    handle.setNoDelay(true);
    this.resume();
  }

  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  get takenBytes(): number {
    return this.#isClosed ? 0 : this.#handle.bytesWritten - this.#handle.writeQueueSize;
  }

  write(bytes: Buffer): boolean {
    if (!this.#mayWrite) return false;
    return this.#written(this.#handle.writeBuffer(null, bytes), bytes, bytes.length, 1);
  }

  writeAll(buffers: Buffer[]): boolean {
    if (!this.#mayWrite) return false;
    let bytes = 0;
    for (const { length } of buffers) bytes += length;
    return this.#written(this.#handle.writev(null, buffers, true), buffers, bytes, buffers.length);
  }

  pause(): void {
    if (!this.#isReading) return;
    this.#isReading = false;
    if (this.#handle.readStop() !== 0) this.destroy();
  }

  resume(): void {
    if (this.#isReading || this.#peerHalf !== 'open' || this.#isClosed) return;
    this.#isReading = true;
    if (this.#handle.readStart() !== 0) this.destroy();
  }

  end(): void {
    if (!this.#mayWrite) return;
    this.#ourHalf = 'ending';
    const request = new this.#thread.ways.ShutdownRequest() as PendingShutdown;
    request.socket = this;
    request.oncomplete = onShutdown;
    const result = this.#handle.shutdown(request);
    if (result === endedAtOnce) this.onOurEnd();
    else if (result !== 0) this.destroy();
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isReading = false;
    this.#unsentBytes = 0;
    this.#handle.onread = ignore;
    this.#handle.close(() => {
      this.#accepted?.destroy();
      this.#owner.onSocketClose();
    });
  }

  // What the handle tells.

  onRead(): void {
    if (this.#isClosed) return;
    const read = this.#thread.ways.whatWasRead();
    if (read > 0) this.#owner.onBytes(this.#thread.readBuffer, read);
    else if (read === reads.end) this.#onPeerEnd();
    else if (read === reads.failure) this.destroy();
  }

  onWritten({ bytes, buffers }: PendingWrite, status: number): void {
    if (this.#isClosed) return;
    if (status < 0) {
      this.destroy();
      return;
    }
    this.#unsentBytes -= bytes;
    this.#owner.onTaken(buffers);
  }

  onOurEnd(): void {
    if (this.#isClosed) return;
    this.#ourHalf = 'ended';
    if (this.#peerHalf === 'ended') this.destroy();
  }

  #onPeerEnd(): void {
    this.#isReading = false;
    this.#peerHalf = 'ended';
    this.#owner.onPeerEnd();
    if (this.#ourHalf === 'ended') this.destroy();
  }

  /** What came of a write. */
  #written(result: number | WriteRequest, data: Buffer | Buffer[], bytes: number, buffers: number): boolean {
    if (result === 0) return true;
    if (typeof result === 'number') {
      this.destroy();
      return false;
    }
    const pending = result as PendingWrite;
    Object.assign(pending, { socket: this, bytes, buffers, data });
    pending.oncomplete = onWriteDone;
    this.#unsentBytes += bytes;
    // Ended before it could be told.
    const { writeStatus = null } = pending;
    if (writeStatus !== null) process.nextTick(onWriteDone.bind(pending), writeStatus);
    return false;
  }

  get #mayWrite(): boolean {
    return this.#ourHalf === 'open' && !this.#isClosed;
  }
}

function onWriteDone(this: WriteRequest, status: number): void {
  const pending = this as PendingWrite;
  pending.socket.onWritten(pending, status);
}

function onShutdown(this: ShutdownRequest): void {
  (this as PendingShutdown).socket.onOurEnd();
}

function ignore(): void {}
