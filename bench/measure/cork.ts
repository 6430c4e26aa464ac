// corkForTurn: what a turn of the event loop writes to a socket leaves in one write, as Node's documentation of
// `writable.cork()` has it. For clients and servers of peers whose libraries write each message, or parts of it, by itself.

import type { Socket } from 'node:net';

export function corkForTurn(socket: Socket): void {
  if (socket.writableCorked > 0) return;
  socket.cork();
  setImmediate(() => socket.uncork());
}
