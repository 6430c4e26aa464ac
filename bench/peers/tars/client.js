// A communicator has one connection to a servant, so there is a communicator for each.

import { createRequire } from 'node:module';
import { checkFilm, record } from '../../scenarios/unary/record.ts';
import { Film, FilmsProxy } from './Film.js';

const { Communicator } = createRequire(import.meta.url)('@tars/rpc');

export async function connect({ port, connections }) {
  const communicators = Array.from({ length: connections }, () => new Communicator());
  const servant = `bench.Films.FilmsObj@tcp -h 127.0.0.1 -p ${port} -t 60000`;
  const proxies = communicators.map((communicator) => communicator.stringToProxy(FilmsProxy, servant));
  const film = new Film();
  film.readFromObject(record);
  let next = 0;
  const call = async () => {
    const { response } = await proxies[next++ % proxies.length].echo(film);
    checkFilm(response.return.toObject());
  };
  await Promise.all(proxies.map(call));
  return {
    call,
    close: () => {
      for (const communicator of communicators) communicator.destroy();
    },
  };
}
