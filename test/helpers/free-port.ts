// freePort: where a process of a test can listen, again after its death too, or where nobody listens.

import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below those that the system gives to connections and to `listen(0)`, where other tests take what is free for a moment. */
const ports = { first: 20_000, count: 12_000 } as const;
const triesMax = 100;
const given = new Set<number>();

/** None twice. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < triesMax; tries++) {
    const port = ports.first + Math.floor(Math.random() * ports.count);
    if (given.has(port)) continue;
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    given.add(port);
    server.close();
    await once(server, 'close');
    return port;
  }
  throw new Error(`none of ${triesMax} ports from ${ports.first} on is free`);
}
