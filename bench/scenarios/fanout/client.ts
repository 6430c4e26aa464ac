// The client of Heddle's sides in the scenario `fanout`.

import { connect as connectTo } from '../../../client.ts';
import type { BenchClient, ConnectOptions } from '../../measure/client.ts';
import { Front } from './contract.ts';
import { checkHits, query } from './task.ts';

export async function connect({ port, connections }: ConnectOptions): Promise<BenchClient> {
  const client = connectTo(Front, { target: `heddle://127.0.0.1:${port}`, connections, timeoutMs: 10_000 });
  await Promise.all(Array.from({ length: connections }, () => client.search(query)));
  return {
    call: async () => checkHits((await client.search(query)).hits),
    close: () => client[Symbol.asyncDispose](),
  };
}
