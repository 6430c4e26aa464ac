// The front of the scenario `fanout`: it has a channel to each backend.

import grpc from '@grpc/grpc-js';
import { startBackends } from '../../measure/backends.ts';
import { merge } from '../../scenarios/fanout/task.ts';
import { Search } from './films.js';

const ports = await startBackends(import.meta.resolve('./fanout-backends.js'));
const backends = ports.map((port) => new Search(`127.0.0.1:${port}`, grpc.credentials.createInsecure()));

const ask = (backend, query) =>
  new Promise((resolve, reject) => {
    backend.Find(query, (error, { hits } = {}) => {
      if (error) reject(error);
      else resolve(hits);
    });
  });

export const front = {
  Find: ({ request }, done) => {
    Promise.all(backends.map((backend) => ask(backend, request))).then(
      (lists) => done(null, { hits: merge(lists, request.limit) }),
      (error) => done(error),
    );
  },
};
