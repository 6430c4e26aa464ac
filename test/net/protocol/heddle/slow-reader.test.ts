// Peers that read slowly or not at all, and a thread that is short of memory, over real sockets.

import test from 'ava';
import { pressedGraceMs, slowReaderGraceMs } from '../../../../net/protocol/slow-reader.ts';
import { settle } from '../../../helpers/virtual-clock.ts';
import { changed, ping, request } from './frames.ts';
import { hold, start, until } from './test-thread.ts';

test('a slow reader pauses its own connection only, and gets everything once it reads', async (t) => {
  const { client, thread, dispatcher } = await start(t, { writeBufferBytes: 100_000 });
  const body = Buffer.alloc(50_000, 'x');
  client.socket.pause();
  let sent = 0;
  while (thread.count('write-paused') === 0) {
    client.send(request(sent++, { body }));
    await settle();
  }
  const other = await thread.connect();
  other.send(request(1));
  await other.frames(1);
  other.socket.destroy();
  t.true(thread.bookedBytes > 100_000);
  client.socket.resume();
  client.send(request(sent++, { body }));
  t.is((await client.frames(sent)).length, dispatcher.calls - 1);
  t.true(client.events.every((event) => event.body === body.toString('hex')));
  await until(() => thread.connections[0]!.idle);
  t.is(thread.bookedBytes, 0);
});

test('a peer that is far behind and takes nothing for the grace is cut off, and what runs is cancelled', async (t) => {
  const { client, thread, dispatcher } = await start(t, { writeBufferBytes: 50_000 });
  client.socket.pause();
  client.send(...Array.from({ length: 21 }, (_, id) => hold(id)));
  await until(() => dispatcher.held.length === 21);
  const source = Buffer.alloc(1_000_000);
  for (let index = 0; index < 20; index++) dispatcher.held[index]!.answer({ source, bodyEnd: source.length });
  for (let turn = 0; turn < 20; turn++) await settle();
  await thread.clock.advance(slowReaderGraceMs - 1);
  t.is(thread.count('slow-reader'), 0);
  // What the kernel took after the answers counts as taken.
  await thread.clock.advance(slowReaderGraceMs);
  t.is(thread.count('slow-reader'), 1);
  await until(() => thread.closed === 1);
  t.deepEqual(dispatcher.cancelled, [20]);
  t.is(thread.bookedBytes, 0);
  t.is(thread.timers.size, 0);
});

test('a thread that stood still does not blame its peers', async (t) => {
  const { client, thread } = await start(t, { writeBufferBytes: 100_000, writeTimeoutMs: 1000 });
  client.socket.pause();
  for (let id = 0; thread.count('write-paused') === 0; id++) {
    client.send(request(id, { body: Buffer.alloc(50_000) }));
    await settle();
  }
  thread.clock.skip(10_000);
  await thread.clock.advance(300);
  t.is(thread.count('write-timeout'), 0);
  await thread.clock.advance(1000);
  t.is(thread.count('write-timeout'), 1);
});

test('a peer that reads gets everything, however much is answered at once and however long it takes', async (t) => {
  const { client, thread, dispatcher } = await start(t, { writeBufferBytes: 16_384 });
  client.send(...Array.from({ length: 8 }, (_, id) => hold(id)));
  await until(() => dispatcher.held.length === 8);
  const source = Buffer.alloc(1_000_000);
  for (const call of dispatcher.held) call.answer({ source, bodyEnd: source.length });
  for (let count = 1; count <= 8; count++) {
    await client.frames(count);
    await thread.clock.advance(slowReaderGraceMs / 2);
  }
  t.is(thread.count('slow-reader'), 0);
  t.is(thread.bookedBytes, 0);
});

test('a peer that is far behind is cut off at once when its thread has no memory left', async (t) => {
  const { client, thread, dispatcher } = await start(t, { writeBufferBytes: 50_000 });
  client.socket.pause();
  client.send(...Array.from({ length: 101 }, (_, id) => hold(id)));
  await until(() => dispatcher.held.length === 101);
  thread.room = false;
  const source = Buffer.alloc(500_000);
  let answered = 0;
  while (thread.count('slow-reader') === 0) {
    dispatcher.held[answered++]!.answer({ source, bodyEnd: source.length });
    t.true(thread.bookedBytes <= 4 * 50_000 + 600_000);
    await settle();
  }
  await until(() => thread.closed === 1);
  t.is(dispatcher.cancelled.length, 101 - answered);
  t.is(thread.bookedBytes, 0);
});

test('a peer that is far behind is cut off soon when its thread runs out of memory, one that takes is not', async (t) => {
  const { client, thread, dispatcher } = await start(t, { writeBufferBytes: 50_000 });
  const reader = await thread.connect();
  client.socket.pause();
  client.send(...Array.from({ length: 20 }, (_, id) => hold(id)));
  await until(() => dispatcher.held.length === 20);
  reader.send(...Array.from({ length: 20 }, (_, id) => hold(id)));
  await until(() => dispatcher.held.length === 40);
  const source = Buffer.alloc(1_000_000);
  for (const call of dispatcher.held) call.answer({ source, bodyEnd: source.length });
  thread.room = false;
  for (let count = 1; count <= 20; count++) {
    await reader.frames(count);
    await thread.clock.advance(pressedGraceMs / 5);
  }
  t.is(thread.count('slow-reader'), 1);
  await until(() => thread.closed === 1);
  reader.socket.destroy();
});

test('floods of pings and bad frames from a peer that reads nothing stay in bounds', async (t) => {
  const { client, thread } = await start(t, { writeBufferBytes: 50_000 });
  client.socket.pause();
  const flood = Buffer.concat(Array.from({ length: 2000 }, (_, id) => [ping(1), changed(request(id), 2, 99)]).flat());
  while (thread.count('write-paused') + thread.count('slow-reader') === 0) {
    client.send(flood);
    await settle();
  }
  t.true(thread.bookedBytes < 2_000_000);
});

test('a peer that takes nothing for the write timeout is cut off', async (t) => {
  const { client, thread } = await start(t, { writeBufferBytes: 100_000, writeTimeoutMs: 1000 });
  client.socket.pause();
  for (let id = 0; thread.count('write-paused') === 0; id++) {
    client.send(request(id, { body: Buffer.alloc(50_000) }));
    await settle();
  }
  await thread.clock.advance(900);
  t.is(thread.count('write-timeout'), 0);
  await thread.clock.advance(400);
  t.is(thread.count('write-timeout'), 1);
  await until(() => thread.closed === 1);
  t.is(thread.timers.size, 0);
});

test('over the memory of its thread a connection reads no more until there is room', async (t) => {
  const { client, thread } = await start(t);
  thread.room = false;
  const frame = request(1, { body: Buffer.alloc(5000, 1) });
  client.send(frame.subarray(0, 3000));
  await until(() => thread.waiting.length === 1);
  t.true(thread.bookedBytes >= 3000);
  client.send(frame.subarray(3000));
  await settle();
  t.is(client.events.length, 0);
  thread.room = true;
  for (const connection of thread.waiting) connection.resumeReading();
  t.is((await client.frames(1))[0]!.requestId, 1);
  t.is(thread.bookedBytes, 0);
});
