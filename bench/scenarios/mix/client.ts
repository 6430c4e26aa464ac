// The client of Heddle's side in the scenario `mix`: the stand-alone client, as docs/clients.md says.

import { connect as connectTo } from '../../../client.ts';
import type { BenchClient, ConnectOptions } from '../../measure/client.ts';
import { checkFilm, record } from '../unary/record.ts';
import { Heavy, Trivial } from './contract.ts';

export async function connect({ port, connections }: ConnectOptions): Promise<BenchClient> {
  const options = { target: `heddle://127.0.0.1:${port}`, connections, timeoutMs: 10_000 };
  const [trivial, heavy] = [connectTo(Trivial, options), connectTo(Heavy, options)];
  await Promise.all([heavy.burn(record), ...Array.from({ length: connections }, () => trivial.echo(record))]);
  return {
    call: async (kind) => checkFilm(await (kind === 'heavy' ? heavy.burn(record) : trivial.echo(record))),
    close: () => Promise.all([trivial[Symbol.asyncDispose](), heavy[Symbol.asyncDispose]()]),
  };
}
