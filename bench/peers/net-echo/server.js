// A bare echo: what comes goes back, one write for each read.

import { createServer } from 'node:net';
import { serveBench } from '../../measure/served.ts';

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', (chunk) => socket.write(chunk));
  socket.on('error', () => socket.destroy());
});
server.listen(0, '127.0.0.1', () => serveBench(server.address().port, () => server.close()));
