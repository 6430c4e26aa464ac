// The client of Heddle's sides in the scenario `large`.

import { connect as connectTo } from '../../../client.ts';
import type { BenchClient, ConnectOptions } from '../../measure/client.ts';
import { bodyOf, checkBody } from './body.ts';
import { Large } from './contract.ts';

export async function connect({ port, connections, params }: ConnectOptions): Promise<BenchClient> {
  const client = connectTo(Large, { target: `heddle://127.0.0.1:${port}`, connections, timeoutMs: 30_000 });
  const body = bodyOf(params.bytes as number);
  await Promise.all(Array.from({ length: connections }, () => client.echo(body)));
  return {
    call: async () => checkBody(await client.echo(body), body),
    close: () => client[Symbol.asyncDispose](),
  };
}
