// The client of Heddle's side in the scenarios `unary` and `unary-io`: the stand-alone client, as docs/clients.md says.

import { connect as connectTo } from '../../../client.ts';
import type { BenchClient, ConnectOptions } from '../../measure/client.ts';
import { Unary } from './contract.ts';
import { checkFilm, record } from './record.ts';

export async function connect({ port, connections }: ConnectOptions): Promise<BenchClient> {
  const client = connectTo(Unary, { target: `heddle://127.0.0.1:${port}`, connections, timeoutMs: 10_000 });
  await Promise.all(Array.from({ length: connections }, () => client.echo(record)));
  return {
    call: async () => checkFilm(await client.echo(record)),
    close: () => client[Symbol.asyncDispose](),
  };
}
