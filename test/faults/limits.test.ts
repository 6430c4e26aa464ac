// What peers and the machine can take away: files, connections, memory. The server refuses what it can't have, serves
// the rest, and goes on as before when it is given back.

import { readFileSync } from 'node:fs';
import { connect as connectSocket, type Socket } from 'node:net';
import test from 'ava';
import { connect } from '../../net/client/connect.ts';
import * as encode from '../../net/protocol/heddle/encode.ts';
import { emptyCallHead } from '../../runtime/call.ts';
import { seededRandom } from '../../runtime/clock.ts';
import { startChild } from './child.ts';
import { comesToRest, eventually, startRig } from './rig.ts';
import { isTagged, taggedBytes, Work } from './services/contracts.ts';

const seed = Number(process.env.HEDDLE_SEED ?? Date.now() % 1_000_000);

const services = `
io: { threads: 1 }
pools: { work: { threads: 1 } }
services:
  faults.Work: { module: ./work.ts, pool: work, listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"] }
`;

/** Requests of 100 kB that a peer sends whose answers it does not read. */
const requestsUnread = 400;
/** What the IO thread may hold for them in its own memory and in shared memory; and what the handlers leave to V8. */
const [ioMebibytes, arenaMebibytes, garbageMebibytes] = [128, 64, 128];

/** Sockets to one port, and which of them the server has closed. */
class Crowd {
  readonly sockets: Socket[];
  connected = 0;
  closed = 0;

  constructor(port: number, size: number, onConnect: (socket: Socket) => void = () => {}) {
    this.sockets = Array.from({ length: size }, () => {
      const socket = connectSocket({ port, host: '127.0.0.1' });
      socket.on('connect', () => {
        this.connected++;
        onConnect(socket);
      });
      socket.on('error', () => {});
      socket.on('close', () => {
        this.closed++;
      });
      return socket;
    });
  }

  get open(): number {
    return this.connected - this.closed;
  }

  leave(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

/** Memory of a process that lies in RAM, MiB. */
function residentMebibytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))![1]) / 1024;
}

/** Processor time of a process so far, s. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

test.serial(
  'a process that runs out of files serves those it has, idles, and accepts again when files are free',
  async (t) => {
    await using child = await startChild(services, 'ulimit -n 128;');
    const port = child.port('heddle');
    const pid = child.process.pid!;
    await using early = connect(Work, { target: `heddle://127.0.0.1:${port}` });
    t.is((await early.echo({ id: 1, text: 'early' })).text, 'early');
    const crowd = new Crowd(port, 200);
    await eventually('some are kept, the others closed', () => crowd.connected === 200 && crowd.closed > 50);
    t.true(crowd.open > 10, `${crowd.open} kept`);
    t.is((await early.echo({ id: 2, text: 'still' })).text, 'still');
    const cpuBefore = cpuSeconds(pid);
    await later(1_000);
    const cpu = cpuSeconds(pid) - cpuBefore;
    t.true(cpu < 0.3, `${cpu} s of processor time in one second of starvation`);
    t.is((await early.echo({ id: 3, text: 'still' })).text, 'still');
    crowd.leave();
    await using late = connect(Work, { target: `heddle://127.0.0.1:${port}`, backoffMaxMs: 50 });
    // The first tries may still meet a process without a file to spare.
    let answer: string | undefined;
    for (let tries = 0; answer === undefined && tries < 500; tries++) {
      answer = await late.echo({ id: 4, text: 'late' }).then(
        ({ text }) => text,
        () => undefined,
      );
      if (answer === undefined) await later(10);
    }
    t.is(answer, 'late');
    const http = await fetch(`http://127.0.0.1:${child.port('http')}/healthz`);
    t.is(await http.text(), 'ok\n');
  },
);

test.serial(
  'connections over the limit are closed at once and counted, and those within it know nothing of it',
  async (t) => {
    await using rig = await startRig(`limits: { connections: 20 }\n${services}`);
    const { server } = rig;
    const client = rig.client(Work);
    t.is((await client.echo({ id: 1, text: 'before' })).text, 'before');
    const crowd = new Crowd(rig.port('http'), 100);
    await eventually('81 closed', () => crowd.connected === 100 && crowd.closed === 81);
    t.is(crowd.open, 19);
    t.is(server.stats().connections, 20);
    t.deepEqual(server.acceptor.refused, { 'max-connections': 81 });
    t.is((await client.echo({ id: 2, text: 'during' })).text, 'during');
    crowd.leave();
    await eventually('they are forgotten', () => server.stats().connections === 1);
    const again = new Crowd(rig.port('http'), 19);
    await eventually('as many as before', () => server.stats().connections === 20);
    again.leave();
    await eventually('they are forgotten too', () => server.stats().connections === 1);
    await comesToRest(t, server);
  },
);

test.serial('garbage on either port costs only its own connection', async (t) => {
  t.log(`HEDDLE_SEED=${seed}`);
  const random = seededRandom(seed);
  await using rig = await startRig(services);
  const { server } = rig;
  const client = rig.client(Work);
  t.is((await client.echo({ id: 1, text: 'before' })).text, 'before');
  const crowds = (['heddle', 'http'] as const).map(
    (protocol) =>
      new Crowd(rig.port(protocol), 100, (socket) => {
        const bytes = Buffer.from(Array.from({ length: 1 + Math.floor(random() * 3_000) }, () => random() * 256));
        // Half of them begin as a frame does.
        if (random() < 0.5) bytes.set([0xed, 1, 1 + Math.floor(random() * 8), 0].slice(0, bytes.length));
        socket.end(bytes);
        socket.resume();
      }),
  );
  let good = 0;
  while (crowds.some(({ closed }) => closed < 100)) {
    t.is((await client.echo({ id: good, text: 'during' })).id, good);
    good++;
  }
  t.true(good > 0);
  await eventually('all are forgotten', () => server.stats().connections === 1);
  t.is(server.ioPool.restarts + rig.pool('work').restarts, 0);
  await comesToRest(t, server);
});

test.serial('a hundred peers that promise ten megabytes each and send drop by drop hold little memory', async (t) => {
  await using child = await startChild(services);
  const pid = child.process.pid!;
  await using client = connect(Work, { target: `heddle://127.0.0.1:${child.port('heddle')}` });
  for (let id = 0; id < 200; id++) await client.raw(taggedBytes(id, 10_000));
  const before = residentMebibytes(pid);
  const head = { ...emptyCallHead(), source: Buffer.alloc(9_990_000), bodyEnd: 9_990_000 };
  const route = encode.encodeRoute('faults.Work', 'raw');
  const frame = Buffer.alloc(encode.requestFrameBytes(route, head));
  encode.encodeRequest(frame, 0, 7, route, head, 0);
  const httpHead =
    'POST /faults.Work/raw HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: 9990000\r\n\r\n';
  const crowds = [
    new Crowd(child.port('heddle'), 50, (socket) => socket.write(frame.subarray(0, 200))),
    new Crowd(child.port('http'), 50, (socket) => socket.write(httpHead)),
  ];
  await eventually('all connected', () => crowds.every(({ connected }) => connected === 50));
  for (let drop = 0; drop < 20; drop++) {
    for (const { sockets } of crowds) for (const socket of sockets) socket.write('x');
    t.true(isTagged(await client.raw(taggedBytes(drop, 10_000)), drop, 10_000));
    await later(50);
  }
  const grown = residentMebibytes(pid) - before;
  t.log(`grown by ${grown.toFixed(0)} MiB`);
  t.true(grown < 100, `${grown} MiB`);
  t.is(crowds[0]!.open + crowds[1]!.open, 100);
  for (const crowd of crowds) crowd.leave();
});

test.serial('readers that stop reading are cut off, and hold little memory until then', async (t) => {
  await using child = await startChild(
    services
      .replace('io: { threads: 1 }', `io: { threads: 1, memory: ${ioMebibytes}MiB }`)
      .replaceAll(/"(heddle|http):\/\/127.0.0.1:0"/g, '{ address: "$1://127.0.0.1:0", writeTimeout: 1s }'),
  );
  const pid = child.process.pid!;
  await using client = connect(Work, { target: `heddle://127.0.0.1:${child.port('heddle')}` });
  for (let id = 0; id < 200; id++) await client.raw(taggedBytes(id, 10_000));
  const before = residentMebibytes(pid);
  const body = taggedBytes(1, 100_000);
  const head = { ...emptyCallHead(), source: body, bodyEnd: body.length };
  const route = encode.encodeRoute('faults.Work', 'raw');
  // More than both kernels' buffers hold.
  const frames = Array.from({ length: requestsUnread }, (_, id) => {
    const frame = Buffer.alloc(encode.requestFrameBytes(route, head));
    encode.encodeRequest(frame, 0, id, route, head, 0);
    return frame;
  });
  const httpRequest = Buffer.concat([
    Buffer.from(
      'POST /faults.Work/raw HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: 100000\r\n\r\n',
    ),
    body,
  ]);
  const crowds = [
    new Crowd(child.port('heddle'), 20, (socket) => {
      socket.pause();
      for (const frame of frames) socket.write(frame);
    }),
    new Crowd(child.port('http'), 20, (socket) => {
      socket.pause();
      for (let count = 0; count < requestsUnread; count++) socket.write(httpRequest);
    }),
  ];
  let peak = 0;
  let good = 0;
  const isCut = (socket: Socket) => socket.destroyed || socket.errored !== null || !socket.writable;
  const endMs = performance.now() + 30_000;
  while (crowds.some(({ sockets }) => !sockets.every(isCut)) && performance.now() < endMs) {
    // Where the greedy have all shared memory for a moment, it is refused, and may come again.
    const reply = await client.raw(taggedBytes(good, 10_000)).catch((error: unknown) => {
      t.like(error, { code: 'RESOURCE_EXHAUSTED', retry: 'yes' });
    });
    if (reply !== undefined) t.true(isTagged(reply, good++, 10_000));
    peak = Math.max(peak, residentMebibytes(pid) - before);
    await later(5);
  }
  t.log(`grown by ${peak.toFixed(0)} MiB at most, ${good} calls of others meanwhile`);
  t.true(peak < ioMebibytes + arenaMebibytes + garbageMebibytes, `${peak} MiB`);
  t.true(good > 0);
  t.deepEqual(
    crowds.map(({ sockets }) => sockets.filter(isCut).length),
    [20, 20],
  );
  for (const crowd of crowds) crowd.leave();
});
