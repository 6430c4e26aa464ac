import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { get, post, RawClient } from './rig.ts';

test('serves sockets that the main thread accepted and transferred, with their timeouts', async (t) => {
  const worker = new Worker(new URL('./io-worker.ts', import.meta.url));
  await once(worker, 'message');
  const acceptor = net.createServer({ pauseOnConnect: true }, (socket) => {
    // The lists of @types/node do not name Socket yet.
    worker.postMessage({ socket }, [socket as unknown as ArrayBuffer]);
  });
  acceptor.listen(0, '127.0.0.1');
  await once(acceptor, 'listening');
  const { port } = acceptor.address() as AddressInfo;

  const clients = Array.from({ length: 20 }, () => new RawClient(port));
  for (const [index, client] of clients.entries()) {
    client.send(post('/t.S/echo', String(index)) + get('/t.S/read?a=b') + post('/t.S/echo', 'x'.repeat(90_000)));
  }
  for (const [index, client] of clients.entries()) {
    t.is((await client.answer()).body, String(index));
    t.is((await client.answer()).body, '{"a":"b"}');
    t.is((await client.answer()).body.length, 90_000);
  }
  const slow = new RawClient(port);
  slow.send('GET /healthz HTTP/1.1\r\n');
  t.is((await slow.answer()).status, 408);
  t.is(await slow.rest(), '');

  for (const client of clients) client.socket.destroy();
  for (let closed = 0; closed < clients.length + 1; closed++) await once(worker, 'message');
  acceptor.close();
  await worker.terminate();
});
