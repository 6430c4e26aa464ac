import { createServer } from 'node:net';
import { serveBench, served } from '../../measure/served.ts';
import { subjectOf } from './subject.js';

/** `onSocket` is given each socket before avsc reads it. */
export function serve(onSocket) {
  const { service } = subjectOf(served());
  const echoing = service.createServer().onEcho((value, done) => done(null, value));
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    onSocket(socket);
    echoing.createChannel(socket);
  });
  server.listen(0, '127.0.0.1', () => serveBench(server.address().port, () => server.close()));
}
