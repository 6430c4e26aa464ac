// adoptSocket: a socket that reads into the thread's one read buffer. A socket that was accepted or transferred can't be
// told to do so any more, so its handle moves into a new one (`onread` is a constructor option); that saves a buffer and
// a stream event per read, 1.3-1.4 times the throughput. Where the handle can't be had (TLS, a later Node that hides it,
// bytes already read) the socket stays as it is and its 'data' events do the same work.

import { Socket } from 'node:net';

/** Takes the first `length` bytes of `chunk`; they are overwritten once it returns. */
export type OnBytes = (chunk: Buffer, length: number) => void;

/** The part of a socket that Node does not document. */
interface HandleOwner {
  _handle?: { reading: boolean; readStop(): void } | null;
  /** Of an accepted socket. */
  _server?: object | null;
}

/** Returns the socket to use from now on: half-open, without Nagle's delay, reading. The other one is not to be used. */
export function adoptSocket(socket: Socket, readBuffer: Buffer, onBytes: OnBytes): Socket {
  const adopted = rewrap(socket, readBuffer, onBytes) ?? listen(socket, onBytes);
  adopted.setNoDelay(true);
  return adopted;
}

function rewrap(socket: Socket, readBuffer: Buffer, onBytes: OnBytes): Socket | undefined {
  const owner = socket as unknown as HandleOwner;
  const handle = owner._handle;
  if (!handle || socket.constructor !== Socket || socket.destroyed || socket.readableLength > 0) return undefined;
  owner._handle = null;
  if (handle.reading) handle.readStop();
  handle.reading = false;
  const options = { handle, allowHalfOpen: true, onread: onread(readBuffer, onBytes) };
  const adopted = new Socket(options as object);
  // The emptied socket still counts as open with the server that accepted it, if that is on this thread. One that came from
  // another thread is garbage from here on, some 2.5 KB of it: nothing may hold it.
  if (owner._server) adopted.once('close', () => socket.destroy());
  return adopted;
}

/** By itself: made in `rewrap` it would hold what any function in there holds, the emptied socket too. */
function onread(buffer: Buffer, onBytes: OnBytes): object {
  return {
    buffer,
    callback: (length: number, chunk: Buffer) => {
      onBytes(chunk, length);
      return true;
    },
  };
}

function listen(socket: Socket, onBytes: OnBytes): Socket {
  socket.allowHalfOpen = true;
  socket.on('data', (chunk: Buffer) => onBytes(chunk, chunk.length));
  socket.resume();
  return socket;
}
