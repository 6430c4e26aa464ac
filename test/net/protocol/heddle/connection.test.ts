// A server connection, over real sockets: what it answers, when it pauses, how it ends. docs/protocol.md is the law.

import net from 'node:net';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { decodeMetadata } from '../../../../runtime/metadata.ts';
import { settle } from '../../../helpers/virtual-clock.ts';
import { anyFrame } from './frame-arbitrary.ts';
import type { FrameEvent } from './frame-recorder.ts';
import { cancel, changed, goaway, ping, reply, request } from './frames.ts';
import { hold, type RawClient, start, TestThread, until } from './test-thread.ts';

/** Everything the server sends before it ends the stream; the client ends too. */
async function untilEnd(client: RawClient): Promise<FrameEvent[]> {
  const events = await client.end();
  client.socket.end();
  return events;
}

test('1000 pipelined requests are answered in a write per turn, not per reply', async (t) => {
  const { client } = await start(t);
  const writes = countWrites(t, client);
  client.send(...Array.from({ length: 1000 }, (_, id) => request(id)));
  const answers = await client.frames(1000);
  t.deepEqual(
    answers.map((answer) => answer.body),
    Array.from({ length: 1000 }, (_, id) => Buffer.from(`body ${id}`).toString('hex')),
  );
  t.true(writes() <= 10, `${writes()} writes`);
});

test('answers come in the order in which they are given', async (t) => {
  const { client, dispatcher } = await start(t);
  client.send(hold(0xffff_ffff), hold(0), hold(7));
  await until(() => dispatcher.held.length === 3);
  for (const index of [2, 0, 1]) dispatcher.held[index]!.answer();
  const answers = await client.frames(3);
  t.deepEqual(
    answers.map((answer) => answer.requestId),
    [7, 0xffff_ffff, 0],
  );
  t.is(dispatcher.held[0]!.route, 'test.Echo/hold');
});

test('an answer longer than an out buffer arrives whole between short ones', async (t) => {
  const { client } = await start(t);
  const long = Buffer.alloc(200_000, 'long');
  client.send(request(1), request(2, { body: long }), request(3));
  const answers = await client.frames(3);
  t.is(answers[1]!.body, long.toString('hex'));
  t.is(answers[2]!.requestId, 3);
});

test('a metadata value that is not UTF-8 is taken, and read with U+FFFD', async (t) => {
  const { client } = await start(t);
  const source = Buffer.from([1, 0x6b, 2, 0, 0x61, 0xff]);
  const head = { source, metadataEnd: source.length, bodyStart: source.length, bodyEnd: source.length };
  client.send(request(1, { head }));
  t.like((await client.frames(1))[0]!, { frame: 'reply', code: 0 });
  t.deepEqual([...decodeMetadata(source, 0, source.length)], [['k', 'a\ufffd']]);
});

test('a refusal of the dispatcher becomes an ERROR', async (t) => {
  const { client } = await start(t);
  client.send(request(1, { method: 'refuse' }));
  t.like((await client.frames(1))[0]!, { frame: 'reply', requestId: 1, code: 5, body: 'no such method' });
});

test('the deadline is the nearer of budget and binding timeout, from the turn that read the request', async (t) => {
  const { client, dispatcher, thread } = await start(t, { timeoutMs: 300 });
  client.send(
    request(1, { method: 'hold', budgetUs: 250_000 }),
    request(2, { method: 'hold', budgetUs: 9e6 }),
    hold(3),
  );
  await until(() => dispatcher.held.length === 3);
  const nowMs = thread.clock.nowMs();
  t.deepEqual(
    dispatcher.held.map((call) => call.deadlineMs - nowMs),
    [250, 300, 300],
  );
});

test('no budget and no binding timeout is no deadline', async (t) => {
  const { client, dispatcher } = await start(t);
  client.send(hold(1));
  await until(() => dispatcher.held.length === 1);
  t.is(dispatcher.held[0]!.deadlineMs, Number.POSITIVE_INFINITY);
});

test('a cancelled request is answered CANCELLED and its id is free again', async (t) => {
  const { client, dispatcher } = await start(t);
  client.send(hold(5), cancel(6), cancel(5), cancel(5), request(5));
  const answers = await client.frames(2);
  t.like(answers[0]!, { frame: 'reply', requestId: 5, code: 1, retry: 0 });
  t.like(answers[1]!, { frame: 'reply', requestId: 5, code: 0 });
  t.deepEqual(dispatcher.cancelled, [0]);
});

test('each ping gets its pong, in order', async (t) => {
  const { client } = await start(t);
  client.send(ping(1), ping(2), request(1));
  const [first, second] = await client.frames(3);
  t.deepEqual([first!.data, second!.data], ['01'.repeat(8), '02'.repeat(8)]);
});

test('a one-way request has no answer, also when it fails or is malformed', async (t) => {
  const { client, thread } = await start(t);
  const oneWay = (method: string) => request(1, { method, head: { flags: 1 } });
  client.send(oneWay('echo'), oneWay('refuse'), changed(oneWay('echo'), 32, 9), ping(1));
  t.is((await client.frames(1))[0]!.frame, 'pong');
  t.is(thread.count('one-way-failed'), 1);
  t.is(thread.count('malformed'), 1);
});

// Malformed frames: docs/protocol.md, the table.

const goesOn = async (t: ExecutionContext, frame: Buffer, code: number) => {
  const { client } = await start(t);
  client.send(frame, request(2));
  const [refusal, answer] = await client.frames(2);
  t.like(refusal!, { frame: 'reply', requestId: 1, code, retry: 0 });
  t.like(answer!, { frame: 'reply', requestId: 2, code: 0 });
};
goesOn.title = (what?: string) => `answered with an ERROR, and the connection goes on: ${what}`;

test('a stream frame', goesOn, changed(request(1), 2, 16), 12);
test('an unknown type', goesOn, changed(request(1), 2, 99), 12);
test('an attachment', goesOn, changed(request(1), 3, 0x80), 12);
test('an unknown flag', goesOn, changed(request(1), 3, 0x44), 3);
test('a frame over frameBytes', goesOn, request(1, { body: Buffer.alloc(1_000_000) }), 8);
test('priority 7', goesOn, changed(request(1), 32, 7), 3);
test('an unknown codec', goesOn, changed(request(1), 33, 4), 12);
test('metadata behind the end', goesOn, changed(request(1), 39, 1), 3);

const closes = async (t: ExecutionContext, frame: Buffer, code: number) => {
  const { client, thread, dispatcher } = await start(t);
  client.send(hold(1), frame, request(3));
  const events = await untilEnd(client);
  t.is(events.length, 1);
  t.like(events[0]!, { frame: 'goaway', code, final: false, lowestVersion: 1, highestVersion: 1 });
  t.deepEqual(dispatcher.cancelled, [0]);
  await until(() => thread.closed === 1);
  t.is(thread.count('malformed'), 1);
};
closes.title = (what?: string) => `answered with a GOAWAY and the end: ${what}`;

test('an HTTP request', closes, Buffer.from('GET / HTTP/1.1\r\n\r\n'), 3);
test('version 2', closes, changed(request(2), 1, 2), 12);
test('a length of 3', closes, changed(request(2), 4, 3), 3);
test('a cancel of 13 bytes', closes, changed(cancel(2), 4, 13), 3);
test('a ping with a flag', closes, changed(ping(2), 3, 1), 3);
test('a reply', closes, reply(2), 3);
test('an id in use', closes, request(1), 3);
test('a malformed request whose id is in use', closes, changed(request(1), 3, 0x40), 3);

test('a stream frame for a request in use cancels it and is its answer', async (t) => {
  const { client, dispatcher } = await start(t);
  client.send(hold(1), changed(request(1), 2, 17), request(1));
  const answers = await client.frames(2);
  t.deepEqual(
    answers.map((answer) => answer.code),
    [12, 0],
  );
  t.deepEqual(dispatcher.cancelled, [0]);
});

test('a frame over frameBytes is refused while it comes byte by byte, and holds nothing', async (t) => {
  const { client, thread } = await start(t, { frameBytes: 100 });
  client.socket.setNoDelay(true);
  for (const byte of request(1, { body: Buffer.alloc(100) })) {
    client.socket.write(Buffer.of(byte));
    await settle();
    t.true(thread.bookedBytes <= 12);
  }
  client.send(request(2));
  const answers = await client.frames(2);
  t.deepEqual(
    answers.map((answer) => answer.code),
    [8, 0],
  );
});

test('garbage never leaves its connection', async (t) => {
  const { client, thread } = await start(t);
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyFrame, { maxLength: 6 }),
      fc.array(fc.tuple(fc.nat(), fc.nat(255))),
      async (frames, edits) => {
        const stream = Buffer.concat([...frames, ping(0)]);
        for (const [place, byte] of edits) stream[place % stream.length] = byte;
        const broken = await thread.connect();
        broken.send(stream);
        broken.socket.end();
        client.send(ping(1));
        await client.frames(client.events.length + 1);
        await until(() => {
          for (const call of thread.dispatcher.held.splice(0)) {
            if (!thread.dispatcher.cancelled.includes(call.handle)) call.answer();
          }
          return broken.ended;
        });
      },
    ),
    { numRuns: 60 },
  );
  await until(() => thread.closed === thread.connections.length - 1);
  t.is(thread.bookedBytes, 0);
  t.is(thread.count('stray-reply'), 0);
});

// Slow readers.

// Timeouts.

test('a connection without a whole frame ends at the connect timeout', async (t) => {
  const { client, thread } = await start(t, { connectTimeoutMs: 500 });
  client.send(request(1).subarray(0, 20));
  await thread.clock.advance(499);
  t.is(thread.count('connect-timeout'), 0);
  await thread.clock.advance(2);
  t.like((await untilEnd(client))[0]!, { frame: 'goaway', code: 4 });
});

test('a frame that does not end ends the connection at the read timeout', async (t) => {
  const { client, thread, dispatcher } = await start(t, { readTimeoutMs: 500, connectTimeoutMs: 100 });
  client.send(hold(1), request(2).subarray(0, 20));
  await until(() => dispatcher.held.length === 1);
  await thread.clock.advance(400);
  client.send(request(2).subarray(20, 30));
  await thread.clock.advance(99);
  t.is(thread.count('read-timeout'), 0);
  await thread.clock.advance(2);
  t.like((await untilEnd(client))[0]!, { frame: 'goaway', code: 4 });
  t.deepEqual(dispatcher.cancelled, [0]);
  t.is(thread.count('connect-timeout'), 0);
});

test('whole frames begin the read timeout anew', async (t) => {
  const { client, thread } = await start(t, { readTimeoutMs: 500 });
  const frame = request(1);
  for (let round = 1; round <= 4; round++) {
    client.send(round === 1 ? Buffer.alloc(0) : frame.subarray(20), frame.subarray(0, 20));
    await client.frames(round - 1);
    await until(() => !thread.connections[0]!.idle);
    await thread.clock.advance(300);
  }
  t.is(thread.count('read-timeout'), 0);
});

test('an idle connection is ended with a final GOAWAY, one with a running request is not', async (t) => {
  const { client, thread, dispatcher } = await start(t, { idleTimeoutMs: 1000 });
  client.send(hold(1));
  await until(() => dispatcher.held.length === 1);
  await thread.clock.advance(5000);
  t.is(thread.count('idle-timeout'), 0);
  dispatcher.held[0]!.answer();
  await client.frames(1);
  await thread.clock.advance(900);
  t.is(thread.count('idle-timeout'), 0);
  await thread.clock.advance(400);
  const events = await untilEnd(client);
  t.like(events[1]!, { frame: 'goaway', code: 0, final: true });
  await until(() => thread.closed === 1);
  t.is(thread.timers.size, 0);
});

test('a peer that does not end its side after ours is cut off', async (t) => {
  const { client, thread } = await start(t);
  client.send(Buffer.from('nonsense'));
  await client.end();
  client.send(request(1));
  await thread.clock.advance(999);
  t.is(thread.closed, 0);
  await thread.clock.advance(2);
  await until(() => thread.closed === 1);
  t.is(thread.dispatcher.calls, 0);
});

// Ends.

test('a reset cancels what runs', async (t) => {
  const { client, thread, dispatcher } = await start(t);
  client.send(hold(1), hold(2));
  await until(() => dispatcher.held.length === 2);
  client.socket.resetAndDestroy();
  await until(() => thread.closed === 1);
  t.deepEqual(dispatcher.cancelled.sort(), [0, 1]);
  t.is(thread.count('peer-gone'), 1);
});

test('a peer that closed altogether is found out by probes, and what runs is cancelled', async (t) => {
  const { client, thread, dispatcher } = await start(t);
  client.send(hold(1));
  await until(() => dispatcher.held.length === 1);
  client.socket.destroy();
  for (let round = 0; thread.closed === 0 && round < 20; round++) await thread.clock.advance(200);
  t.is(thread.closed, 1);
  t.deepEqual(dispatcher.cancelled, [0]);
});

test('a half-open peer gets the answers of what runs, then the end', async (t) => {
  const { client, thread, dispatcher } = await start(t);
  client.send(hold(1), request(2), request(3).subarray(0, 15));
  client.socket.end();
  await until(() => dispatcher.held.length === 1);
  await thread.clock.advance(1000);
  dispatcher.held[0]!.answer();
  const answers = (await client.end()).filter(({ frame }) => frame === 'reply');
  t.deepEqual(
    answers.map((answer) => answer.requestId),
    [2, 1],
  );
  t.like(client.events.at(-1)!, { frame: 'goaway', code: 0, final: true });
  await until(() => thread.closed === 1);
  t.is(thread.count('cut-off-frame'), 1);
});

test('a drain tells the peer, refuses what is new, finishes what runs, and ends', async (t) => {
  const { client, thread, dispatcher } = await start(t);
  client.send(hold(1));
  await until(() => dispatcher.held.length === 1);
  thread.connections[0]!.drain();
  t.like((await client.frames(1))[0]!, { frame: 'goaway', code: 0, final: false });
  client.send(request(2), request(3, { head: { flags: 1 } }));
  t.like((await client.frames(2))[1]!, { frame: 'reply', requestId: 2, code: 14, retry: 2 });
  dispatcher.held[0]!.answer();
  const events = await untilEnd(client);
  t.like(events[2]!, { frame: 'reply', requestId: 1, code: 0 });
  t.like(events[3]!, { frame: 'goaway', code: 0, final: true });
  t.is(events.length, 4);
  await until(() => thread.closed === 1);
  t.is(dispatcher.calls, 1);
});

test('a drained connection without requests gets the final GOAWAY alone', async (t) => {
  const { client, thread } = await start(t);
  thread.connections[0]!.drain();
  const events = await untilEnd(client);
  t.is(events.length, 1);
  t.like(events[0]!, { frame: 'goaway', final: true });
  await until(() => thread.closed === 1);
});

test("after the client's GOAWAY what runs is answered, then the connection ends", async (t) => {
  const { client, dispatcher, thread } = await start(t);
  client.send(hold(1), goaway());
  await until(() => dispatcher.held.length === 1);
  t.false(thread.connections[0]!.idle);
  dispatcher.held[0]!.answer();
  t.deepEqual(
    (await untilEnd(client)).map(({ frame }) => frame),
    ['reply', 'goaway'],
  );
});

test('destroy closes at once, cancels what runs, and gives everything back', async (t) => {
  const { client, dispatcher, thread } = await start(t, { idleTimeoutMs: 1000, readTimeoutMs: 1000 });
  client.send(hold(1), request(2).subarray(0, 20));
  await until(() => dispatcher.held.length === 1);
  thread.connections[0]!.destroy();
  await client.end();
  t.deepEqual(dispatcher.cancelled, [0]);
  await until(() => thread.closed === 1);
  t.is(thread.bookedBytes, 0);
  t.is(thread.timers.size, 0);
});

test('where a socket can not be rewrapped, its data events do the same', async (t) => {
  const thread = await TestThread.start();
  // What a subclass, TLS for one, looks like.
  thread.onAccept = (socket) => Object.defineProperty(socket, 'constructor', { value: class extends net.Socket {} });
  const client = await thread.connect();
  t.teardown(() => thread.stop());
  client.send(request(1), hold(2));
  client.socket.end();
  await client.frames(1);
  thread.dispatcher.held[0]!.answer();
  const answers = (await client.end()).filter(({ frame }) => frame === 'reply');
  t.deepEqual(
    answers.map((answer) => answer.requestId),
    [1, 2],
  );
  await until(() => thread.closed === 1);
});

/** Counts the writes that reach a handle for the server's side of this client's connection. */
function countWrites(t: ExecutionContext, client: RawClient): () => number {
  let writes = 0;
  const { _write, _writev } = net.Socket.prototype;
  const isServer = (socket: net.Socket) => socket.remotePort === client.socket.localPort;
  net.Socket.prototype._write = function (this: net.Socket, ...rest) {
    if (isServer(this)) writes++;
    return _write.apply(this, rest);
  };
  net.Socket.prototype._writev = function (this: net.Socket, ...rest) {
    if (isServer(this)) writes++;
    return _writev!.apply(this, rest);
  };
  t.teardown(() => Object.assign(net.Socket.prototype, { _write, _writev }));
  return () => writes;
}
