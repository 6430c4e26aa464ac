// The acceptor over real sockets, with IO threads that are only lists: where connections go while nobody can take them,
// and what it does in a process that runs out of files.

import { once } from 'node:events';
import { createServer, connect as openConnection, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { type AcceptedConnection, arrivedSocket } from '../../../net/accept/accepted-connection.ts';
import { Acceptor, type AcceptorOptions, type ConnectionTarget } from '../../../net/accept/acceptor.ts';
import { waitingMs } from '../../../net/accept/waiting-connections.ts';
import { type Logger, silentLogger } from '../../../runtime/logger.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';
import { binding } from './binding.ts';

/** An IO thread that keeps what it gets. */
class Shelf implements ConnectionTarget {
  readonly number = 1;
  readonly sockets: Socket[] = [];

  hand(accepted: AcceptedConnection): void {
    accepted.move((moved) => void this.sockets.push(arrivedSocket(moved).on('error', () => {})));
  }
}

class Stage {
  readonly clock = new VirtualClock();
  readonly shelf = new Shelf();
  readonly targets: ConnectionTarget[] = [];
  readonly logged: string[] = [];
  readonly acceptor: Acceptor;
  /** As the system would tell. */
  openFiles = 0;
  port = 0;

  constructor(limits: Partial<AcceptorOptions['limits']> = {}) {
    const write = (_fields: object, message: string): void => void this.logged.push(message);
    const log: Logger = { ...silentLogger, warn: write, error: write };
    this.acceptor = new Acceptor({
      bindings: [binding],
      limits: { connections: 1000, connectionsPerIp: 0, requests: 1000, allow: [], deny: [], ...limits },
      openFilesMax: 1_000_000,
      openFiles: () => this.openFiles,
      targets: () => this.targets,
      clock: this.clock,
      log,
    });
  }

  /** A client whose connection the kernel has taken, or why not. */
  async connect(): Promise<Socket> {
    const socket = openConnection({ port: this.port, host: '127.0.0.1' });
    await once(socket, 'connect');
    socket.on('error', () => {});
    return socket;
  }
}

async function start(t: ExecutionContext, limits: Partial<AcceptorOptions['limits']> = {}): Promise<Stage> {
  const stage = new Stage(limits);
  const [address] = await stage.acceptor.listen();
  stage.port = address!.port;
  t.teardown(async () => {
    for (const socket of stage.shelf.sockets) socket.destroy();
    await stage.acceptor.close();
  });
  return stage;
}

/** Until it holds, over real sockets; a test that waits for what never comes runs into its time limit. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

test('connections wait while there is no IO thread, count as open, and are handed out in order when one goes', async (t) => {
  const stage = await start(t);
  const { acceptor, shelf } = stage;
  const clients: Socket[] = [];
  for (let count = 1; count <= 3; count++) {
    clients.push(await stage.connect());
    await until(() => acceptor.waiting === count);
  }
  t.is(acceptor.ledger.size, 3);
  t.is(acceptor.ledger.ofIp('127.0.0.1'), 3);
  await stage.clock.advance(waitingMs - 1);
  stage.targets.push(shelf);
  acceptor.handOut();
  t.deepEqual(
    shelf.sockets.map(({ remotePort }) => remotePort),
    clients.map(({ localPort }) => localPort),
  );
  t.is(acceptor.ledger.ofThread(1), 3);
  t.like(acceptor.counts, { waited: 3 });
  t.deepEqual(acceptor.refused, {});
  t.is(stage.clock.pending, 1, 'only the look at files');
});

test('a connection that has waited for too long is refused, one that came later waits on', async (t) => {
  const stage = await start(t);
  const { acceptor } = stage;
  const first = await stage.connect();
  await until(() => acceptor.waiting === 1);
  await stage.clock.advance(waitingMs / 2);
  await stage.connect();
  await until(() => acceptor.waiting === 2);
  first.resume();
  await stage.clock.advance(waitingMs / 2);
  await until(() => first.closed);
  t.is(acceptor.waiting, 1);
  t.is(acceptor.ledger.size, 1);
  t.deepEqual(acceptor.refused, { 'no-io-thread': 1 });
  await stage.clock.advance(waitingMs / 2);
  t.deepEqual(acceptor.refused, { 'no-io-thread': 2 });
  t.is(acceptor.ledger.size, 0);
});

test('connections that wait count against every limit', async (t) => {
  const stage = await start(t, { connectionsPerIp: 2 });
  for (let count = 0; count < 3; count++) (await stage.connect()).resume();
  await until(() => stage.acceptor.refused['max-connections-per-ip'] === 1);
  t.is(stage.acceptor.waiting, 2);
});

test('a peer that is gone when its turn comes costs nothing', async (t) => {
  const stage = await start(t);
  const { acceptor, shelf } = stage;
  const client = await stage.connect();
  await until(() => acceptor.waiting === 1);
  client.resetAndDestroy();
  await until(() => client.closed);
  stage.targets.push(shelf);
  acceptor.handOut();
  t.is(shelf.sockets.length, 1);
  // As its IO thread would: it reads, and is told.
  shelf.sockets[0]!.resume();
  await until(() => shelf.sockets[0]!.closed);
  acceptor.ledger.close(1);
  t.is(acceptor.ledger.size, 0);
  t.is(acceptor.waiting, 0);
});

test('a close ends what waits, and leaves no timer behind', async (t) => {
  const stage = await start(t);
  const client = await stage.connect();
  await until(() => stage.acceptor.waiting === 1);
  client.resume();
  await stage.acceptor.close();
  await until(() => client.closed);
  t.is(stage.acceptor.ledger.size, 0);
  t.is(stage.clock.pending, 0);
});

test('a connection that can not be moved is refused and forgotten', async (t) => {
  const stage = await start(t);
  stage.targets.push({
    number: 7,
    hand: () => {
      throw new Error('it does not move');
    },
  });
  const client = await stage.connect();
  client.resume();
  await until(() => client.closed);
  t.deepEqual(stage.acceptor.refused, { 'not-movable': 1 });
  t.is(stage.acceptor.ledger.size, 0);
  t.is(stage.acceptor.ledger.ofThread(7), 0);
});

test('connections are refused while nearly all files are open, and taken again when there is room', async (t) => {
  const stage = await start(t);
  const { acceptor, shelf, clock } = stage;
  stage.targets.push(shelf);
  stage.openFiles = 999_990;
  await clock.advance(1000);
  const refused = await stage.connect();
  refused.resume();
  await until(() => refused.closed);
  t.deepEqual(acceptor.refused, { 'open-files': 1 });
  stage.openFiles = 999_960;
  await clock.advance(1000);
  t.like(acceptor.counts, { paused: 1, resumed: 0 }, 'not before there is some room more');
  stage.openFiles = 900_000;
  await clock.advance(100);
  t.like(acceptor.counts, { paused: 1, resumed: 1 });
  await stage.connect();
  await until(() => shelf.sockets.length === 1);
  t.is(stage.logged.length, 3);
});

test('without a file left the listeners close, and open again at the same port', async (t) => {
  const stage = await start(t);
  const { acceptor, shelf, clock } = stage;
  stage.targets.push(shelf);
  await stage.connect();
  await until(() => shelf.sockets.length === 1);
  stage.openFiles = Number.POSITIVE_INFINITY;
  await clock.advance(1000);
  await t.throwsAsync(stage.connect(), { code: 'ECONNREFUSED' });
  t.false(shelf.sockets[0]!.destroyed);
  stage.openFiles = 999_999;
  await clock.advance(1000);
  await t.throwsAsync(stage.connect(), { code: 'ECONNREFUSED' });
  stage.openFiles = 10;
  await clock.advance(100);
  await stage.connect();
  await until(() => shelf.sockets.length === 2);
  t.deepEqual(acceptor.counts, { waited: 0, paused: 1, resumed: 1 });
});

test('a listener whose port was taken meanwhile is tried until it is had again', async (t) => {
  const stage = await start(t);
  stage.targets.push(stage.shelf);
  stage.openFiles = Number.POSITIVE_INFINITY;
  await stage.clock.advance(1000);
  const thief = createServer().listen(stage.port, '127.0.0.1');
  await once(thief, 'listening');
  stage.openFiles = 10;
  await stage.clock.advance(100);
  await until(() => stage.logged.some((line) => line.includes('could not be opened again')));
  await new Promise((resolve) => thief.close(resolve));
  await stage.clock.advance(1000);
  await stage.connect();
  await until(() => stage.shelf.sockets.length === 1);
  t.pass();
});

test('a process at its limit that goes up and down is told of once a second at most', async (t) => {
  const stage = await start(t);
  const { clock, acceptor } = stage;
  await clock.advance(1000);
  for (let turn = 0; turn < 50; turn++) {
    stage.openFiles = Number.POSITIVE_INFINITY;
    // Every second while there is room, every tenth of one while there is none.
    await clock.advance(1000);
    stage.openFiles = 0;
    await clock.advance(100);
  }
  t.is(acceptor.counts.paused, 50);
  t.is(acceptor.counts.resumed, 50);
  t.true(stage.logged.length <= 2 * 55, `${stage.logged.length} lines in 55 s`);
});

test('a close in the middle of opening again leaves nothing open', async (t) => {
  const stage = await start(t);
  stage.openFiles = Number.POSITIVE_INFINITY;
  await stage.clock.advance(1000);
  stage.openFiles = 0;
  stage.clock.advanceSync(100);
  await stage.acceptor.close();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await t.throwsAsync(stage.connect(), { code: 'ECONNREFUSED' });
  t.is(stage.clock.pending, 0);
});
