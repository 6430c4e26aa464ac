// The soak: requests of all kinds over many connections, each answer held against its request; then memory has not grown
// and nothing is held for anybody.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { connect } from '../../net/client/connect.ts';
import { seededRandom } from '../../runtime/clock.ts';
import { HeddleError } from '../../runtime/errors.ts';
import { countsTo } from '../faults/rig.ts';
import { Inline, isTagged, Side, sumOf, taggedBytes, Work } from '../faults/services/contracts.ts';
import { HttpCaller } from './http-caller.ts';
import type { SoakReport } from './soak-server.ts';

/** CI runs the suite on two lines of Node: a million in all, each half with another seed. */
const requests = Number(process.env.HEDDLE_SOAK_REQUESTS ?? 500_000);
const seed = Number(process.env.HEDDLE_SEED ?? Date.now() % 1_000_000);
/** Memory is measured after this share and at the end. */
const firstShare = 0.2;
const growthMax = 1.05;
/** Connections: 24 to each pool's service by heddle, 16 by http. Calls at once on each heddle connection. */
const heddleConnections = 24;
const httpConnections = 16;
const callsPerConnection = 4;

type Outcome = 'good' | 'cancelled' | 'late' | 'wrong';

test.serial(`${requests} requests leave no trace`, async (t) => {
  t.timeout(120_000);
  t.log(`HEDDLE_SEED=${seed}`);
  const random = seededRandom(seed);
  const server = fork(fileURLToPath(new URL('./soak-server.ts', import.meta.url)), {
    execArgv: ['--disable-warning=ExperimentalWarning', '--expose-gc'],
  });
  t.teardown(() => server.kill('SIGKILL'));
  await once(server, 'message');
  const atStart = await ask(server);
  const target = `heddle://127.0.0.1:${atStart.heddlePort}`;
  const options = { target, connections: heddleConnections };
  const services = [
    connect(Work, options),
    connect(Side, options),
    connect(Inline, { target, connections: 2 }),
  ] as const;
  const http = Array.from({ length: httpConnections }, () => new HttpCaller(atStart.httpPort));
  const outcomes: Record<Outcome, number> = { good: 0, cancelled: 0, late: 0, wrong: 0 };
  const failures = new Map<string, number>();
  let nextId = 1;
  let judged = 0;

  async function judge(call: Promise<boolean>): Promise<void> {
    try {
      const good = await call;
      outcomes[good ? 'good' : 'wrong']++;
    } catch (reason) {
      const { code, message } = HeddleError.from(reason, String(reason));
      if (code === 'CANCELLED') outcomes.cancelled++;
      else if (code === 'DEADLINE_EXCEEDED') outcomes.late++;
      else failures.set(`${code} ${message}`, (failures.get(`${code} ${message}`) ?? 0) + 1);
    }
    judged++;
  }

  /** One call of a random kind; one in ten is cancelled or has too little time. */
  async function callOnce(id: number): Promise<boolean> {
    const pick = random();
    const service = services[pick < 0.55 ? 0 : pick < 0.95 ? 1 : 2]!;
    const fate = random();
    if (fate < 0.05) {
      const abort = new AbortController();
      const call = service.echo({ id, text: 'cancelled', sleepMs: 5 }, { signal: abort.signal });
      setImmediate(() => abort.abort());
      return (await call).id === id;
    }
    if (fate < 0.1) return (await service.echo({ id, text: 'late', sleepMs: 20 }, { timeoutMs: 2 })).id === id;
    const kind = random();
    if (kind < 0.6) {
      const reply = await service.echo({ id, text: `echo ${id}` });
      return reply.id === id && reply.text === `echo ${id}`;
    }
    if (kind < 0.8) {
      const text = `${id} `.repeat(1 + (id % 40));
      const reply = await service.mirror({ id, text });
      return reply.id === id && reply.sum === sumOf(text);
    }
    const length = kind < 0.999 ? 8 + (id % 2_000) : 8 + (id % 300_000);
    return isTagged(await service.raw(taggedBytes(id, length)), id, length);
  }

  async function callHttp(caller: HttpCaller, id: number): Promise<boolean> {
    const path = id % 2 === 0 ? '/faults.Work/mirror' : '/faults.Side/mirror';
    const reply = JSON.parse(await caller.post(path, JSON.stringify({ id, text: `http ${id}` })));
    return reply.id === id && reply.sum === sumOf(`http ${id}`);
  }

  async function runUntil(lastId: number): Promise<void> {
    const heddle = Array.from({ length: 2 * heddleConnections * callsPerConnection }, async () => {
      while (nextId <= lastId) {
        const id = nextId++;
        await judge(callOnce(id));
      }
    });
    const overHttp = http.map(async (caller) => {
      while (nextId <= lastId) {
        const id = nextId++;
        await judge(callHttp(caller, id));
      }
    });
    await Promise.all([countsTo(t, lastId, 'answers', () => judged), ...heddle, ...overHttp]);
  }

  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  await runUntil(Math.round(requests * firstShare));
  const early = await ask(server);
  await runUntil(requests);
  const seconds = (performance.now() - startMs) / 1000;
  const late = await ask(server);
  const { user, system } = process.cpuUsage(startCpu);
  const serverUs = ((late.cpuSeconds - atStart.cpuSeconds) * 1e6) / requests;
  t.log(`${Math.round(requests / seconds)} requests/s; ${JSON.stringify(outcomes)}`);
  t.log(
    `processor time per request: server ${serverUs.toFixed(0)} µs, callers ${((user + system) / requests).toFixed(0)} µs`,
  );
  t.deepEqual([...failures], []);
  t.is(outcomes.wrong, 0);
  t.is(outcomes.good + outcomes.cancelled + outcomes.late, requests);
  t.true(outcomes.cancelled > requests * 0.02);
  t.true(outcomes.late > requests * 0.02);
  const growth = total(late) / total(early);
  t.log(`memory ${mebibytes(total(atStart))} at start, ${mebibytes(total(early))}, ${mebibytes(total(late))}`);
  t.log(`by thread ${late.usedBytes.map(([thread, bytes]) => `${thread}: ${mebibytes(bytes)}`).join(', ')}`);
  t.true(growth <= growthMax, `memory grew by ${growth.toFixed(3)}`);
  t.deepEqual(late.held, { blocks: 0, entries: 0, permits: 0, fibers: 0 });
  t.is(late.threadNumbers, atStart.threadNumbers);
  t.is(late.files, early.files);
  t.is(late.connections, 2 * heddleConnections + httpConnections + 2);
  await Promise.all(services.map((service) => service[Symbol.asyncDispose]()));
  for (const caller of http) caller.close();
  // libuv opens one file per thread with its first connection, so the start is no measure.
  const files = early.files - early.connections;
  t.is(await untilFiles(server, files), files);
  server.send('stop');
  t.deepEqual(await once(server, 'message'), [true, undefined]);
  t.deepEqual(await once(server, 'exit'), [0, null]);
});

async function ask(server: ChildProcess): Promise<SoakReport> {
  server.send('report');
  const [report] = await once(server, 'message');
  return report as SoakReport;
}

/** Sockets close in their own time: asks until all have, at most a hundred times. */
async function untilFiles(server: ChildProcess, files: number): Promise<number> {
  let report = await ask(server);
  for (let tries = 0; tries < 100 && report.files > files; tries++) report = await ask(server);
  return report.files;
}

function total(report: SoakReport): number {
  return report.usedBytes.reduce((sum, [, bytes]) => sum + bytes, 0);
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
