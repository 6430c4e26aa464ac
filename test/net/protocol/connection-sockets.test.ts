// What both kinds of ConnectionSocket owe their owner, over real sockets.

import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { adoptSocket } from '../../../net/protocol/adopt-socket.ts';
import type { ConnectionSocket } from '../../../net/protocol/connection-socket.ts';
import { NodeSocket } from '../../../net/protocol/node-socket.ts';
import { SocketLog, type SocketPair, socketPair } from './socket-pair.ts';

const readBuffer = Buffer.alloc(65_536);
/** More than the kernels of both ends hold. */
const large = 8_000_000;
/** No peer takes that in a few turns. */
const longest = 8 * large;

type Make = (pair: SocketPair, log: SocketLog) => ConnectionSocket;

const kinds: Readonly<Record<string, Make>> = {
  'adopted socket': ({ accepted }, log) => adoptSocket(accepted, readBuffer, log),
  NodeSocket: ({ accepted }, log) => NodeSocket.around(accepted, log),
};

interface Scene {
  readonly socket: ConnectionSocket;
  readonly log: SocketLog;
  readonly peer: SocketPair['peer'];
}

const law = (title: string, body: (t: ExecutionContext, scene: Scene) => Promise<void>): void => {
  for (const [kind, make] of Object.entries(kinds)) {
    test(`${kind}: ${title}`, async (t) => {
      const pair = await socketPair(t);
      const log = new SocketLog();
      const socket = make(pair, log);
      t.teardown(() => socket.destroy());
      await body(t, { socket, log, peer: pair.peer });
    });
  }
};

/** Of so many bytes, all of them this number. */
const filled = (bytes: number, value: number): Buffer => Buffer.alloc(bytes, value);

/** Fills the kernel; the peer does not read. Returns how many writes the socket has kept. */
const stuff = (socket: ConnectionSocket): number => {
  let kept = 0;
  while (kept < 2) if (!socket.write(filled(large, 1))) kept++;
  return kept;
};

law('takes a small write at once', async (t, { socket, log, peer }) => {
  t.true(socket.write(Buffer.from('one ')));
  t.true(socket.writeAll([Buffer.from('two '), Buffer.from('three')]));
  t.is(socket.unsentBytes, 0);
  t.is(socket.takenBytes, 13);
  socket.end();
  let text = '';
  for await (const chunk of peer) text += chunk;
  t.is(text, 'one two three');
  t.is(log.taken, 0);
});

law('sends on in order what the kernel did not take, and says when', async (t, { socket, log, peer }) => {
  peer.pause();
  t.false(socket.write(filled(large, 1)));
  t.false(socket.writeAll([filled(1000, 2), filled(2000, 3)]));
  t.false(socket.write(filled(3000, 4)));
  t.is(socket.unsentBytes, large + 6000);
  t.true(socket.takenBytes >= 0 && socket.takenBytes < large + 6000);
  t.is(log.taken, 0);
  socket.end();
  const chunks: Buffer[] = [];
  for await (const chunk of peer) chunks.push(chunk);
  await log.until(() => log.taken === 4);
  t.is(socket.unsentBytes, 0);
  t.is(socket.takenBytes, large + 6000);
  const expected = Buffer.concat([filled(large, 1), filled(1000, 2), filled(2000, 3), filled(3000, 4)]);
  t.true(Buffer.concat(chunks).equals(expected));
});

law(
  'a peer that takes bytes of a long write is seen, however much is written behind it',
  async (t, { socket, log, peer }) => {
    peer.pause();
    t.false(socket.write(filled(longest, 1)));
    let received = 0;
    peer.on('data', (chunk) => {
      received += chunk.length;
    });
    for (let looks = 0, takenBytes = socket.takenBytes; looks < 2; ) {
      // As much again as it may take meanwhile.
      socket.write(filled(65_536, 2));
      peer.resume();
      await new Promise((resolve) => setImmediate(resolve));
      peer.pause();
      if (socket.takenBytes <= takenBytes) continue;
      takenBytes = socket.takenBytes;
      looks++;
    }
    t.true(received < longest, `${received}: the long write was under way`);
    t.is(log.taken, 0);
  },
);

law('closes once when the peer resets while writes are under way', async (t, { socket, log, peer }) => {
  peer.pause();
  stuff(socket);
  peer.resetAndDestroy();
  await log.until(() => log.closes === 1);
  await turn();
  t.is(log.closes, 1);
  t.is(log.peerEnds, 0);
  t.false(socket.write(Buffer.from('late')));
  socket.end();
});

law('closes when the peer resets an idle connection', async (t, { log, peer }) => {
  peer.resetAndDestroy();
  await log.until(() => log.closes === 1);
  t.is(log.peerEnds, 0);
});

law('closes once when writes meet a reset that nobody has read', async (t, { socket, log, peer }) => {
  socket.pause();
  peer.resetAndDestroy();
  await turn();
  while (log.closes === 0) {
    socket.write(Buffer.from('bytes'));
    socket.write(Buffer.from('bytes'));
    await turn();
  }
  await turn();
  t.is(log.closes, 1);
});

law('stays open for answers after the peer has ended its side', async (t, { socket, log, peer }) => {
  peer.end('question');
  await log.until(() => log.peerEnds === 1);
  t.is(log.text, 'question');
  socket.resume();
  t.true(socket.write(Buffer.from('answer')));
  await turn();
  t.is(log.closes, 0);
  socket.end();
  let text = '';
  for await (const chunk of peer) text += chunk;
  t.is(text, 'answer');
  await log.until(() => log.closes === 1);
  t.is(log.peerEnds, 1);
});

law('reads on after its own end, until the peer ends', async (t, { socket, log, peer }) => {
  socket.end();
  peer.on('data', (chunk) => t.fail(`came: ${chunk}`));
  await once(peer, 'end');
  peer.end('still heard');
  await log.until(() => log.closes === 1);
  t.is(log.text, 'still heard');
  t.is(log.peerEnds, 1);
});

law('lets the peer wait while it is paused', async (t, { socket, log, peer }) => {
  socket.pause();
  peer.write(filled(large, 1));
  let pausedTurns = 0;
  for (let before = -1; pausedTurns < 20; pausedTurns = peer.bytesWritten === before ? pausedTurns + 1 : 0) {
    before = peer.bytesWritten;
    await turn();
  }
  const { _handle: handle } = peer as unknown as { _handle: { writeQueueSize: number } };
  t.true(handle.writeQueueSize > 0);
  t.is(log.readBytes, 0);
  socket.resume();
  await log.until(() => log.readBytes === large);
  t.is(handle.writeQueueSize, 0);
});

law('is paused from within a read', async (t, { socket, log, peer }) => {
  log.onRead = () => socket.pause();
  peer.write(filled(large, 1));
  await log.until(() => log.readBytes > 0);
  for (let turns = 0; turns < 20; turns++) await turn();
  // One read of Node's streams, which read ahead, is one more.
  t.true(log.readBytes <= 2 * readBuffer.length);
  log.onRead = () => {};
  socket.resume();
  await log.until(() => log.readBytes === large);
});

law('is destroyed from within a read, and reads no more', async (t, { socket, log, peer }) => {
  log.onRead = () => socket.destroy();
  peer.write(filled(large, 1));
  await log.until(() => log.closes === 1);
  t.true(log.readBytes <= readBuffer.length);
  t.is(log.peerEnds, 0);
  socket.resume();
  socket.pause();
  t.false(socket.write(Buffer.from('late')));
});

law('is destroyed with writes under way, of which it says no more', async (t, { socket, log, peer }) => {
  peer.pause();
  stuff(socket);
  const { taken } = log;
  socket.destroy();
  socket.destroy();
  t.is(log.closes, 0);
  await log.until(() => log.closes === 1);
  await turn();
  t.is(log.closes, 1);
  t.is(log.taken, taken);
});

law('ends within a read of the end, and closes', async (t, { socket, log, peer }) => {
  log.onPeerEnd = () => {
    log.peerEnds++;
    socket.end();
  };
  peer.end();
  await log.until(() => log.closes === 1);
  t.is(log.peerEnds, 1);
});
