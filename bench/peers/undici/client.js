// HTTP/1.1 with keep-alive. As many requests as are to be in flight are pipelined over the connections.

import { Pool } from 'undici';
import { checkHits, query } from '../../scenarios/fanout/task.ts';

export async function connect({ port, connections, inFlight }) {
  const pipelining = Math.ceil(inFlight / connections);
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections, pipelining });
  const request = {
    path: '/search',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    idempotent: true,
    blocking: false,
  };
  const call = async () => {
    const { statusCode, body } = await pool.request({ ...request, body: JSON.stringify(query) });
    if (statusCode !== 200) throw new Error(`status ${statusCode}: ${await body.text()}`);
    checkHits((await body.json()).hits);
  };
  await Promise.all(Array.from({ length: connections }, call));
  return { call, close: () => pool.close() };
}
