// A connection for each of them, and a client on it.

import { once } from 'node:events';
import Int64 from 'node-int64';
import thrift from 'thrift';
import { checkFilm, record } from '../../scenarios/unary/record.ts';
import Films from './gen-nodejs/Films.js';
import { Film } from './gen-nodejs/film_types.js';

export async function connect({ port, connections }) {
  const lines = Array.from({ length: connections }, () =>
    thrift.createConnection('127.0.0.1', port, {
      transport: thrift.TFramedTransport,
      protocol: thrift.TBinaryProtocol,
    }),
  );
  await Promise.all(lines.map((line) => once(line, 'connect')));
  const clients = lines.map((line) => thrift.createClient(Films, line));
  const film = new Film({ ...record, id: new Int64(record.id) });
  let next = 0;
  return {
    call: async () => checkFilm(await clients[next++ % clients.length].echo(film)),
    close: () => {
      for (const line of lines) line.end();
    },
  };
}
