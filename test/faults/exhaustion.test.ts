// What runs out in the machine under a service: files for new connections, the one IO thread, the disk under its log.
// The service says so, goes on with what it has, and takes up the rest again by itself.

import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { connect as openConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { connect } from '../../net/client/connect.ts';
import { type Child, startChild } from './child.ts';
import { cpuSeconds } from './proc.ts';
import { comesToRest, eager, eventually, goingThreads, startRig } from './rig.ts';
import { Work } from './services/contracts.ts';
import { Hog } from './services/hog.ts';

const services = `
io: { threads: 1 }
pools: { work: { threads: 1 }, hog: { threads: 1 } }
services:
  faults.Work: { module: ./work.ts, pool: work, listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"] }
  faults.Hog: { module: ./hog.ts, pool: hog, listen: ["heddle://127.0.0.1:0"] }
`;

/** Each says how the attempt ended. */
type Attempt = 'taken' | 'refused' | 'closed' | 'ignored';

/** One connection, and what becomes of it within a moment. */
function attempt(port: number): Promise<Attempt> {
  return new Promise((resolve) => {
    const socket = openConnection({ port, host: '127.0.0.1' });
    let connected = false;
    socket.on('connect', () => {
      connected = true;
      socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    });
    socket.on('data', () => {
      resolve('taken');
      socket.destroy();
    });
    socket.setTimeout(10_000, () => {
      resolve('ignored');
      socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(connected ? 'closed' : 'refused'));
  });
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

interface LogLine {
  msg: string;
  component: string;
  refused?: Record<string, number>;
  paused?: number;
  resumed?: number;
}

function logLines(child: Child, component: string): LogLine[] {
  const lines = child.lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogLine);
  return lines.filter((line) => line.component === component);
}

test.serial(
  'a handler that takes every file stops new connections alone, costs no processor time, and all comes back',
  async (t) => {
    await using child = await startChild(`log: { level: warn }\n${services}`, 'ulimit -n 220;');
    const port = child.port('http');
    const pid = child.process.pid!;
    const target = `heddle://127.0.0.1:${child.port('heddle')}`;
    await using work = connect(Work, { target });
    await using hog = connect(Hog, { target });
    t.is((await work.echo({ id: 1, text: 'before' })).text, 'before');
    t.is(await attempt(port), 'taken');

    // All but a few: those are not for connections.
    await hog.takeFiles({ ms: 0, leave: 10 });
    await eventually('refusals', () =>
      logLines(child, 'acceptor').some(({ msg }) => msg.startsWith('nearly all files')),
    );
    t.is(await attempt(port), 'closed');
    await eventually('they are counted', () =>
      logLines(child, 'acceptor').some(({ refused }) => refused !== undefined && refused['open-files']! > 0),
    );

    // All, also the one that libuv keeps to refuse with: it lets go of it when a connection comes.
    const taking = hog.takeFiles({ ms: 1_500, leave: 0 });
    let isTaking = true;
    void taking.then(() => {
      isTaking = false;
    });
    const attempts: Promise<Attempt>[] = [];
    while (isTaking) {
      attempts.push(attempt(port));
      await later(20);
    }
    await taking;
    t.is((await work.echo({ id: 2, text: 'during' })).text, 'during');
    await eventually('the listeners are closed', () =>
      logLines(child, 'acceptor').some(({ msg }) => msg.startsWith('not one more file')),
    );
    const cpuBefore = cpuSeconds(pid);
    const beganMs = performance.now();
    while (performance.now() - beganMs < 1_000) {
      t.is(await attempt(port), 'refused');
      t.is((await work.echo({ id: 3, text: 'still' })).text, 'still');
      await later(20);
    }
    const cpu = cpuSeconds(pid) - cpuBefore;
    t.true(cpu < 0.5, `${cpu} s of processor time in one second without a file`);
    const during = await Promise.all(attempts);
    t.false(during.includes('taken'));

    await hog.giveFiles({});
    await eventually('there is room', () => logLines(child, 'acceptor').some(({ resumed }) => resumed === 1));
    // The line is written before the port is open again.
    let last: Attempt = 'refused';
    for (let tries = 0; last !== 'taken' && tries < 500; tries++) {
      last = await attempt(port);
      if (last !== 'taken') await later(10);
    }
    t.is(last, 'taken');
    await using late = connect(Work, { target });
    t.is((await late.echo({ id: 4, text: 'late' })).text, 'late');
    const told = logLines(child, 'acceptor');
    t.like(told.at(-1), { paused: 1, resumed: 1 });
    t.true(told.length < 20, `${told.length} lines`);
  },
);

test.serial('connections that come while the only IO thread is replaced are served by the next one', async (t) => {
  await using rig = await startRig(services, { restart: eager });
  const { server } = rig;
  const port = rig.port('http');
  for (let death = 1; death <= 3; death++) {
    const [victim] = goingThreads(server.ioPool);
    void victim!.worker!.terminate();
    await eventually('it is dead', () => server.ioPool.size === 0);
    const attempts = Array.from({ length: 30 }, () => attempt(port));
    await eventually('they wait', () => server.acceptor.waiting > 0);
    const left = openConnection({ port, host: '127.0.0.1' }).on('error', () => {});
    left.on('connect', () => left.resetAndDestroy());
    t.deepEqual(new Set(await Promise.all(attempts)), new Set(['taken']));
    await eventually('all are forgotten', () => server.stats().connections === 0);
  }
  t.deepEqual(server.acceptor.refused, {});
  t.true(server.acceptor.counts.waited >= 90);
  t.is(server.acceptor.waiting, 0);
  await comesToRest(t, server);
});

test.serial('a stop while connections wait for an IO thread ends them, and is not held up', async (t) => {
  const rig = await startRig(services, { restart: eager });
  const { server } = rig;
  const [victim] = goingThreads(server.ioPool);
  void victim!.worker!.terminate();
  await eventually('it is dead', () => server.ioPool.size === 0);
  const waiting: Socket[] = Array.from({ length: 10 }, () =>
    openConnection({ port: rig.port('http'), host: '127.0.0.1' })
      .on('error', () => {})
      .resume(),
  );
  await eventually('some wait', () => server.acceptor.waiting > 0);
  const beganMs = performance.now();
  await rig[Symbol.asyncDispose]();
  t.true(performance.now() - beganMs < 4_000);
  t.is(server.acceptor.waiting, 0);
  t.is(server.stats().connections, 0);
  await eventually('their peers know', () => waiting.every((socket) => socket.closed));
});

test.serial(
  'a full disk under the log costs log lines, is told on standard error, and ends when there is room',
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'heddle-full-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'heddle.log');
    // In blocks of 512 bytes: to a file over it nothing can be written, as if its disk were full. More than a ring
    // holds, so that what waits there has room at once.
    await using child = await startChild(`log: { level: warn, file: ${file} }\n${services}`, 'ulimit -f 8192;');
    const target = `heddle://127.0.0.1:${child.port('heddle')}`;
    await using work = connect(Work, { target });
    await using hog = connect(Hog, { target });
    const complaints = () => child.lines.filter((line) => line.includes('log lines are being lost'));
    for (let round = 0; round < 60; round++) {
      await hog.writeLog({ lines: 100, text: 'x'.repeat(1_000) });
      t.is((await work.echo({ id: round, text: 'fine' })).text, 'fine');
    }
    await eventually('a complaint', () => complaints().length > 0);
    t.true(readFileSync(file).length <= 4_194_304);

    truncateSync(file, 0);
    const isWritten = () => readFileSync(file, 'utf8').includes('there is room');
    for (let tries = 0; !isWritten() && tries < 1_000; tries++) {
      await hog.writeLog({ lines: 1, text: 'there is room' });
      await later(5);
    }
    t.true(isWritten());
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    const written = lines
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { msg: string; lost?: number });
    const lost = written.find((line) => line.lost !== undefined);
    t.regex(lost!.msg, /log lines lost: the log's destination failed/);
    t.true(lost!.lost! > 0, `${lost!.lost} lost of 6000`);
    t.is(complaints().length, 1, 'once a minute at most');
    t.is((await work.echo({ id: 99, text: 'fine' })).text, 'fine');
  },
);

test.serial('a disk that is still full does not hold up the end', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-full-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'heddle.log');
  await using child = await startChild(`log: { level: info, file: ${file} }\n${services}`, 'ulimit -f 1;');
  await using hog = connect(Hog, { target: `heddle://127.0.0.1:${child.port('heddle')}` });
  await hog.writeLog({ lines: 500, text: 'more than there is room for' });
  await hog[Symbol.asyncDispose]();
  const beganMs = performance.now();
  child.process.kill('SIGTERM');
  t.is(await child.ended, 0);
  t.true(performance.now() - beganMs < 10_000);
});
