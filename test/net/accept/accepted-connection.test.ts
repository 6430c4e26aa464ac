// AcceptedConnection, over a bare handle and over a net.Socket: laws of both, each between two threads' ends of a message
// channel, which is all that a thread sees of a connection that moves.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import {
  type AcceptedConnection,
  arrivedSocket,
  HandleConnection,
  type MovedSocket,
  SocketConnection,
} from '../../../net/accept/accepted-connection.ts';
import { takeHandles } from '../../../net/accept/accepted-handle.ts';

interface Pair {
  readonly accepted: AcceptedConnection;
  /** Has connected; nothing that happens to it throws. */
  readonly peer: Socket;
  readonly server: Server;
}

type Way = (server: Server, onAccepted: (accepted: AcceptedConnection) => void) => void;

const ways: [name: string, way: Way][] = [
  [
    'a bare handle',
    (server, onAccepted) => {
      takeHandles(server, (handle) => onAccepted(new HandleConnection(handle)));
      server.on('connection', () => onAccepted(undefined as never));
    },
  ],
  [
    'a net.Socket',
    (server, onAccepted) => server.on('connection', (socket) => onAccepted(new SocketConnection(socket))),
  ],
];

async function pair(t: ExecutionContext, way: Way, host = '127.0.0.1', from = host): Promise<Pair> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true, keepAlive: true });
  await once(server.listen(0, host), 'listening');
  const came = Promise.withResolvers<AcceptedConnection>();
  way(server, came.resolve);
  const peer = connect({ port: (server.address() as AddressInfo).port, host: from, allowHalfOpen: true });
  peer.on('error', () => {});
  const [accepted] = await Promise.all([came.promise, once(peer, 'connect')]);
  t.teardown(() => {
    peer.destroy();
    accepted.destroy();
    server.close();
  });
  return { accepted, peer, server };
}

/** Moves it as an IO thread gets it. */
async function move(accepted: AcceptedConnection): Promise<Socket> {
  const { port1, port2 } = new MessageChannel();
  const arrival = once(port2, 'message');
  accepted.move((moved) => port1.postMessage({ moved }, [moved as MovedSocket & ArrayBuffer]));
  const [{ moved }] = await arrival;
  port1.close();
  return arrivedSocket(moved).on('error', () => {});
}

/** What comes until the other side ends; ours stays open. */
async function text(socket: Socket): Promise<string> {
  let all = '';
  socket.on('data', (chunk) => {
    all += chunk;
  });
  if (!socket.readableEnded) await once(socket, 'end');
  return all;
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())));
}

for (const [name, way] of ways) {
  test(`${name} echoes where it has moved, half-open, what was sent before too`, async (t) => {
    const { accepted, peer } = await pair(t, way);
    peer.end('early');
    const socket = await move(accepted);
    t.is(socket.remoteAddress, '127.0.0.1');
    t.is(socket.remotePort, peer.localPort);
    t.is(socket.localPort, peer.remotePort);
    t.is(socket.bytesRead, 0, 'nobody has read from it');
    t.is(socket.readableFlowing, null);
    t.is(await text(socket), 'early');
    socket.end('late');
    t.is(await text(peer), 'late');
    await Promise.all([closed(socket), closed(peer)]);
  });

  test(`${name} knows its peer and its descriptor`, async (t) => {
    const { accepted } = await pair(t, way);
    t.is(accepted.remoteAddress, '127.0.0.1');
    if (process.platform !== 'win32') t.true(accepted.descriptor! > 2);
  });

  test(`${name} that was accepted on both families tells an address of IPv4 as Node does`, async (t) => {
    const both = await pair(t, way, '::', '127.0.0.1').catch(() => undefined);
    if (both === undefined) return t.pass('this machine has no IPv6');
    t.is(both.accepted.remoteAddress, '::ffff:127.0.0.1');
    t.is((await move(both.accepted)).remoteAddress, '::ffff:127.0.0.1');
  });

  test(`${name} says nothing when its peer goes, and who gets it finds out`, async (t) => {
    const { accepted, peer } = await pair(t, way);
    peer.resetAndDestroy();
    await closed(peer);
    for (let turns = 0; turns < 5; turns++) await turn();
    const socket = await move(accepted);
    await closed(socket.resume());
    t.pass();
  });

  test(`${name} that is destroyed closes for its peer, once`, async (t) => {
    const { accepted, peer } = await pair(t, way);
    accepted.destroy();
    accepted.destroy();
    t.is(await text(peer), '');
  });

  test(`${name} that nobody takes is still there to be destroyed`, async (t) => {
    const { accepted, peer } = await pair(t, way);
    const refusal = new Error('it does not move');
    const refuse = (): void => {
      throw refusal;
    };
    const thrown = t.throws(() => accepted.move(refuse));
    t.is(thrown, refusal);
    accepted.destroy();
    t.is(await text(peer), '');
  });

  test(`${name} that has moved is not closed by a destroy here`, async (t) => {
    const { accepted, peer } = await pair(t, way);
    const socket = await move(accepted);
    accepted.destroy();
    socket.end('still open');
    t.is(await text(peer), 'still open');
  });
}

test('a handle that does not move as it is moves in a net.Socket', async (t) => {
  const { accepted, peer } = await pair(t, ways[0]![1]);
  const tried: string[] = [];
  const { port1, port2 } = new MessageChannel();
  const arrival = once(port2, 'message');
  accepted.move((moved) => {
    tried.push(moved.constructor.name);
    if (!(moved instanceof Socket)) throw new TypeError('not transferable');
    port1.postMessage({ moved }, [moved as Socket & ArrayBuffer]);
  });
  const [{ moved }] = await arrival;
  port1.close();
  t.deepEqual(tried, ['TCP', 'Socket']);
  t.true(moved instanceof Socket);
  arrivedSocket(moved).end('moved');
  t.is(await text(peer), 'moved');
});

test('a handle whose peer has gone before it was accepted has no address', (t) => {
  const calls: unknown[] = [];
  const note = (...args: unknown[]): void => void calls.push(args);
  const accepted = new HandleConnection({
    getpeername: () => -107,
    setNoDelay: (...args) => note('noDelay', ...args),
    setKeepAlive: (...args) => note('keepAlive', ...args),
    close: () => note('close'),
  });
  t.is(accepted.remoteAddress, undefined);
  t.is(accepted.descriptor, undefined);
  accepted.destroy();
  t.deepEqual(calls, [['noDelay', true], ['keepAlive', true, 0], ['close']]);
});
