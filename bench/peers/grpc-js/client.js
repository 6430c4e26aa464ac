// Channels to one address share a connection unless they are told not to.

import grpc from '@grpc/grpc-js';
import { large } from './large.js';
import { subjectOf } from './subject.js';

export async function connect({ scenario, port, connections, params }) {
  const { Service, method, request, check } = subjectOf(scenario, params);
  const options = { 'grpc.use_local_subchannel_pool': 1, ...(scenario === 'large' ? large : {}) };
  const clients = Array.from(
    { length: connections },
    () => new Service(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), options),
  );
  const ask = (client, method) =>
    new Promise((resolve, reject) => {
      client[method](request, (error, answer) => {
        if (error) reject(error);
        else resolve(answer);
      });
    });
  let next = 0;
  const call = async (kind) => check(await ask(clients[next++ % clients.length], kind === 'heavy' ? 'Burn' : method));
  await Promise.all(clients.map(() => call('call')));
  return {
    call,
    close: () => {
      for (const client of clients) client.close();
    },
  };
}
