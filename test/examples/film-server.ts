// filmServer: the demo's own heddle.yaml, on free ports, with what a test changes of it.

import { fileURLToPath } from 'node:url';
import { readConfig } from '../../config/read-config.ts';
import { formatProblems } from '../../document/format-problems.ts';
import { Catalog, Rank, Recall, Search } from '../../examples/movies/contract.ts';
import { connect, Server } from '../../index.ts';
import { freePort } from '../helpers/free-port.ts';

export const services = ['movies.Search', 'movies.Rank', 'movies.Recall', 'movies.Catalog', 'movies.Viewers'];

export const file = fileURLToPath(new URL('../../examples/movies/heddle.yaml', import.meta.url));

/** A started server with a client for each service. `overrides` are as for `--set`. */
export async function filmServer(overrides: readonly string[] = []) {
  const ports = services.map((name) => `services["${name}"].listen=["heddle://127.0.0.1:0","http://127.0.0.1:0"]`);
  // What is called over sockets has to be known before it listens.
  const [one, other] = [await freePort(), await freePort()];
  const replicas = [
    `services["movies.Viewers"].listen=["heddle://127.0.0.1:${one}","heddle://127.0.0.1:${other}"]`,
    `clients["movies.Viewers"].target=heddle://127.0.0.1:${one},127.0.0.1:${other}`,
  ];
  // Several test files share the machine: no answer here is to depend on how fast it is.
  const patience = 'services["movies.Search"].timeout=30s';
  const { settings, problems } = readConfig({
    file,
    overrides: [...ports, ...replicas, patience, 'log.level=error', 'admin.address=none', ...overrides],
  });
  if (settings === undefined) throw new Error(formatProblems(problems));
  const server = new Server(settings);
  await server.start();
  const portOf = (protocol: string) =>
    server.addresses.find((address) => address.protocol === protocol && address.port !== one && address.port !== other)
      ?.port;
  const target = `heddle://127.0.0.1:${portOf('heddle')}`;
  // A busy machine may be slow to accept.
  const options = { target, connectTimeoutMs: 20_000 };
  const catalog = connect(Catalog, options);
  const recall = connect(Recall, options);
  const rank = connect(Rank, options);
  const search = connect(Search, options);
  return {
    target,
    http: `http://127.0.0.1:${portOf('http')}`,
    catalog,
    recall,
    rank,
    search,
    async [Symbol.asyncDispose](): Promise<void> {
      await Promise.all([catalog, recall, rank, search].map((client) => client.close()));
      await server.stop();
    },
  };
}
