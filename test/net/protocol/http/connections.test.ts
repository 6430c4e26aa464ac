import { once } from 'node:events';
import http from 'node:http';
import test from 'ava';
import fc from 'fast-check';
import { pressedGraceMs, slowReaderGraceMs } from '../../../../net/protocol/slow-reader.ts';
import { settle, VirtualClock } from '../../../helpers/virtual-clock.ts';
import { errorOf, get, post, Rig } from './rig.ts';

test('answers pipelined requests in their order, whatever the order of the replies', async (t) => {
  using rig = await Rig.start();
  using client = rig.connect();
  client.send(post('/t.S/hold', '1') + post('/t.S/hold', '2') + get('/t.S/read?n=3'));
  await rig.seen(3);
  const calls = rig.dispatcher.calls;
  calls.find((call) => call.body === '2')!.succeed('"two"');
  calls.find((call) => call.body === '1')!.succeed('"one"');
  t.is((await client.answer()).body, '"one"');
  t.is((await client.answer()).body, '"two"');
  t.is((await client.answer()).body, '{"n":"3"}');
  await rig.until(() => rig.bookedBytes === 0);
  t.true(rig.connections[0]!.idle);
});

test('takes any split of the bytes for the same requests', async (t) => {
  const requests =
    post('/t.S/echo', '"a"') + get('/t.S/read?b=c') + post('/t.S/echo', '"\u{1F3AC}"', { 'heddle-meta-k': 'v' });
  const bytes = Buffer.from(requests);
  using rig = await Rig.start();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: bytes.length }), { maxLength: 4 }), async (cuts) => {
      using client = rig.connect();
      client.socket.setNoDelay(true);
      let start = 0;
      for (const cut of [...cuts.sort((a, b) => a - b), bytes.length]) {
        client.send(bytes.subarray(start, cut));
        start = cut;
        await new Promise(setImmediate);
      }
      const bodies = [await client.answer(), await client.answer(), await client.answer()].map((answer) => answer.body);
      t.deepEqual(bodies, ['"a"', '{"b":"c"}', '"\u{1F3AC}"']);
    }),
    { numRuns: 50 },
  );
});

test('stops reading a connection with too many requests in flight, and goes on as they are answered', async (t) => {
  using rig = await Rig.start();
  using client = rig.connect();
  const total = 6000;
  client.send(post('/t.S/hold', '{}').repeat(total));
  await rig.until(() => rig.dispatcher.calls.length >= 64);
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  const before = rig.dispatcher.calls.length;
  t.true(before < total, `${before} in flight`);
  for (let next = 0; next < total; next++) (await rig.seen(next + 1)).succeed('{}');
  for (let next = 0; next < total; next++) t.is((await client.answer()).status, 200);
  t.is(rig.connections[0]!.idle, true);
});

test('keeps a connection for the next request, and closes it when the client asks', async (t) => {
  using rig = await Rig.start();
  using client = rig.connect();
  client.send(post('/t.S/echo', '1'));
  t.is((await client.answer()).headers.connection, 'keep-alive');
  client.send(post('/t.S/echo', '2', { connection: 'close' }));
  t.is((await client.answer()).body, '2');
  t.is(await client.rest(), '');
  await rig.until(() => rig.closed === 1);
});

test('cancels what runs when its client goes, and gives everything back', async (t) => {
  using rig = await Rig.start();
  using client = rig.connect();
  client.send(post('/t.S/hold', '{}').repeat(3));
  await rig.seen(3);
  rig.dispatcher.calls[1]!.succeed('{}');
  client.socket.resetAndDestroy();
  await rig.until(() => rig.dispatcher.cancelled === 2);
  await rig.until(() => rig.closed === 1);
  t.deepEqual(
    rig.dispatcher.calls.map((call) => call.cancelled),
    [true, false, true],
  );
  t.is(rig.counts.get('peer-gone'), 1);
  t.is(rig.bookedBytes, 0);
});

test('takes an end of the stream for a client that has gone', async (t) => {
  using rig = await Rig.start();
  using client = rig.connect();
  client.send(post('/t.S/hold', '{}'));
  await rig.seen(1);
  client.socket.end();
  await rig.until(() => rig.dispatcher.cancelled === 1);
  t.pass();
});

test('forgets a request whose client goes in the middle of its body', async (t) => {
  using rig = await Rig.start();
  using client = rig.connect();
  client.send(post('/t.S/echo', 'x'.repeat(50_000)).slice(0, -1));
  await rig.until(() => rig.bookedBytes > 49_000);
  client.socket.destroy();
  await rig.until(() => rig.closed === 1);
  t.is(rig.dispatcher.calls.length, 0);
  t.is(rig.bookedBytes, 0);
});

test('destroys: what runs is cancelled at once, the close is told once', async (t) => {
  using rig = await Rig.start();
  using client = rig.connect();
  client.send(post('/t.S/hold', '{}'));
  await rig.seen(1);
  rig.connections[0]!.destroy();
  t.is(rig.dispatcher.cancelled, 1);
  rig.connections[0]!.destroy();
  await rig.until(() => rig.closed === 1);
  t.is(await client.rest(), '');
  t.is(rig.closed, 1);
});

test('drains: an idle connection ends, also one that never spoke', async (t) => {
  using rig = await Rig.start();
  using spoke = rig.connect();
  spoke.send(get('/healthz'));
  await spoke.answer();
  using silent = rig.connect();
  await rig.until(() => rig.connections.length === 2);
  for (const connection of rig.connections) {
    t.true(connection.idle);
    connection.drain();
  }
  t.is(await spoke.rest(), '');
  t.is(await silent.rest(), '');
  await rig.until(() => rig.closed === 2);
});

test('drains: what runs is answered, the last answer says close', async (t) => {
  using rig = await Rig.start();
  using client = rig.connect();
  client.send(post('/t.S/hold', '1') + post('/t.S/hold', '2'));
  await rig.seen(2);
  rig.connections[0]!.drain();
  t.false(rig.connections[0]!.idle);
  rig.dispatcher.calls[1]!.succeed('2');
  rig.dispatcher.calls[0]!.succeed('1');
  const first = await client.answer();
  const second = await client.answer();
  t.is(first.body, '1');
  t.is(first.headers.connection, 'keep-alive');
  t.is(second.body, '2');
  t.is(second.headers.connection, 'close');
  t.is(await client.rest(), '');
});

test('drains: an answer that was last when the drain began is followed by the end', async (t) => {
  using rig = await Rig.start();
  using client = rig.connect();
  client.send(post('/t.S/hold', '1') + post('/t.S/hold', '2'));
  await rig.seen(2);
  rig.dispatcher.calls[1]!.succeed('2');
  rig.connections[0]!.drain();
  rig.dispatcher.calls[0]!.succeed('1');
  t.is((await client.answer()).body, '1');
  t.is((await client.answer()).body, '2');
  t.is(await client.rest(), '');
});

const halves: [what: string, request: string, status: number][] = [
  ['a call', post('/t.S/echo', '{"half":true}'), 200],
  ['a read', get('/t.S/read'), 200],
  ['a look at the health', get('/healthz'), 200],
  ['one that is refused', post('/t.S/nope', '{}'), 404],
];
for (const [what, request, status] of halves) {
  test(`drains: a request that is half read is still answered, as the last one: ${what}`, async (t) => {
    using rig = await Rig.start();
    using client = rig.connect();
    client.send(request.slice(0, 15));
    await rig.until(() => rig.connections.length === 1);
    while (rig.connections[0]!.idle) await new Promise(setImmediate);
    rig.connections[0]!.drain();
    client.send(request.slice(15));
    const answer = await client.answer();
    t.is(answer.status, status);
    t.is(answer.headers.connection, 'close');
    t.is(await client.rest(), '');
  });
}

test('cuts off a client that is far behind and takes nothing, after the grace', async (t) => {
  const clock = new VirtualClock();
  using rig = await Rig.start({ writeBufferBytes: 100_000, writeTimeoutMs: 0 }, clock);
  using client = rig.connect();
  client.socket.pause();
  client.send(post('/t.S/hold', '{}').repeat(20));
  await rig.seen(20);
  for (const call of rig.dispatcher.calls) call.succeed(Buffer.alloc(1_000_000));
  for (let turn = 0; turn < 20; turn++) await settle();
  await clock.advance(slowReaderGraceMs - 1);
  t.is(rig.counts.get('slow-reader'), undefined);
  // What the kernel took after the answers counts as taken.
  await clock.advance(slowReaderGraceMs);
  t.is(rig.counts.get('slow-reader'), 1);
  await rig.until(() => rig.closed === 1);
  t.is(rig.bookedBytes, 0);
});

test('serves a client that reads, however much is answered at once and however long it takes', async (t) => {
  const clock = new VirtualClock();
  using rig = await Rig.start({ writeBufferBytes: 10_000 }, clock);
  using client = rig.connect();
  client.send(post('/t.S/hold', '{}').repeat(8));
  await rig.seen(8);
  for (const call of rig.dispatcher.calls) call.succeed(Buffer.alloc(1_000_000, 97));
  for (let next = 0; next < 8; next++) {
    t.is((await client.answer()).body.length, 1_000_000);
    await clock.advance(slowReaderGraceMs / 2);
  }
  await rig.until(() => rig.bookedBytes === 0);
  t.is(rig.counts.get('slow-reader'), undefined);
});

test('does not hold it against a client that an earlier answer keeps later ones back', async (t) => {
  const clock = new VirtualClock();
  using rig = await Rig.start({ writeBufferBytes: 10_000, writeTimeoutMs: 0 }, clock);
  using client = rig.connect();
  client.send(post('/t.S/hold', '{}').repeat(3));
  await rig.seen(3);
  for (const call of rig.dispatcher.calls.slice(1)) call.succeed(Buffer.alloc(100_000, 97));
  await clock.advance(20 * slowReaderGraceMs);
  rig.dispatcher.calls[0]!.succeed('{}');
  t.is((await client.answer()).body, '{}');
  t.is((await client.answer()).body.length, 100_000);
});

test('cuts off a client that is far behind at once when its thread has no memory left', async (t) => {
  using rig = await Rig.start({ writeBufferBytes: 100_000 }, new VirtualClock());
  rig.memoryBytes = 3_000_000;
  using client = rig.connect();
  client.socket.pause();
  client.send(post('/t.S/hold', '{}').repeat(40));
  await rig.seen(40);
  for (const call of rig.dispatcher.calls) if (!call.cancelled) call.succeed(Buffer.alloc(1_000_000));
  await rig.until(() => rig.closed === 1);
  t.is(rig.counts.get('slow-reader'), 1);
  t.true(rig.bookedBytesMax < 5_000_000, `${rig.bookedBytesMax} bytes held`);
  t.is(rig.bookedBytes, 0);
});

test('keeps little of answers that wait for an earlier one when its thread has no memory left', async (t) => {
  using rig = await Rig.start({ writeBufferBytes: 100_000 });
  rig.memoryBytes = 3_000_000;
  using client = rig.connect();
  client.send(post('/t.S/hold', '{}').repeat(40));
  await rig.seen(40);
  for (const call of rig.dispatcher.calls.slice(1)) if (!call.cancelled) call.succeed(Buffer.alloc(1_000_000));
  await rig.until(() => rig.closed === 1);
  t.is(rig.counts.get('slow-reader'), 1);
  t.true(rig.bookedBytesMax < 5_000_000, `${rig.bookedBytesMax} bytes held`);
  t.is(rig.bookedBytes, 0);
});

test('cuts off a client that is far behind soon when its thread runs out of memory', async (t) => {
  const clock = new VirtualClock();
  using rig = await Rig.start({ writeBufferBytes: 100_000 }, clock);
  using client = rig.connect();
  client.socket.pause();
  client.send(post('/t.S/hold', '{}').repeat(20));
  await rig.seen(20);
  for (const call of rig.dispatcher.calls) call.succeed(Buffer.alloc(1_000_000));
  await clock.advance(pressedGraceMs);
  rig.memoryBytes = 0;
  await clock.advance(2 * pressedGraceMs);
  t.is(rig.counts.get('slow-reader'), 1);
});

test('reads no further requests while answers wait unsent', async (t) => {
  using rig = await Rig.start({ readTimeoutMs: 0, writeTimeoutMs: 0 }, new VirtualClock());
  using client = rig.connect();
  client.socket.pause();
  client.send(post('/t.S/hold', '{}'));
  (await rig.seen(1)).succeed(Buffer.alloc(15_000_000));
  for (let request = 0; request < 30; request++) {
    client.send(post('/t.S/echo', '"more"', { 'heddle-meta-a': 'x'.repeat(10_000) }));
    await settle();
  }
  // One read may have been under way.
  t.true(rig.dispatcher.calls.length < 10, `${rig.dispatcher.calls.length} calls`);
  client.socket.resume();
  t.is((await client.answer()).body.length, 15_000_000);
  for (let request = 0; request < 30; request++) t.is((await client.answer()).body, '"more"');
});

test('sends one reply of any size to a client that reads it', async (t) => {
  using rig = await Rig.start({ writeBufferBytes: 1000 });
  using client = rig.connect();
  client.send(post('/t.S/hold', '{}'));
  (await rig.seen(1)).succeed(Buffer.alloc(10_000_000, 97));
  const answer = await client.answer();
  t.is(answer.body.length, 10_000_000);
  await rig.until(() => rig.bookedBytes === 0);
  t.true(rig.bookedBytesMax >= 10_000_000);
});

test('reads nothing while its thread is over its memory budget, then goes on', async (t) => {
  using rig = await Rig.start({ frameBytes: 10_000_000 });
  rig.memoryBytes = 100_000;
  using client = rig.connect();
  const body = JSON.stringify('x'.repeat(5_000_000));
  client.send(post('/t.S/echo', body));
  await rig.until(() => rig.held === 1);
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  t.true(rig.bookedBytes < 1_000_000, `${rig.bookedBytes} bytes held`);
  t.is(rig.dispatcher.calls.length, 0);
  rig.giveRoom();
  t.is((await client.answer()).body, body);
  await rig.until(() => rig.bookedBytes === 0);
});

test('serves a keep-alive client of node:http with parallel connections', async (t) => {
  using rig = await Rig.start();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  const one = async (index: number): Promise<string> => {
    const options = { port: rig.port, host: '127.0.0.1', agent, method: 'POST', path: '/t.S/echo' };
    const request = http.request({ ...options, headers: { 'content-type': 'application/json' } });
    request.end(JSON.stringify({ index }));
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    return (await response.toArray()).join('');
  };
  const bodies = await Promise.all(Array.from({ length: 500 }, (_, index) => one(index)));
  agent.destroy();
  t.deepEqual(
    bodies,
    bodies.map((_, index) => `{"index":${index}}`),
  );
  t.true(rig.connections.length <= 8);
});

test('lets the pipeline of one client leave other connections alone', async (t) => {
  using rig = await Rig.start();
  using busy = rig.connect();
  busy.send(post('/t.S/hold', '{}').repeat(500));
  await rig.seen(64);
  t.is((await rig.ask(get('/healthz'))).status, 200);
  t.is(errorOf(await rig.ask(post('/t.S/refuse', '{}'))).code, 'RESOURCE_EXHAUSTED');
});
