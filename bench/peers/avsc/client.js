// A client for each connection.

import { connect as connectTo } from 'node:net';
import { subjectOf } from './subject.js';

export const connect = (options) => connectWith(options, () => {});

/** `beforeCall` is given the socket of each call. */
export async function connectWith({ scenario, port, connections, params }, beforeCall) {
  const { service, request, check } = subjectOf({ scenario, params });
  const clients = Array.from({ length: connections }, () => {
    const socket = connectTo({ port, host: '127.0.0.1', noDelay: true });
    return { socket, client: service.createClient({ buffering: true, transport: socket }) };
  });
  const echo = ({ client, socket }) =>
    new Promise((resolve, reject) => {
      beforeCall(socket);
      client.echo(request, (error, answer) => {
        if (error) reject(error);
        else resolve(answer);
      });
    });
  let next = 0;
  const call = async () => check(await echo(clients[next++ % clients.length]));
  await Promise.all(clients.map(call));
  return {
    call,
    close: () => {
      for (const { client, socket } of clients) {
        client.destroyChannels({ noWait: true });
        socket.destroy();
      }
    },
  };
}
