// takeHandles: what it takes of a listening server, and what it leaves to Node. Serial: tests change what Node's handles have.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { type AcceptedHandle, takeHandles } from '../../../net/accept/accepted-handle.ts';
import { Listeners } from '../../../net/accept/listeners.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { binding } from './binding.ts';

/** As Node has it, and does not tell. */
interface NodeHandle {
  onconnection(status: number, accepted: unknown): void;
}

const handleOf = (server: Server): NodeHandle => (server as unknown as { _handle: NodeHandle })._handle;

async function listening(t: ExecutionContext): Promise<Server> {
  const server = createServer({ pauseOnConnect: true });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => server.close());
  return server;
}

/** Until the test ends this Node's handles have a method less. */
function hideMethod(t: ExecutionContext, server: Server): void {
  const prototype = Object.getPrototypeOf(handleOf(server)) as { setKeepAlive: unknown };
  const { setKeepAlive } = prototype;
  prototype.setKeepAlive = undefined;
  t.teardown(() => Object.assign(prototype, { setKeepAlive }));
}

/** Connects, and tells how the connection came in. */
async function wayIn(t: ExecutionContext, server: Server): Promise<'handle' | 'socket'> {
  const taken = Promise.withResolvers<AcceptedHandle>();
  takeHandles(server, taken.resolve);
  const peer = connect((server.address() as AddressInfo).port, '127.0.0.1');
  t.teardown(() => peer.destroy());
  const [way, close] = await Promise.race([
    taken.promise.then((handle) => ['handle', () => handle.close()] as const),
    once(server, 'connection').then(([socket]) => ['socket', () => (socket as Socket).destroy()] as const),
  ]);
  close();
  return way;
}

test.serial('Node 24 and 26 give their handles', async (t) => {
  t.is(await wayIn(t, await listening(t)), 'handle');
});

test.serial('a server whose handles were taken counts no connection, and closes while they are open', async (t) => {
  const server = await listening(t);
  const taken = Promise.withResolvers<AcceptedHandle>();
  takeHandles(server, taken.resolve);
  const peer = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const handle = await taken.promise;
  await once(server.close(), 'close');
  handle.close();
  await once(peer.resume(), 'close');
  t.pass();
});

test.serial('what the kernel could not accept is an error of the server, as without us', async (t) => {
  const server = await listening(t);
  takeHandles(server, () => t.fail());
  const failed = once(server, 'error');
  handleOf(server).onconnection(-24, undefined);
  t.like((await failed)[0], { code: 'EMFILE', syscall: 'accept' });
});

test.serial('a server without a handle of TCP keeps its way: a pipe, a process of a cluster, closed', async (t) => {
  const ofPrimary = { onconnection: () => {} };
  const { onconnection } = ofPrimary;
  takeHandles({ _handle: ofPrimary } as unknown as Server, () => t.fail());
  t.is(ofPrimary.onconnection, onconnection);
  t.notThrows(() => takeHandles(createServer(), () => t.fail()));
});

test.serial('a handle with a method less comes in as a net.Socket', async (t) => {
  const server = await listening(t);
  hideMethod(t, server);
  t.is(await wayIn(t, server), 'socket');
});

for (const [what, isHidden] of [
  ['handles', false],
  ['sockets', true],
] as const) {
  test.serial(`listeners that take ${what} give the same connections, also when they were opened again`, async (t) => {
    if (isHidden) hideMethod(t, await listening(t));
    const came: string[] = [];
    let wake = (): void => {};
    const listeners = new Listeners(
      [binding],
      (accepted, index) => {
        came.push(`${accepted.constructor.name} ${accepted.remoteAddress} ${index}`);
        accepted.destroy();
        wake();
      },
      silentLogger,
    );
    const [{ port } = { port: 0 }] = await listeners.open();
    for (let opened = 1; opened <= 2; opened++) {
      const taken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const peer = connect(port, '127.0.0.1');
      await Promise.all([taken, once(peer.resume(), 'close')]);
      listeners.pause();
      await listeners.resume();
    }
    await listeners.close();
    const way = isHidden ? 'SocketConnection' : 'HandleConnection';
    t.deepEqual(came, [`${way} 127.0.0.1 0`, `${way} 127.0.0.1 0`]);
  });
}
