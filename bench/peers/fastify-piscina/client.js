// HTTP/1.1 with keep-alive, by undici. As many requests as are to be in flight are pipelined over the connections; in `http`
// and `mix` none are, and the client is that of all sides.

import { Pool } from 'undici';
import { connect as connectPlain } from '../../scenarios/http/client.ts';
import { checkFilm, record } from '../../scenarios/unary/record.ts';

export async function connect(options) {
  if (options.scenario === 'http' || options.scenario === 'mix') return connectPlain(options);
  const { port, connections, inFlight } = options;
  const pipelining = Math.ceil(inFlight / connections);
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections, pipelining });
  const request = {
    path: '/echo',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    // Else undici waits for the answer of a POST before it sends another over the same connection.
    idempotent: true,
    blocking: false,
  };
  const call = async () => {
    const { statusCode, body } = await pool.request({ ...request, body: JSON.stringify(record) });
    if (statusCode !== 200) throw new Error(`status ${statusCode}: ${await body.text()}`);
    checkFilm(await body.json());
  };
  await Promise.all(Array.from({ length: connections }, call));
  return { call, close: () => pool.close() };
}
