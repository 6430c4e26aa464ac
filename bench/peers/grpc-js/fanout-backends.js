// Five servers, each at its own address.

import { promisify } from 'node:util';
import grpc from '@grpc/grpc-js';
import { serveBackends } from '../../measure/backends.ts';
import { backendCount, backendMs, hitsOf } from '../../scenarios/fanout/task.ts';
import { Search } from './films.js';

const ports = await Promise.all(
  Array.from({ length: backendCount }, (_, at) => {
    const server = new grpc.Server();
    server.addService(Search.service, {
      Find: (_call, done) => setTimeout(done, backendMs, null, { hits: hitsOf(at) }),
    });
    return promisify(server.bindAsync.bind(server))('127.0.0.1:0', grpc.ServerCredentials.createInsecure());
  }),
);
serveBackends(ports);
