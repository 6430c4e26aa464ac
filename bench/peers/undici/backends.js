// Five servers of node:http.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { serveBackends } from '../../measure/backends.ts';
import { backendCount, backendMs, hitsOf } from '../../scenarios/fanout/task.ts';
import { readBody, sendBody } from './body.js';

const servers = Array.from({ length: backendCount }, (_, at) => {
  const server = createServer((request, response) => {
    readBody(request, () => setTimeout(() => sendBody(response, { hits: hitsOf(at) }), backendMs));
  });
  return server.listen(0, '127.0.0.1');
});
await Promise.all(servers.map((server) => once(server, 'listening')));
serveBackends(servers.map((server) => server.address().port));
