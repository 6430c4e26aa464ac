import test from 'ava';
import fc from 'fast-check';
import { errorOf, get, post, Rig } from './rig.ts';

const malformed: [what: string, bytes: string, status: number, says?: RegExp][] = [
  ['a line that is no request', 'HELLO\r\n\r\n', 400],
  ['bytes of another protocol', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
  ['a first line that ends otherwise', 'GET /healthz HTTP/1.1x\r\nhost: t\r\n\r\n', 400],
  ['a space in the target', 'GET /t.S/read?a=b c HTTP/1.1\r\nhost: t\r\n\r\n', 400],
  ['a header without a colon', 'GET /healthz HTTP/1.1\r\nhost\r\n\r\n', 400],
  ['a space before the colon', 'GET /healthz HTTP/1.1\r\nhost : t\r\n\r\n', 400],
  ['a bare LF in a header', 'GET /healthz HTTP/1.1\r\nhost: t\nx: y\r\n\r\n', 400],
  ['a NUL in a header', 'GET /healthz HTTP/1.1\r\nhost: t\r\nx: \0\r\n\r\n', 400],
  ['a negative length', 'POST /t.S/echo HTTP/1.1\r\nhost: t\r\ncontent-length: -1\r\n\r\n', 400],
  ['a length past 2^64', 'POST /t.S/echo HTTP/1.1\r\nhost: t\r\ncontent-length: 99999999999999999999\r\n\r\n', 400],
  ['a length with a sign', 'POST /t.S/echo HTTP/1.1\r\nhost: t\r\ncontent-length: +1\r\n\r\nx', 400],
  ['a folded header', 'GET /healthz HTTP/1.1\r\nhost: t\r\nx: y\r\n z\r\n\r\n', 400],
  ['a bare CR in a header', 'GET /healthz HTTP/1.1\r\nhost: t\r\nx: y\rz\r\n\r\n', 400],
  ['lines that end with LF', 'GET /healthz HTTP/1.1\nhost: t\n\n', 400],
  ['a header without a name', 'GET /healthz HTTP/1.1\r\nhost: t\r\n: y\r\n\r\n', 400],
  ['chunks in HTTP/1.0', 'POST /t.S/echo HTTP/1.0\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n', 400],
  ['chunked twice', 'POST /t.S/echo HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n', 400],
  ['two equal lengths', 'POST /t.S/echo HTTP/1.1\r\nhost: t\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\nx', 400],
  ['two lengths in one', 'POST /t.S/echo HTTP/1.1\r\nhost: t\r\ncontent-length: 1, 1\r\n\r\nx', 400],
  ['a chunk size with 0x', 'POST /t.S/echo HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n0x1\r\n', 400],
  [
    'a chunk that ends with LF',
    'POST /t.S/echo HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\n0\r\n\r\n',
    400,
  ],
  ['two lengths', 'POST /t.S/echo HTTP/1.1\r\nhost: t\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n', 400],
  [
    'a length and chunks at once',
    'POST /t.S/echo HTTP/1.1\r\nhost: t\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET ',
    400,
  ],
  [
    'chunks and a length at once',
    'POST /t.S/echo HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\nGET ',
    400,
  ],
  [
    'another transfer coding behind chunked',
    'POST /t.S/echo HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n',
    400,
  ],
  ...['GET /t.S/read HTTP/1.1', ' folded: x', 'a : b', 'Content-Length: 5', 'Host: t', ': x'].map(
    (line): [string, string, number] => [
      `the trailer ${line}`,
      `POST /t.S/echo HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n0\r\n${line}\r\n\r\n`,
      400,
    ],
  ),
  ['a chunk size that is none', 'POST /t.S/echo HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', 400],
  [
    'a chunk longer than it says',
    'POST /t.S/echo HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n',
    400,
  ],
  [
    'more than 100 headers',
    `GET /healthz HTTP/1.1\r\nhost: t\r\n${'x: y\r\n'.repeat(100)}\r\n`,
    431,
    /16384 bytes, and 100 headers/,
  ],
  ['headers over 16 KiB', `GET /healthz HTTP/1.1\r\nhost: t\r\nx: ${'y'.repeat(17_000)}\r\n\r\n`, 431],
  ['a request line over 16 KiB', `GET /t.S/read?${'y'.repeat(17_000)} HTTP/1.1\r\nhost: t\r\n\r\n`, 431],
];

for (const [what, bytes, status, says = /./] of malformed) {
  test(`answers ${what} with ${status} once, then ends`, async (t) => {
    using rig = await Rig.start();
    using client = rig.connect();
    client.send(Buffer.from(bytes, 'latin1'));
    const answer = await client.answer();
    t.is(answer.status, status);
    t.is(answer.headers.connection, 'close');
    t.is(errorOf(answer).code, 'INVALID_ARGUMENT');
    t.regex(errorOf(answer).message, says);
    t.is(await client.rest(), '');
    await rig.until(() => rig.closed === 1);
    t.is(rig.counts.get('malformed'), 1);
    t.is(rig.dispatcher.calls.length, 0);
    t.is(rig.bookedBytes, 0);
  });
}

test('answers the requests before malformed bytes first, then the bytes', async (t) => {
  using rig = await Rig.start();
  using client = rig.connect();
  client.send(`${post('/t.S/hold', '1')}${post('/t.S/echo', '2')}garbage\r\n\r\n`);
  await rig.until(() => rig.counts.get('malformed') === 1);
  (await rig.seen(1)).succeed('1');
  t.is((await client.answer()).body, '1');
  t.is((await client.answer()).body, '2');
  t.is((await client.answer()).status, 400);
  t.is(await client.rest(), '');
});

test('survives any bytes: other connections go on, nothing stays behind', async (t) => {
  using rig = await Rig.start({ frameBytes: 1000 });
  const pieces = fc.constantFrom(
    ...[
      'GET ',
      'POST ',
      '/t.S/echo',
      '/healthz',
      ' HTTP/1.1\r\n',
      'host: t\r\n',
      'content-length: 3\r\n',
      '\r\n',
      'abc',
    ],
    ...[
      'transfer-encoding: chunked\r\n',
      '3\r\nabc\r\n',
      '0\r\n\r\n',
      'expect: 100-continue\r\n',
      '\0',
      'connection: close\r\n',
    ],
    ...[
      post('/t.S/echo', '{}'),
      get('/t.S/read'),
      'expect: tea\r\n',
      'upgrade: x\r\nconnection: upgrade\r\n',
      'CONNECT ',
    ],
  );
  const noise = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof({ weight: 5, arbitrary: pieces }, noise), { maxLength: 12 }), async (parts) => {
      const client = rig.connect();
      for (const part of parts) client.send(Buffer.from(part, 'latin1'));
      client.socket.end();
      await client.rest();
      client.socket.destroy();
      const closed = ++runs;
      await rig.until(() => rig.closed >= closed);
    }),
    { numRuns: 300 },
  );
  await rig.until(() => rig.closed === rig.connections.length);
  t.is((await rig.ask(get('/healthz'))).status, 200);
  t.is(rig.bookedBytes, 0);
});

test('refuses an announced body over the bound before it comes', async (t) => {
  using rig = await Rig.start({ frameBytes: 1000 });
  using client = rig.connect();
  client.send('POST /t.S/echo HTTP/1.1\r\nhost: t\r\ncontent-length: 1001\r\n\r\n');
  const answer = await client.answer();
  t.is(answer.status, 413);
  t.is(answer.headers.connection, 'close');
  t.is(errorOf(answer).code, 'RESOURCE_EXHAUSTED');
  t.regex(errorOf(answer).message, /1000 bytes \(frame\)/);
  t.is(await client.rest(), '');
  t.is(rig.counts.get('too-large'), 1);
});

test('takes a body of exactly the bound, announced or in chunks', async (t) => {
  using rig = await Rig.start({ frameBytes: 1000 });
  const body = 'x'.repeat(1000);
  t.is((await rig.ask(post('/t.S/echo', body))).body, body);
  t.is((await rig.ask(chunked([body.slice(0, 999), 'x']))).body, body);
});

test('refuses a body in chunks as soon as it is over the bound', async (t) => {
  using rig = await Rig.start({ frameBytes: 100_000 });
  using client = rig.connect();
  client.send(`POST /t.S/echo HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n`);
  const piece = `186a0\r\n${'x'.repeat(100_000)}\r\n`;
  client.send(piece + piece);
  const answer = await client.answer();
  t.is(answer.status, 413);
  t.is(answer.headers.connection, 'close');
  t.is(rig.dispatcher.calls.length, 0);
  t.is(rig.bookedBytes, 0);
});

test('reads no gigabytes of a body that it has refused', async (t) => {
  using rig = await Rig.start({ frameBytes: 1000 });
  using client = rig.connect();
  client.send('POST /t.S/echo HTTP/1.1\r\nhost: t\r\ncontent-length: 4000000000\r\n\r\n');
  const piece = Buffer.alloc(1_000_000);
  let sent = 0;
  while (!client.ended && client.socket.writable) {
    sent += piece.length;
    if (!client.socket.write(piece)) {
      await new Promise<void>((resolve) => {
        client.socket.once('drain', resolve);
        client.socket.once('close', () => resolve());
      });
    }
    await new Promise(setImmediate);
  }
  t.true(sent < 50_000_000, `${sent} bytes`);
  await rig.until(() => rig.closed === 1);
});

test('lets a client that sends a refused body read the answer', async (t) => {
  using rig = await Rig.start({ frameBytes: 1000 });
  for (let run = 0; run < 20; run++) {
    const answer = await rig.ask(post('/t.S/echo', 'x'.repeat(500_000)));
    t.is(answer.status, 413);
  }
});

test('takes nothing behind a body over the bound, and answers what came before it', async (t) => {
  using rig = await Rig.start({ frameBytes: 10 });
  using client = rig.connect();
  client.send(post('/t.S/hold', '1') + chunked(['xxxxx', 'xxxxxx']) + post('/t.S/echo', '2'));
  (await rig.seen(1)).succeed('1');
  t.is((await client.answer()).body, '1');
  const answer = await client.answer();
  t.is(answer.status, 413);
  t.is(answer.headers.connection, 'close');
  t.is(await client.rest(), '');
  t.is(rig.dispatcher.calls.length, 1);
});

test('holds a body of many tiny chunks in little more than its size', async (t) => {
  using rig = await Rig.start({ frameBytes: 1_000_000 });
  const answer = await rig.ask(chunked(Array.from({ length: 60_000 }, () => 'x')));
  t.is(answer.body.length, 60_000);
  t.true(rig.bookedBytesMax <= 140_000, `${rig.bookedBytesMax} bytes held`);
});

test('lets a client that expects 100-continue send its body, or tells it at once why not', async (t) => {
  using rig = await Rig.start({ frameBytes: 1000 });
  using client = rig.connect();
  const head = (bytes: number, path = '/t.S/echo') =>
    `POST ${path} HTTP/1.1\r\nhost: t\r\nexpect: 100-continue\r\ncontent-length: ${bytes}\r\n\r\n`;
  client.send(head(3));
  t.is((await client.answer()).status, 100);
  client.send('abc');
  t.is((await client.answer()).body, 'abc');
  client.send(head(5, '/t.S/nope'));
  const answer = await client.answer();
  t.is(answer.status, 404);
  t.is(answer.headers.connection, 'close');
  t.is((await rig.ask(head(1001))).status, 413);
  t.is((await rig.ask(head(3).replace('100-continue', 'tea'))).status, 417);
});

test('closes on CONNECT without an answer', async (t) => {
  using rig = await Rig.start();
  using client = rig.connect();
  client.send('CONNECT t:80 HTTP/1.1\r\nhost: t\r\n\r\n');
  t.is(await client.rest(), '');
});

test('refuses versions that are not spoken here, and ends', async (t) => {
  using rig = await Rig.start();
  for (const line of ['GET /healthz', 'GET /healthz HTTP/0.9', 'GET /healthz HTTP/2.0', 'GET /healthz HTTP/3.7']) {
    using client = rig.connect();
    client.send(`${line}\r\nhost: t\r\n\r\n`);
    const answer = await client.answer();
    t.is(answer.status, 505, line);
    t.is(errorOf(answer).code, 'UNIMPLEMENTED');
    t.is(await client.rest(), '');
  }
  t.is((await rig.ask('GET /healthz HTTP/1.0\r\n\r\n')).status, 200);
});

test('refuses a transfer coding besides chunked', async (t) => {
  using rig = await Rig.start();
  const answer = await rig.ask(chunked(['x']).replace('chunked', 'gzip, chunked'));
  t.is(answer.status, 415);
});

test('cuts off headers that come too slowly with 408', async (t) => {
  using rig = await Rig.start({ readTimeoutMs: 500 });
  using client = rig.connect();
  client.send('GET /healthz HTTP/1.1\r\nhos');
  const answer = await client.answer();
  t.is(answer.status, 408);
  t.is(errorOf(answer).code, 'DEADLINE_EXCEEDED');
  t.is(await client.rest(), '');
  t.is(rig.counts.get('read-timeout'), 1);
});

test('cuts off a body that comes too slowly with 408, after the answers before it', async (t) => {
  using rig = await Rig.start({ readTimeoutMs: 500 });
  using client = rig.connect();
  client.send(`${post('/t.S/hold', '1')}POST /t.S/echo HTTP/1.1\r\nhost: t\r\ncontent-length: 10\r\n\r\nabc`);
  await rig.until(() => rig.counts.get('read-timeout') === 1);
  rig.dispatcher.calls[0]!.succeed('1');
  t.is((await client.answer()).body, '1');
  t.is((await client.answer()).status, 408);
  t.is(await client.rest(), '');
  t.is(rig.bookedBytes, 0);
});

test('lets a handler take longer than every timeout of the connection', async (t) => {
  // Long enough for a request to come in on a busy machine.
  using rig = await Rig.start({
    connectTimeoutMs: 1_000,
    readTimeoutMs: 1_000,
    idleTimeoutMs: 1_000,
    writeTimeoutMs: 1_000,
  });
  using client = rig.connect();
  client.send(post('/t.S/hold', '1'));
  const call = await rig.seen(1);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  call.succeed('1');
  t.is((await client.answer()).body, '1');
});

for (const bounds of [{ connectTimeoutMs: 30 }, { connectTimeoutMs: 60_000, readTimeoutMs: 30 }]) {
  test(`closes a connection that says nothing in time, quietly: ${JSON.stringify(bounds)}`, async (t) => {
    using rig = await Rig.start(bounds);
    using client = rig.connect();
    t.is(await client.rest(), '');
    t.is(rig.counts.get('connect-timeout'), 1);
    t.is(rig.counts.get('read-timeout') ?? 0, 0);
  });
}

test('answers 408 to a first request that is not whole within the connect timeout', async (t) => {
  using rig = await Rig.start({ connectTimeoutMs: 1_000 });
  using client = rig.connect();
  client.send('GET /hea');
  t.is((await client.answer()).status, 408);
  t.is(await client.rest(), '');
});

test('takes any time within the read timeout for the body of a first request', async (t) => {
  using rig = await Rig.start({ connectTimeoutMs: 300 });
  using client = rig.connect();
  const request = post('/t.S/echo', 'x'.repeat(100));
  client.send(request.slice(0, -1));
  await rig.until(() => rig.bookedBytes > 0);
  await new Promise((resolve) => setTimeout(resolve, 500));
  client.send(request.slice(-1));
  t.is((await client.answer()).status, 200);
});

test('empty lines keep no connection alive', async (t) => {
  using rig = await Rig.start({ idleTimeoutMs: 200 });
  using client = rig.connect();
  client.send(get('/healthz'));
  t.is((await client.answer()).status, 200);
  const sending = setInterval(() => client.send('\r\n'), 20);
  t.is(await client.rest(), '');
  clearInterval(sending);
  t.is(rig.counts.get('idle-timeout'), 1);
});

test('a client that sent much before the last answer was due still reads it', async (t) => {
  using rig = await Rig.start({ frameBytes: 1000 });
  using client = rig.connect();
  client.send(post('/t.S/hold', '1'));
  await rig.seen(1);
  client.send(post('/t.S/echo', 'x'.repeat(3_000_000)));
  await rig.until(() => rig.counts.get('too-large') === 1);
  for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
  rig.dispatcher.calls[0]!.succeed('1');
  t.is((await client.answer()).body, '1');
  t.is((await client.answer()).status, 413);
});

test('closes a connection that is idle for too long after an answer', async (t) => {
  using rig = await Rig.start({ idleTimeoutMs: 40 });
  using client = rig.connect();
  client.send(get('/healthz'));
  t.is((await client.answer()).status, 200);
  t.is(await client.rest(), '');
  t.is(rig.counts.get('idle-timeout'), 1);
});

test('cuts off a client that takes nothing of its reply within the write timeout', async (t) => {
  using rig = await Rig.start({ writeTimeoutMs: 40 });
  using client = rig.connect();
  client.socket.pause();
  client.send(post('/t.S/hold', '{}'));
  (await rig.seen(1)).succeed(Buffer.alloc(20_000_000));
  await rig.until(() => rig.closed === 1);
  t.is(rig.counts.get('write-timeout'), 1);
  t.is(rig.bookedBytes, 0);
});

function chunked(chunks: string[]): string {
  const body = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('');
  return `POST /t.S/echo HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n${body}0\r\n\r\n`;
}
