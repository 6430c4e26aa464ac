// The client of every side of the scenario `http`, and of the peers that speak HTTP in `mix`: records as JSON. Heddle names
// its paths by `params.paths`; peers have `/echo` and `/burn`.

import type { BenchClient, ConnectOptions } from '../../measure/client.ts';
import { type HttpCall, httpClient } from '../../measure/http-client.ts';
import { checkFilm, record } from '../unary/record.ts';

/** By kind of call. */
const peerPaths: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  http: { call: '/echo' },
  mix: { trivial: '/echo', heavy: '/burn' },
};

const body = Buffer.from(JSON.stringify(record));

export function connect({ scenario, port, connections, params }: ConnectOptions): Promise<BenchClient> {
  const paths = (params.paths ?? peerPaths[scenario]) as Readonly<Record<string, string>>;
  const calls = Object.entries(paths).map(([kind, path]): HttpCall => {
    // One that burns is enough: they come one after another.
    return { kind, path, body, checkBody, first: kind === 'heavy' ? 1 : connections };
  });
  return httpClient({ port, connections, calls });
}

/** Who writes JSON as JSON.stringify does sends the same bytes back; any other right answer has to be read. */
function checkBody(source: Buffer, start: number, end: number): string | undefined {
  if (body.compare(source, start, end) === 0) return undefined;
  try {
    checkFilm(JSON.parse(source.toString('utf8', start, end)));
    return undefined;
  } catch (reason) {
    return (reason as Error).message;
  }
}
