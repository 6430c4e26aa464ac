import { createServer } from 'node:net';
import { serveBench, served } from '../../measure/served.ts';
import { subjectOf } from '../avsc/subject.js';

const { service } = subjectOf(served());
const echoing = service.createServer().onEcho((value, done) => done(null, value));
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  // An answer is written in pieces: those of one turn of the event loop go out in one.
  socket.on('data', () => {
    socket.cork();
    setImmediate(() => socket.uncork());
  });
  echoing.createChannel(socket);
});
server.listen(0, '127.0.0.1', () => serveBench(server.address().port, () => server.close()));
