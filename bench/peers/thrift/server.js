import thrift from 'thrift';
import { serveBench } from '../../measure/served.ts';
import Films from './gen-nodejs/Films.js';

const handler = { echo: (film, done) => done(null, film) };
const server = thrift.createServer(Films, handler, {
  transport: thrift.TFramedTransport,
  protocol: thrift.TBinaryProtocol,
});
server.on('error', () => {});
server.listen(0, '127.0.0.1', () => serveBench(server.address().port, () => server.close()));
