// adoptSocket: what it makes, and what it leaves behind.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { adoptSocket } from '../../../net/protocol/adopt-socket.ts';
import { NodeSocket } from '../../../net/protocol/node-socket.ts';
import { handleWays } from '../../../net/protocol/tcp-handle.ts';
import { WireSocket } from '../../../net/protocol/wire-socket.ts';
import { SocketLog, socketPair } from './socket-pair.ts';

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
    return [new WeakRef(socket), adoptSocket(socket, Buffer.alloc(64), new SocketLog())] as const;
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
  const adopted = adoptSocket(await accepted.promise, Buffer.alloc(64), new SocketLog());
  const closed = once(server.close(), 'close');
  adopted.destroy();
  await closed;
  peer.destroy();
  t.pass();
});

test('a TCP socket gives its handle to a WireSocket where Node calls handles as it needs', async (t) => {
  const { accepted, peer } = await socketPair(t);
  const adopted = adoptSocket(accepted, Buffer.alloc(64), new SocketLog());
  t.is(adopted.constructor, handleWays() === undefined ? NodeSocket : WireSocket);
  adopted.destroy();
  peer.destroy();
});

test('Node 26 calls handles as WireSocket needs', (t) => {
  if (Number(process.versions.node.split('.')[0]) === 26) t.not(handleWays(), undefined);
  else t.pass();
});

const unlike: [what: string, change: (socket: Socket) => void, readBefore: string][] = [
  ['of another class, as TLS has', (socket) => Object.defineProperty(socket, 'constructor', { value: class {} }), ''],
  ['that has read already', (socket) => socket.unshift(Buffer.from('read ')), 'read '],
];

for (const [what, change, readBefore] of unlike) {
  test(`a socket ${what} stays what it is`, async (t) => {
    const { accepted, peer } = await socketPair(t);
    change(accepted);
    const log = new SocketLog();
    const adopted = adoptSocket(accepted, Buffer.alloc(64), log);
    t.true(adopted instanceof NodeSocket);
    peer.end('bytes');
    await log.until(() => log.peerEnds === 1);
    t.is(log.text, `${readBefore}bytes`);
    adopted.end();
    await log.until(() => log.closes === 1);
  });
}

test('a handle that is none of TCP goes into a net.Socket that reads into the one buffer', async (t) => {
  const { accepted, peer } = await socketPair(t);
  const { _handle: handle } = accepted as unknown as { _handle: object };
  Object.defineProperty(handle, 'constructor', { value: class Pipe {} });
  const log = new SocketLog();
  const readBuffer = Buffer.alloc(64);
  const adopted = adoptSocket(accepted, readBuffer, log);
  t.true(adopted instanceof NodeSocket);
  peer.end('bytes');
  await log.until(() => log.peerEnds === 1);
  t.is(log.text, 'bytes');
  t.is(readBuffer.toString('latin1', 0, 5), 'bytes');
  adopted.end();
  await log.until(() => log.closes === 1);
});
