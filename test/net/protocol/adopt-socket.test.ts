// adoptSocket: what it leaves behind.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { adoptSocket } from '../../../net/protocol/adopt-socket.ts';

const collect = (): void => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
};

async function listening(onSocket: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ pauseOnConnect: true }, onSocket);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}

test('a socket that no server here has accepted is garbage once its handle has moved', async (t) => {
  const server = await listening((socket) => socket.end());
  const { port } = server.address() as AddressInfo;
  const [emptied, adopted] = await (async () => {
    const socket = new Socket().connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return [new WeakRef(socket), adoptSocket(socket, Buffer.alloc(64), () => {})] as const;
  })();
  for (let turns = 0; turns < 20 && emptied.deref() !== undefined; turns++) {
    await turn();
    collect();
  }
  t.is(emptied.deref(), undefined);
  adopted.destroy();
  server.close();
});

test('a server on this thread closes when the adopted socket has', async (t) => {
  const accepted = Promise.withResolvers<Socket>();
  const server = await listening(accepted.resolve);
  const peer = new Socket().connect((server.address() as AddressInfo).port, '127.0.0.1');
  const adopted = adoptSocket(await accepted.promise, Buffer.alloc(64), () => {});
  const closed = once(server.close(), 'close');
  adopted.destroy();
  await closed;
  peer.destroy();
  t.pass();
});
