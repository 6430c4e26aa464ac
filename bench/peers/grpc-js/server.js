import grpc from '@grpc/grpc-js';
import { serveBench, served } from '../../measure/served.ts';
import { burn } from '../../scenarios/mix/burn.ts';
import { Blobs, Films, Search } from './films.js';
import { large } from './large.js';

const { scenario } = served();
const server = new grpc.Server(scenario === 'large' ? large : {});
server.addService(Films.service, {
  Echo: (call, done) => done(null, call.request),
  Burn: (call, done) => {
    burn();
    done(null, call.request);
  },
});
server.addService(Blobs.service, { Echo: (call, done) => done(null, call.request) });
if (scenario === 'fanout') {
  const { front } = await import('./fanout.js');
  server.addService(Search.service, front);
}
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  serveBench(port, () => server.forceShutdown());
});
