// NodeSocket: a net.Socket as a ConnectionSocket, where WireSocket can't be had: TLS, bytes that were read already, a Node that
// hides its handles or calls them otherwise. Where the handle can be moved into a new socket it reads into the thread's one
// read buffer (`onread` is a constructor option), which saves a buffer and a stream event per read; else 'data' events do
// the same work. On IO threads.

import { Socket } from 'node:net';
import type { ConnectionSocket, SocketOwner } from './connection-socket.ts';

/** The part of a socket that Node does not document. */
interface HandleOwner {
  _handle?: { bytesWritten?: unknown; writeQueueSize?: unknown } | null;
}

export class NodeSocket implements ConnectionSocket {
  readonly #socket: Socket;
  readonly #owner: SocketOwner;
  readonly #written = (error?: Error | null) => this.#onWritten(error);
  /** Callbacks still to come for buffers that were the caller's again at once. */
  #settledEarly = 0;

  /** Made half-open and without Nagle's delay; reads from now on. */
  private constructor(socket: Socket, owner: SocketOwner) {
    this.#socket = socket;
    this.#owner = owner;
    socket.setNoDelay(true);
    // Before the loop turns again: a peer that was gone already says so by an event.
    socket.on('error', ignore);
    socket.once('end', () => owner.onPeerEnd());
    if (socket.closed) process.nextTick(() => owner.onSocketClose());
    else socket.once('close', () => owner.onSocketClose());
  }

  /** Leaves the socket as it is. */
  static around(socket: Socket, owner: SocketOwner): NodeSocket {
    socket.allowHalfOpen = true;
    socket.on('data', (chunk: Buffer) => owner.onBytes(chunk, chunk.length));
    socket.resume();
    return new NodeSocket(socket, owner);
  }

  /** `accepted`: had the handle, and counts as open with a server of this thread. */
  static over(handle: object, readBuffer: Buffer, owner: SocketOwner, accepted: Socket | undefined): NodeSocket {
    const socket = new Socket({ handle, allowHalfOpen: true, onread: onread(readBuffer, owner) } as object);
    if (accepted !== undefined) socket.once('close', () => accepted.destroy());
    return new NodeSocket(socket, owner);
  }

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  get takenBytes(): number {
    const { bytesWritten, writeQueueSize } = (this.#socket as HandleOwner)._handle ?? {};
    return typeof bytesWritten === 'number' && typeof writeQueueSize === 'number'
      ? bytesWritten - writeQueueSize
      : this.#socket.bytesWritten - this.#socket.writableLength;
  }

  write(bytes: Buffer): boolean {
    this.#socket.write(bytes, this.#written);
    return this.#isTaken(1);
  }

  writeAll(buffers: Buffer[]): boolean {
    const socket = this.#socket;
    socket.cork();
    for (const bytes of buffers) socket.write(bytes, this.#written);
    socket.uncork();
    return this.#isTaken(buffers.length);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** The kernel took it all at once; the callbacks that follow have nothing to tell. */
  #isTaken(buffers: number): boolean {
    if (this.#socket.writableLength > 0 || this.#socket.destroyed) return false;
    this.#settledEarly += buffers;
    return true;
  }

  #onWritten(error: Error | null | undefined): void {
    if (this.#settledEarly > 0) this.#settledEarly--;
    else if (!error) this.#owner.onTaken(1);
  }
}

function onread(buffer: Buffer, owner: SocketOwner): object {
  return {
    buffer,
    callback: (length: number, chunk: Buffer) => {
      owner.onBytes(chunk, length);
      return true;
    },
  };
}

function ignore(): void {}
