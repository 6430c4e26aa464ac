// A server of node:http that asks its backends by undici, each by a pool.

import { createServer } from 'node:http';
import { Pool } from 'undici';
import { startBackends } from '../../measure/backends.ts';
import { serveBench } from '../../measure/served.ts';
import { merge } from '../../scenarios/fanout/task.ts';
import { readBody, sendBody } from './body.js';

const ports = await startBackends(import.meta.resolve('./backends.js'));
const pools = ports.map((port) => new Pool(`http://127.0.0.1:${port}`, { connections: 2, pipelining: 128 }));

const options = {
  path: '/search',
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  // Else undici waits for the answer of a POST before it sends another over the same connection.
  idempotent: true,
  blocking: false,
};

async function ask(pool, query) {
  const { statusCode, body } = await pool.request({ ...options, body: JSON.stringify(query) });
  if (statusCode !== 200) throw new Error(`status ${statusCode}`);
  return body.json();
}

const server = createServer((request, response) => {
  readBody(request, async (query) => {
    try {
      const answers = await Promise.all(pools.map((pool) => ask(pool, query)));
      const lists = answers.map(({ hits }) => hits);
      sendBody(response, { hits: merge(lists, query.limit) });
    } catch (reason) {
      response.writeHead(500).end(`${reason}`);
    }
  });
});
server.listen(0, '127.0.0.1', () => serveBench(server.address().port, () => server.close()));
