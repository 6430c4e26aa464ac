// "When it cannot", stage by stage: the right column of the table in the design. (Stage 6, the full run queue, stands in
// head-of-line.test.ts; the end of a connection in limits.test.ts.)

import { mkdtempSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { event, newKey, unawaited } from './events.ts';
import { nothingHeld, settled } from './held.ts';
import { rejection } from './rejection.ts';
import { Probe } from './services/contracts.ts';
import { startSpine } from './spine.ts';
import { http, rawHttp, requestFrame, Wire } from './wire.ts';

const both = 'listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"]';

/** A raw connection from a given address of this machine. */
function open(address: string, from: string): Promise<Socket> {
  const [host, port] = address.split(':');
  const socket = connect({ host: host!, port: Number(port), localAddress: from });
  socket.on('error', () => {});
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(socket));
    socket.once('close', () => resolve(socket));
  });
}

function closed(socket: Socket): Promise<void> {
  socket.resume();
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}

test.serial(
  '1 Acceptor: over a limit a connection is closed at once and counted; one that ended makes room',
  async (t) => {
    await using spine = await startSpine(`
io: { threads: 1 }
limits: { connections: 4, connectionsPerIp: 2, allow: [127.0.0.0/8], deny: [127.0.0.9] }
services:
  test.Probe:
    module: ./probe.ts
    pool: io
    listen: [{ address: "heddle://127.0.0.1:0", maxConnections: 1 }, "http://127.0.0.1:0"]
`);
    const { acceptor } = spine.server;
    const [heddle, web] = [spine.address('heddle'), spine.address('http')];
    await closed(await open(web, '127.0.0.9'));
    t.deepEqual(acceptor.refused, { denied: 1 });
    const first = await Wire.to(heddle);
    first.send(requestFrame(1, 'sum', { values: [1] }, { service: 'test.Probe' }));
    t.is((await first.one()).is, 'reply');
    await closed(await open(heddle, '127.0.0.1'));
    t.deepEqual(acceptor.refused, { denied: 1, 'max-connections-of-listener': 1 });
    const second = await open(web, '127.0.0.1');
    await closed(await open(web, '127.0.0.1'));
    t.is(acceptor.refused['max-connections-per-ip'], 1);
    const others = [await open(web, '127.0.0.2'), await open(web, '127.0.0.2')];
    await closed(await open(web, '127.0.0.3'));
    t.is(acceptor.refused['max-connections'], 1);
    t.is(acceptor.ledger.size, 4);
    first.socket.end();
    await first.closed;
    while (acceptor.ledger.size > 3) await new Promise((resolve) => setTimeout(resolve, 5));
    using again = await Wire.to(heddle);
    again.send(requestFrame(1, 'sum', { values: [1] }, { service: 'test.Probe' }));
    t.is((await again.one()).is, 'reply');
    for (const socket of [second, ...others]) socket.destroy();
  },
);

test.serial('2 to 5, 7 and 10: each refusal is answered where it is found', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-spine-'));
  const file = join(folder, 'log');
  const spine = await startSpine(`
io: { threads: 1 }
limits: { requests: 3 }
pools: { one: { threads: 1 } }
log: { level: debug, file: ${file} }
services:
  test.Work: { module: ./work.ts, pool: one, ${both} }
  test.Probe: { module: ./probe.ts, pool: one, ${both} }
`);
  try {
    const [heddle, web] = [spine.address('heddle'), spine.address('http')];

    // 2 Transport: malformed.
    const broken = await Wire.to(heddle);
    broken.send(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    const [said] = await broken.take(1);
    t.deepEqual([said!.is, said!.code], ['goaway', 'INVALID_ARGUMENT']);
    await broken.closed;
    t.deepEqual(broken.answers, []);
    const noHttp = await rawHttp(web, '\x16\x03\x01\x02\x00');
    t.regex(noHttp, /^HTTP\/1\.1 400 .*connection: close.*"INVALID_ARGUMENT"/is);

    // 3 Protocol: a bad head; the connection goes on.
    using wire = await Wire.to(heddle);
    wire.send(
      requestFrame(1, 'sum', { values: [] }, { service: 'test.Probe', head: { priority: 3 } }),
      requestFrame(2, 'sum', { values: [1, 2] }, { service: 'test.Probe' }),
    );
    t.deepEqual(
      (await wire.take(2)).map(({ id, code }) => [id, code]),
      [
        [1, 'INVALID_ARGUMENT'],
        [2, ''],
      ],
    );
    const badTimeout = await http(web, 'POST', '/test.Probe/sum', { body: {}, headers: { 'heddle-timeout': 'soon' } });
    t.is(badTimeout.status, 400);

    // 4 Router, and 3, while the only CPU thread is held: IO threads answer these by themselves.
    const key = newKey();
    const startMs = performance.now();
    wire.send(requestFrame(1, 'busy', { ms: 1200, key }));
    await event(key, 'busy');
    wire.send(requestFrame(2, 'nothing', {}), requestFrame(3, 'greet', {}, { service: 'test.Nobody' }));
    t.deepEqual(
      (await wire.take(2)).map(({ code }) => code),
      ['NOT_FOUND', 'NOT_FOUND'],
    );
    t.is((await http(web, 'POST', '/test.Work/nothing', { body: {} })).status, 404);

    // 7 Scheduler: what is late when its turn comes is answered without running.
    const late = newKey();
    wire.send(requestFrame(4, 'sleep', { key: late, ms: 1 }, { budgetUs: 30_000 }));
    const tooLate = await wire.one();
    t.deepEqual([tooLate.id, tooLate.code], [4, 'DEADLINE_EXCEEDED']);

    // 5 Admission: limits.requests counts what waits and what runs, of all connections and protocols.
    wire.send(
      requestFrame(5, 'self', { depth: 0 }),
      requestFrame(6, 'self', { depth: 0 }),
      requestFrame(7, 'self', { depth: 0 }),
    );
    const full = await wire.one();
    t.deepEqual([full.id, full.code, full.retry], [7, 'RESOURCE_EXHAUSTED', 2]);
    t.regex(full.body.toString(), /limits\.requests/);
    t.is((await http(web, 'POST', '/test.Work/self', { body: { depth: 0 } })).status, 429);
    // Also one that asks for no answer is told that it was not taken.
    t.is((await http(web, 'POST', '/test.Probe/note', { body: { key: late } })).status, 429);
    t.true(performance.now() - startMs < 1200, `all of that took ${performance.now() - startMs} ms`);
    t.deepEqual(
      (await wire.take(3)).map(({ id }) => id),
      [1, 5, 6],
    );
    t.deepEqual(unawaited(late), []);

    // 10 Protocol: the peer is gone; its reply is released and counted.
    const gone = newKey();
    const leaver = await Wire.to(heddle);
    leaver.send(requestFrame(1, 'stubborn', { key: gone, ms: 50 }));
    await event(gone, 'started');
    leaver.socket.resetAndDestroy();
    await event(gone, 'returned');
    t.deepEqual(await settled(spine.server), nothingHeld);
  } finally {
    await spine[Symbol.asyncDispose]();
  }
  const log = readFileSync(file, 'utf8');
  const counts: Record<string, number> = {};
  for (const line of log.trim().split('\n')) {
    const { events = {} } = JSON.parse(line) as { events?: Record<string, number> };
    for (const [name, count] of Object.entries(events)) counts[name] = (counts[name] ?? 0) + count;
  }
  t.is(counts['peer-gone'], 1, JSON.stringify(counts));
  t.true(counts.malformed! >= 2);
});

test.serial('8: what a handler throws reaches the log and not the caller', async (t) => {
  const file = join(mkdtempSync(join(tmpdir(), 'heddle-spine-')), 'log');
  const spine = await startSpine(`
log: { level: info, file: ${file} }
services:
  test.Probe: { module: ./probe.ts, pool: { threads: 1 }, ${both} }
`);
  const error = await rejection(spine.client(Probe).fail({ how: 'error' }));
  const web = await http(spine.address('http'), 'POST', '/test.Probe/fail', { body: { how: 'late-error' } });
  await spine[Symbol.asyncDispose]();
  t.is(error.code, 'INTERNAL');
  t.is(web.status, 500);
  t.notRegex(error.message + web.body.toString() + JSON.stringify(web.headers), /secret|probe\.ts/);
  const log = readFileSync(file, 'utf8');
  t.true(log.split('a secret message').length > 2);
  t.regex(log, /probe\.ts/);
});
