// As that of avsc, but what one turn of the event loop asks for leaves in one write.

import { connectWith } from '../avsc/client.js';

export const connect = (options) => connectWith(options, corkForTurn);

function corkForTurn(socket) {
  if (socket.writableCorked > 0) return;
  socket.cork();
  setImmediate(() => socket.uncork());
}
