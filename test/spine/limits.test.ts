// The bounds of a listener: frames, silence, slow readers. Each ends one connection at most; the others go on.

import test from 'ava';
import { nothingHeld, settled } from './held.ts';
import { Probe } from './services/contracts.ts';
import { type Spine, startSpine } from './spine.ts';
import { http, rawHttp, requestFrame, Wire } from './wire.ts';

const probe = { service: 'test.Probe' };

/** A listener of each protocol with these bounds. */
function bounded(bounds: string): Promise<Spine> {
  return startSpine(`
io: { threads: 1 }
services:
  test.Probe:
    module: ./probe.ts
    pool: { threads: 1 }
    listen:
      - { address: "heddle://127.0.0.1:0", ${bounds} }
      - { address: "http://127.0.0.1:0", ${bounds} }
`);
}

test.serial(
  'a frame over the limit is refused by its prefix, skipped, and the connection goes on; http answers 413',
  async (t) => {
    await using spine = await bounded('frame: 2KiB');
    using wire = await Wire.to(spine.address('heddle'));
    const fits = 2048 - 40 - 'test.Proberaw'.length;
    const over = requestFrame(2, 'raw', Buffer.alloc(5000), probe);
    wire.send(requestFrame(1, 'raw', Buffer.alloc(fits), probe), over.subarray(0, 12));
    const early = (await wire.take(2)).sort((one, other) => one.id - other.id);
    t.is(early[0]!.body.length, fits);
    t.deepEqual([early[1]!.id, early[1]!.code, early[1]!.retry], [2, 'RESOURCE_EXHAUSTED', 0]);
    wire.send(over.subarray(12), requestFrame(3, 'raw', Buffer.alloc(5), probe));
    t.is((await wire.one()).body.length, 5);
    const address = spine.address('http');
    t.is((await http(address, 'POST', '/test.Probe/raw', { body: Buffer.alloc(2048) })).status, 200);
    t.is((await http(address, 'POST', '/test.Probe/raw', { body: Buffer.alloc(2049) })).status, 413);
  },
);

test.serial('silence ends a connection: before the first frame, within one, and between two', async (t) => {
  await using spine = await bounded('connectTimeout: 500ms, readTimeout: 600ms, idleTimeout: 700ms');
  const [heddle, web] = [spine.address('heddle'), spine.address('http')];
  const frame = requestFrame(1, 'sum', { values: [1] }, probe);

  const silent = await Wire.to(heddle);
  const started = await Wire.to(heddle);
  started.send(frame, frame.subarray(0, 20));
  const idle = await Wire.to(heddle);
  idle.send(frame);
  await Promise.all([silent.closed, started.closed, idle.closed]);
  const said = (wire: Wire) => wire.answers.map(({ is, code, final }) => [is, code, final]);
  t.deepEqual(said(silent), [['goaway', 'DEADLINE_EXCEEDED', false]]);
  t.deepEqual(said(started), [
    ['reply', '', false],
    ['goaway', 'DEADLINE_EXCEEDED', false],
  ]);
  t.deepEqual(said(idle), [
    ['reply', '', false],
    ['goaway', '', true],
  ]);

  t.is(await rawHttp(web, ''), '');
  t.regex(await rawHttp(web, 'POST /test.Probe/sum HTTP/1.1\r\nhost: x\r\ncontent-le'), /^HTTP\/1\.1 408 /);
  const kept = await rawHttp(web, 'GET /test.Probe/sum?values=1 HTTP/1.1\r\nhost: x\r\n\r\n');
  t.regex(kept, /^HTTP\/1\.1 200 .*"total":1/s);
  // The acceptor hears of it by a message.
  while (spine.server.acceptor.ledger.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
});

test.serial('a reader that takes nothing is cut off in time; its neighbour notices nothing', async (t) => {
  await using spine = await bounded('writeBuffer: 64KiB, writeTimeout: 300ms');
  const neighbour = spine.client(Probe);
  const stuck = async (replies: number, replyBytes: number): Promise<void> => {
    const wire = await Wire.to(spine.address('heddle'));
    wire.socket.pause();
    const body = Buffer.from(`${replyBytes}`);
    wire.send(...Array.from({ length: replies }, (_, id) => requestFrame(id, 'fill', body, probe)));
    // A paused socket does not see the end: writing into it does.
    while (spine.server.acceptor.ledger.size > 1) {
      t.deepEqual(await neighbour.sum({ values: [1] }), { total: 1, unit: 'none' });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    wire.socket.destroy();
  };
  await neighbour.sum({ values: [] });
  // Many replies, far over the bound; then one that is more than the kernels hold.
  await stuck(300, 100_000);
  const startMs = performance.now();
  await stuck(1, 40_000_000);
  t.true(performance.now() - startMs >= 250);
  t.deepEqual(await settled(spine.server), nothingHeld);
});
