// Bodies of every size, on both sides of each boundary: the slot's inline bytes (256), the arena's smallest block
// (1 KiB), the completion ring's longest frame (32 KiB), the read buffer (64 KiB), the frame limit (10 MB).

import test, { type ExecutionContext } from 'ava';
import { HeddleError } from '../../runtime/errors.ts';
import { nothingHeld, settled } from './held.ts';
import { rejection } from './rejection.ts';
import { Probe } from './services/contracts.ts';
import { type Spine, startSpine } from './spine.ts';
import { http, rawHttp, requestFrame, Wire } from './wire.ts';

const ringPayloadMax = 32_720;
const frameBytes = 10_000_000;
/** Head and names of a request for test.Probe/raw. */
const requestOverhead = 40 + 'test.Probe'.length + 'raw'.length;
const sizes = [
  0,
  1,
  255,
  256,
  257,
  1023,
  1024,
  1025,
  8191,
  8192,
  8193,
  32_704,
  ringPayloadMax - 1,
  ringPayloadMax,
  ringPayloadMax + 1,
  32_767,
  32_768,
  32_769,
  32_832,
  65_535,
  65_536,
  65_537,
  1_048_575,
  1_048_576,
  1_048_577,
];

function pattern(size: number): Buffer {
  const body = Buffer.allocUnsafe(size);
  for (let at = 0; at < size; at++) body[at] = (at * 31 + size + (at >>> 8)) & 255;
  return body;
}

for (const pool of ['{ threads: 2 }', 'io']) {
  test.serial(`bodies of all sizes come back whole: pool ${pool}`, async (t) => {
    await using spine = await startSpine(`
io: { threads: 1 }
services:
  test.Probe: { module: ./probe.ts, pool: ${pool}, listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"] }
`);
    const probe = spine.client(Probe, { frameBytes: 64 * 1024 * 1024 });
    for (const size of sizes) {
      const body = pattern(size);
      t.true(body.equals(await probe.raw(body)), `${size} bytes over heddle`);
    }
    for (const size of sizes.filter((_, index) => index % 3 === 0)) {
      const body = pattern(size);
      const answer = await http(spine.address('http'), 'POST', '/test.Probe/raw', { body });
      t.is(answer.status, 200);
      t.true(body.equals(answer.body), `${size} bytes over http`);
    }
    await manyAtOnce(t, spine);
    await atTheLimit(t, spine);
    t.deepEqual(await settled(spine.server), nothingHeld);
  });
}

/** All sizes at once over one connection, in pieces that fit no frame. */
async function manyAtOnce(t: ExecutionContext, spine: Spine): Promise<void> {
  using wire = await Wire.to(spine.address('heddle'));
  const some = sizes.filter((size) => size < 100_000);
  const stream = Buffer.concat(
    some.map((size, id) => requestFrame(id, 'raw', pattern(size), { service: 'test.Probe' })),
  );
  for (let at = 0; at < stream.length; at += 7919) wire.socket.write(stream.subarray(at, at + 7919));
  for (const { is, id, body } of await wire.take(some.length)) {
    t.is(is, 'reply');
    t.true(body.equals(pattern(some[id]!)), `${some[id]} bytes among others`);
  }
}

async function atTheLimit(t: ExecutionContext, spine: Spine): Promise<void> {
  const probe = spine.client(Probe, { frameBytes: 64 * 1024 * 1024 });
  const largest = pattern(frameBytes - requestOverhead);
  t.true(largest.equals(await probe.raw(largest)));
  const over = await rejection(probe.raw(pattern(frameBytes - requestOverhead + 1)));
  t.deepEqual([over.code, over.retry], ['RESOURCE_EXHAUSTED', 'no']);
  t.regex(over.message, /10000001 bytes; at most 10000000/);
  const small = pattern(10);
  t.true(small.equals(await probe.raw(small)), 'the connection goes on');
  const address = spine.address('http');
  const body = pattern(frameBytes);
  const fits = await http(address, 'POST', '/test.Probe/raw', { body });
  t.is(fits.status, 200);
  t.true(body.equals(fits.body));
  // Refused by its head: the body need not come.
  const tooLong = `POST /test.Probe/raw HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: ${frameBytes + 1}\r\n\r\n`;
  t.regex(await rawHttp(address, tooLong), /^HTTP\/1\.1 413 /);
}

test.serial('large bodies leave nothing behind: many times the arena passes through it', async (t) => {
  await using spine = await startSpine(`
io: { threads: 1 }
services:
  test.Probe: { module: ./probe.ts, pool: { threads: 2 }, listen: ["heddle://127.0.0.1:0"] }
`);
  const probe = spine.client(Probe);
  const body = pattern(9_000_000);
  let refused = 0;
  for (let round = 0; round < 6; round++) {
    // What does not fit at once is refused at once, with the hint to come again.
    const answers = await Promise.allSettled([1, 2, 3].map(() => probe.raw(body)));
    for (const answer of answers) {
      if (answer.status === 'fulfilled') t.true(body.equals(answer.value));
      else if (answer.reason instanceof HeddleError && answer.reason.code === 'RESOURCE_EXHAUSTED') refused++;
      else t.fail(String(answer.reason));
    }
  }
  t.true(refused <= 6, `${refused} of 18 refused`);
  t.deepEqual(await settled(spine.server), nothingHeld);
});
