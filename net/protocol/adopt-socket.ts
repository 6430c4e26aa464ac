// adoptSocket: an accepted or transferred net.Socket becomes the ConnectionSocket of a protocol that comes with Heddle. Its
// handle moves out of it, into a WireSocket where this Node's handles can be driven, else into a net.Socket that reads into
// the thread's one read buffer; a socket whose handle can't be had (TLS, bytes already read) stays as it is.

import { Socket } from 'node:net';
import type { ConnectionSocket, SocketOwner } from './connection-socket.ts';
import { NodeSocket } from './node-socket.ts';
import { handleWays, isTcpHandle } from './tcp-handle.ts';
import { WireSocket, type WireThread, wireThread } from './wire-socket.ts';

/** The part of a socket that Node does not document. */
interface HandleOwner {
  _handle?: { reading: boolean; readStop(): void } | null;
  /** Of an accepted socket. */
  _server?: object | null;
}

/** By read buffer: a thread has one. */
const threads = new WeakMap<Buffer, WireThread>();

/** Returns the socket to use from now on: half-open, without Nagle's delay, reading. The other one is not to be used. */
export function adoptSocket(socket: Socket, readBuffer: Buffer, owner: SocketOwner): ConnectionSocket {
  const { _handle: handle, _server: server } = socket as unknown as HandleOwner;
  if (!handle || socket.constructor !== Socket || socket.destroyed || socket.readableLength > 0) {
    return NodeSocket.around(socket, owner);
  }
  (socket as unknown as HandleOwner)._handle = null;
  if (handle.reading) handle.readStop();
  handle.reading = false;
  // The emptied socket still counts as open with the server that accepted it, if that is on this thread. One that came from
  // another thread is garbage from here on, some 2.5 KB of it: nothing may hold it.
  const accepted = server ? socket : undefined;
  const thread = wireThreadOf(readBuffer);
  return thread !== undefined && isTcpHandle(handle) && handle.onread === thread.ways.onread
    ? new WireSocket(thread, handle, owner, accepted)
    : NodeSocket.over(handle, readBuffer, owner, accepted);
}

function wireThreadOf(readBuffer: Buffer): WireThread | undefined {
  let thread = threads.get(readBuffer);
  if (thread !== undefined) return thread;
  const ways = handleWays();
  if (ways === undefined) return undefined;
  thread = wireThread(ways, readBuffer);
  threads.set(readBuffer, thread);
  return thread;
}
