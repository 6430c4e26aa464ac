// Sockets that another thread accepted: transferred as Node documents it, and as raw handles.

import { once } from 'node:events';
import net from 'node:net';
import { Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import { request } from './frames.ts';
import { RawClient } from './test-thread.ts';

type Transfer = (worker: Worker, socket: net.Socket) => void;

const transferred = async (t: ExecutionContext, transfer: Transfer) => {
  const worker = new Worker(new URL('./transfer-worker.ts', import.meta.url));
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => transfer(worker, socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(async () => {
    server.close();
    await worker.terminate();
  });
  const { port } = server.address() as net.AddressInfo;
  const client = new RawClient(net.connect({ port, host: '127.0.0.1', allowHalfOpen: true }));
  // Sent before the other thread has the socket, and longer than one read.
  const body = Buffer.alloc(200_000, 'x');
  client.send(request(1), request(2, { body }), request(3, { method: 'hold' }));
  const answers = await client.frames(2);
  t.is(answers[1]!.body, body.toString('hex'));
  const closed = once(worker, 'message');
  client.socket.end();
  worker.postMessage({ answer: 1 });
  t.is((await client.end()).filter(({ frame }) => frame === 'reply').at(-1)!.requestId, 3);
  t.deepEqual(await closed, ['closed']);
};

test('a transferred socket is served, half-open to its end', transferred, (worker: Worker, socket: net.Socket) => {
  worker.postMessage({ socket }, [socket as never]);
});

test('a transferred handle is served, half-open to its end', transferred, (worker: Worker, socket: net.Socket) => {
  const owner = socket as unknown as { _handle: object | null };
  const handle = owner._handle!;
  owner._handle = null;
  worker.postMessage({ handle }, [handle as never]);
});
