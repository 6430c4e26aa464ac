// Laws of compressed requests and replies, seen from outside a real server: both protocols, both built-in compressors, one
// of a plugin, and a pool that does none of it.

import { deflateRawSync, gunzipSync, gzipSync, inflateRawSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { gzip } from '../../../net/compression/gzip.ts';
import { zstd } from '../../../net/compression/zstd.ts';
import { compressionByte } from '../../../runtime/compression-byte.ts';
import { encodeMetadata } from '../../../runtime/metadata.ts';
import { nothingHeld, settled } from '../../spine/held.ts';
import { rejection } from '../../spine/rejection.ts';
import { Probe, Relay } from '../../spine/services/contracts.ts';
import { type Spine, startSpine } from '../../spine/spine.ts';
import { http, requestFrame, Wire } from '../../spine/wire.ts';
import { countingProxy } from './counting-proxy.ts';
import deflatePlugin from './fixtures/deflate-plugin.ts';

const yaml = `
io: { threads: 1 }
limits: { frame: 100KiB }
plugins: [../../net/compression/fixtures/deflate-plugin.ts]
services:
  test.Probe:
    module: ./probe.ts
    pool: { threads: 1 }
    compressAbove: 1KiB
    listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"]
`;
const frameBytes = 102_400;

const text = Buffer.from('what is said again and again is soon said shorter; '.repeat(400));
const small = Buffer.from('short and short and short');
/** Squares of an irrational step: no compressor finds anything in it. */
const noise = Buffer.from(Array.from({ length: 5000 }, (_, at) => Math.imul(at * at + 7, 0x9e3779b1) >>> 23));
/** 10 MB in some 10 KB. */
const bomb = { gzip: gzipSync(Buffer.alloc(10_000_000)), zstd: zstdCompressSync(Buffer.alloc(10_000_000)) };

const built = [
  { name: 'gzip', id: 1, squeeze: (body: Buffer) => gzipSync(body), expand: (body: Buffer) => gunzipSync(body) },
  {
    name: 'zstd',
    id: 2,
    squeeze: (body: Buffer) => zstdCompressSync(body),
    expand: (body: Buffer) => zstdDecompressSync(body),
  },
] as const;
const foreign = {
  name: 'x-deflate-raw',
  id: 3,
  squeeze: (body: Buffer) => deflateRawSync(body),
  expand: (body: Buffer) => inflateRawSync(body),
};

test.serial('a server takes and gives compressed bodies', async (t) => {
  await using spine = await startSpine(yaml);
  for (const { name, id, squeeze, expand } of [...built, foreign]) {
    await overHeddle(t, spine, name, id, squeeze, expand);
    await overHttp(t, spine, name, squeeze, expand);
  }
  await damaged(t, spine);
  await plainPeers(t, spine);
  await failingCompressor(t, spine);
  t.deepEqual(await settled(spine.server), nothingHeld);
});

type Change = (body: Buffer) => Buffer;

async function overHeddle(
  t: ExecutionContext,
  spine: Spine,
  name: string,
  id: number,
  squeeze: Change,
  expand: Change,
) {
  using wire = await Wire.to(spine.address('heddle'));
  const metadata = encodeMetadata([['from', 'here']]);
  const head = { compression: compressionByte(id, id), source: metadata, metadataEnd: metadata.length };
  const options = { service: 'test.Probe', head };
  wire.send(requestFrame(1, 'raw', squeeze(text), options));
  const [reply] = await wire.take(1);
  t.is(reply!.compression, id, `${name}: the reply says how it is`);
  t.true(reply!.body.length < text.length / 5);
  t.true(expand(reply!.body).equals(text));
  const others: [string, Buffer, number][] = [
    ['below the bound', small, 0],
    ['no smaller', noise, 0],
    ['empty', Buffer.alloc(0), 0],
  ];
  for (const [what, body] of others) {
    wire.send(requestFrame(2, 'raw', squeeze(body), options));
    const [answer] = await wire.take(1);
    t.deepEqual([answer!.code, answer!.compression], ['', 0], `${name}: a reply that is ${what} is sent as it is`);
    t.true(answer!.body.equals(body));
  }
  // What is not asked for is not done; what is not there is empty.
  wire.send(requestFrame(3, 'raw', squeeze(text), { ...options, head: { compression: compressionByte(id, 0) } }));
  t.is((await wire.take(1))[0]!.compression, 0);
  wire.send(requestFrame(4, 'raw', Buffer.alloc(0), options));
  t.is((await wire.take(1))[0]!.body.length, 0);
  // Metadata of the request and of the reply travel as ever.
  const greet = requestFrame(5, 'context', squeeze(Buffer.from('{}')), {
    service: 'test.Probe',
    head: { ...head, codec: 1 },
  });
  wire.send(greet);
  const [context] = await wire.take(1);
  t.deepEqual(JSON.parse(context!.body.toString()).metadata, { from: 'here' });
}

async function overHttp(t: ExecutionContext, spine: Spine, name: string, squeeze: Change, expand: Change) {
  const address = spine.address('http');
  const post = (body: Buffer, headers: Record<string, string>) =>
    http(address, 'POST', '/test.Probe/raw', { body, headers });
  const both = await post(squeeze(text), { 'content-encoding': name, 'accept-encoding': name });
  t.deepEqual([both.status, both.headers['content-encoding'], both.headers.vary], [200, name, 'accept-encoding']);
  t.is(both.headers['content-length'], String(both.body.length));
  t.true(expand(both.body).equals(text), `${name}: the reply is the request`);
  const asItIs = await post(squeeze(text), { 'content-encoding': name });
  t.deepEqual([asItIs.headers['content-encoding'], asItIs.headers.vary], [undefined, 'accept-encoding']);
  t.true(asItIs.body.equals(text));
  const short = await post(small, { 'accept-encoding': name });
  t.is(short.headers['content-encoding'], undefined, `${name}: short replies stay`);
  t.true(short.body.equals(small));
}

async function damaged(t: ExecutionContext, spine: Spine) {
  using wire = await Wire.to(spine.address('heddle'));
  const address = spine.address('http');
  for (const { name, id, squeeze } of built) {
    const cases: [string, Buffer, string, number, RegExp][] = [
      ['a bomb', bomb[name], 'RESOURCE_EXHAUSTED', 429, /over 102400 bytes when it is decompressed/],
      ['one byte too much', squeeze(Buffer.alloc(frameBytes + 1)), 'RESOURCE_EXHAUSTED', 429, /over 102400 bytes/],
      ['a body cut off', squeeze(text).subarray(0, -5), 'INVALID_ARGUMENT', 400, /can't be decompressed/],
      ['bytes behind it', Buffer.concat([squeeze(text), small]), 'INVALID_ARGUMENT', 400, /can't be decompressed/],
      ['a plain body', text, 'INVALID_ARGUMENT', 400, /can't be decompressed/],
    ];
    for (const [what, body, code, status, message] of cases) {
      const startMs = performance.now();
      wire.send(requestFrame(1, 'raw', body, { service: 'test.Probe', head: { compression: id } }));
      const answer = await wire.one();
      t.deepEqual([answer.code, answer.retry], [code, 0], `${name}: ${what}`);
      t.regex(answer.body.toString(), message);
      const refused = await http(address, 'POST', '/test.Probe/raw', { body, headers: { 'content-encoding': name } });
      t.is(refused.status, status, `${name} over http: ${what}`);
      t.true(performance.now() - startMs < 2000, `${name}: ${what} costs little`);
    }
    const most = squeeze(Buffer.alloc(frameBytes));
    wire.send(requestFrame(2, 'raw', most, { service: 'test.Probe', head: { compression: id } }));
    t.is((await wire.one()).body.length, frameBytes, `${name}: as much as the listener takes`);
  }
  wire.send(requestFrame(3, 'raw', text, { service: 'test.Probe', head: { compression: 9 } }));
  const unknown = await wire.one();
  t.is(unknown.code, 'UNIMPLEMENTED');
  t.regex(
    unknown.body.toString(),
    /compression 9 is not known here; there is 1 \(gzip\), 2 \(zstd\), 3 \(deflate-raw\)/,
  );
  for (const coding of ['br', 'gzip, gzip']) {
    const refused = await http(address, 'POST', '/test.Probe/raw', {
      body: text,
      headers: { 'content-encoding': coding },
    });
    t.deepEqual([refused.status, refused.headers['accept-encoding']], [415, 'zstd, gzip, x-deflate-raw'], coding);
  }
}

async function plainPeers(t: ExecutionContext, spine: Spine) {
  const plain = spine.client(Probe);
  t.true(text.equals(await plain.raw(text)));
  const answer = await http(spine.address('http'), 'GET', '/test.Probe/sum?values=1&values=2', {
    headers: { 'content-encoding': 'gzip' },
  });
  t.deepEqual(answer.json, { total: 3, unit: 'none' }, 'a GET has no body that could be compressed');
  const error = await http(spine.address('http'), 'POST', '/test.Probe/fail', {
    body: { how: 'heddle' },
    headers: { 'accept-encoding': 'gzip' },
  });
  t.is(error.headers['content-encoding'], undefined, 'errors stay readable');
}

async function failingCompressor(t: ExecutionContext, spine: Spine) {
  const body = Buffer.from('do not compress this; '.repeat(100));
  const headers = { 'accept-encoding': 'x-deflate-raw' };
  const answer = await http(spine.address('http'), 'POST', '/test.Probe/raw', { body, headers });
  t.deepEqual([answer.status, answer.headers['content-encoding']], [200, undefined], 'it is sent as it is');
  t.true(answer.body.equals(body));
}

test.serial('a client compresses above its bound, takes compressed replies, and is safe from bombs', async (t) => {
  await using spine = await startSpine(yaml.replace('limits: { frame: 100KiB }', ''));
  await using proxy = await countingProxy(spine.address('heddle'));
  const target = `heddle://${proxy.address}`;
  for (const compression of ['gzip', 'zstd', gzip(6), zstd(3)] as const) {
    const client = spine.client(Probe, { target, compression, pingIntervalMs: 0 });
    await client.raw(small);
    proxy.take();
    t.true(text.equals(await client.raw(text, { metadata: { from: 'here' } })));
    const { sentBytes, receivedBytes } = proxy.take();
    t.true(sentBytes < 2000 && receivedBytes < 2000, `${sentBytes} bytes there and ${receivedBytes} back`);
    t.true(noise.equals(await client.raw(noise)));
    t.true(proxy.take().sentBytes > noise.length, 'what gets no smaller is sent as it is');
    const above = spine.client(Probe, { target, compression, compressAboveBytes: text.length + 1, pingIntervalMs: 0 });
    t.true(text.equals(await above.raw(text)));
    const short = proxy.take();
    t.true(short.sentBytes > text.length, 'a request below the bound is sent as it is');
    t.true(short.receivedBytes < 2000, 'its reply is compressed all the same');
  }
  const narrow = spine.client(Probe, { compression: 'zstd', frameBytes: 10_000 });
  const error = await rejection(narrow.fill(Buffer.from('200000')));
  t.deepEqual([error.code, error.retry], ['RESOURCE_EXHAUSTED', 'no']);
  t.regex(error.message, /over 10000 bytes when it is decompressed \(zstd\)/);
  const failing = () => {
    throw new Error('no dictionary');
  };
  const broken = spine.client(Probe, { compression: { ...zstd(), compress: failing } });
  const unsent = await rejection(broken.raw(text));
  t.is(unsent.code, 'INTERNAL');
  t.regex(unsent.message, /the request of test.Probe\/raw: its body can't be compressed by zstd/);
  const wrong = [{ compression: 'lz4' }, { compressAboveBytes: -1 }, { compression: { ...gzip(), id: 99 } }];
  for (const options of wrong) {
    t.throws(() => spine.client(Probe, options as object), { code: 'INVALID_ARGUMENT' });
  }
});

test.serial(
  'a fiber compresses calls of a client that the config says so of; IO threads do nothing of it',
  async (t) => {
    await using far = await startSpine(yaml.replace('limits: { frame: 100KiB }', ''));
    await using proxy = await countingProxy(far.address('heddle'));
    for (const [pool, via, compression] of [
      ['{ threads: 1 }', 'io', 'zstd'],
      ['{ threads: 1 }', 'caller', 'deflate-raw'],
      ['io', 'io', 'zstd'],
    ] as const) {
      await using near = await startSpine(`
io: { threads: 1 }
plugins: [../../net/compression/fixtures/deflate-plugin.ts]
clients:
  test.Probe: { target: "heddle://${proxy.address}", via: ${via}, compression: ${compression}, compressAbove: 4KiB }
services:
  test.Relay: { module: ./relay.ts, pool: ${pool}, listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"] }
`);
      const relay = near.client(Relay);
      await relay.raw(small);
      proxy.take();
      t.true(text.equals(await relay.raw(text)));
      const { sentBytes, receivedBytes } = proxy.take();
      const isPlain = pool === 'io';
      t.is(sentBytes > text.length, isPlain, `pool ${pool} via ${via}: ${sentBytes} bytes there`);
      t.is(receivedBytes > text.length, isPlain, `pool ${pool} via ${via}: ${receivedBytes} bytes back`);
      const unasked = await http(near.address('http'), 'POST', '/test.Relay/raw', {
        body: text,
        headers: { 'accept-encoding': 'gzip' },
      });
      t.deepEqual([unasked.headers['content-encoding'], unasked.headers.vary], [undefined, undefined]);
      t.true(unasked.body.equals(text), 'a service that nobody told to compresses nothing');
      if (!isPlain) continue;
      using wire = await Wire.to(near.address('heddle'));
      wire.send(
        requestFrame(1, 'raw', gzipSync(text), { service: 'test.Relay', head: { compression: compressionByte(1, 1) } }),
      );
      const refused = await wire.one();
      t.is(refused.code, 'UNIMPLEMENTED');
      t.regex(refused.body.toString(), /IO threads \(pool io\), where nothing is decompressed/);
      const options = { body: gzipSync(text), headers: { 'content-encoding': 'gzip', 'accept-encoding': 'gzip' } };
      const answer = await http(near.address('http'), 'POST', '/test.Relay/raw', options);
      t.deepEqual([answer.status, answer.headers['accept-encoding']], [415, 'identity']);
    }
  },
);

test('the plugin of these tests is one', (t) => t.is(deflatePlugin.name, 'deflate-raw'));
