// libuv's thread pool is taken by handlers, once until the test lets go of it and once by everyday work: whatever Heddle
// does for others goes on, since none of it waits there.

import { execFileSync } from 'node:child_process';
import { constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Client, connect } from '../../net/client/connect.ts';
import { http } from '../spine/wire.ts';
import { LogLines } from './log-lines.ts';
import { comesToRest, eager, eventually, goingThreads, type Rig, startRig } from './rig.ts';
import { Front, Inline, Side, Work } from './services/contracts.ts';
import { Flood } from './services/flood.ts';

const behind = `
io: { threads: 1 }
pools: { work: { threads: 1 } }
services:
  faults.Work: { module: ./work.ts, pool: work, listen: ["heddle://127.0.0.1:0"] }
`;

/** Its relay calls faults.Work of another server, which it knows by a name. */
const flooded = (port: number, via: string, log = '') => `
io: { threads: 1 }
pools: { flood: { threads: 1 }, side: { threads: 1 }, front: { threads: 1 } }
admin: { address: "http://127.0.0.1:0" }
services:
  faults.Flood: { module: ./flood.ts, pool: flood, listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"] }
  faults.Side: { module: ./side.ts, pool: side, listen: ["heddle://127.0.0.1:0"] }
  faults.Inline: { module: ./inline.ts, pool: io, listen: ["heddle://127.0.0.1:0"] }
  faults.Front: { module: ./front.ts, pool: front, listen: ["heddle://127.0.0.1:0"] }
clients:
  faults.Work: { target: "heddle://localhost:${port}", via: ${via} }
${log}
`;

/** More than libuv's pool has threads, whatever UV_THREADPOOL_SIZE says here. */
const stuckJobs = 64;

/** A FIFO; who opens it to read waits until `release`. */
class Fifo implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'heddle-flood-'));
  readonly path = join(this.#folder, 'fifo');
  #writer: number | undefined;

  constructor() {
    execFileSync('mkfifo', [this.path]);
  }

  /** Opens it to write, which lets all go who wait, and all who come. */
  release(): void {
    this.#writer ??= openSync(this.path, constants.O_RDWR | constants.O_NONBLOCK);
  }

  /** The writer stays until the process ends: a job of libuv that has yet to open it must find one. */
  [Symbol.dispose](): void {
    this.release();
    rmSync(this.#folder, { recursive: true });
  }
}

for (const via of ['io', 'caller']) {
  test.serial(`with all of libuv's pool stuck, all that Heddle does goes on: outgoing calls via ${via}`, async (t) => {
    t.timeout(120_000);
    const log = new LogLines();
    await using there = await startRig(behind);
    await using rig = await startRig(flooded(there.port('heddle'), via, log.yaml), { restart: eager });
    // Ends before the servers: their threads could not, with jobs of libuv under way.
    using fifo = new Fifo();
    await rig.client(Flood).stick({ fifo: fifo.path, count: stuckJobs });
    let unstuck = false;
    const control = stat('.').then(() => {
      unstuck = true;
    });

    await everythingAnswers(t, rig, there.port('heddle'));
    // A new IO thread, then a new CPU thread: both load their modules, and connect by name.
    for (const pool of [rig.server.ioPool, rig.pool('front')]) {
      void goingThreads(pool)[0]!.worker!.terminate();
      await eventually('its death', () => pool.restarts === 1);
      await eventually('another', () => goingThreads(pool).length === 1);
      await everythingAnswers(t, rig, there.port('heddle'));
    }
    await using another = await startRig(behind);
    t.is((await another.client(Work).echo({ id: 7, text: 'started' })).id, 7);
    t.true(await another.server.stop(), 'a server stops');
    await eventually('log lines', () => log.find(/thread/));

    t.false(unstuck, 'and the pool was stuck all that time');
    fifo.release();
    await control;
    t.true((await rig.client(Flood).stat({})).ms >= 0);
    await comesToRest(t, rig.server);
  });
}

/** One call of each kind, over old connections and over new ones that begin with a name. */
async function everythingAnswers(t: ExecutionContext, rig: Rig, backPort: number): Promise<void> {
  const patience = { timeoutMs: 20_000 };
  t.is((await rig.client(Side, patience).echo({ id: 1, text: 'pool' })).id, 1);
  t.is((await rig.client(Inline, patience).echo({ id: 2, text: 'io' })).id, 2);
  t.is((await rig.client(Front, patience).relay({ id: 3, text: 'out' })).id, 3);
  const byName = connect(Work, { target: `heddle://localhost:${backPort}`, ...patience });
  t.is((await byName.echo({ id: 4, text: 'by name' })).id, 4);
  await byName.close();
  t.is((await http(`127.0.0.1:${rig.port('http')}`, 'GET', '/healthz')).status, 200);
  const admin = rig.server.admin!.address!.replace('http://', '');
  for (const path of ['/version', '/threads', '/pools', '/connections', '/fibers', '/metrics']) {
    t.is((await http(admin, 'GET', path)).status, 200, path);
  }
}

interface Latencies {
  medianMs: number;
  p99Ms: number;
}

test.serial("crypto, zlib and fs flood libuv's pool: others' latencies stay what they were", async (t) => {
  t.timeout(120_000);
  await using there = await startRig(behind);
  await using rig = await startRig(flooded(there.port('heddle'), 'io'));
  const [flood, side, inline, front] = [rig.client(Flood), rig.client(Side), rig.client(Inline), rig.client(Front)];
  const admin = rig.server.admin!.address!.replace('http://', '');
  const paths: Record<string, () => Promise<unknown>> = {
    'another pool': () => side.echo({ id: 1, text: 'side' }),
    'pool io': () => inline.echo({ id: 2, text: 'inline' }),
    'outgoing call': () => front.relay({ id: 3, text: 'relay' }),
    'new connection by name': () => callByName(there.port('heddle')),
    healthz: () => http(`127.0.0.1:${rig.port('http')}`, 'GET', '/healthz'),
    admin: () => http(admin, 'GET', '/version'),
  };
  // Once for the modules and connections that come with first calls.
  await measure(paths, (round) => round < 20);
  const before = await measure(paths, (round) => round < 60);

  let burnt = 0;
  const burning = flood.burn({ ms: 1_500, jobs: 160 }).then(({ done }) => {
    burnt = done;
  });
  // Behind the first jobs, and in the midst of them.
  const controls: number[] = [];
  const controlling = (async () => {
    for (let look = 0; look < 2; look++) controls.push((await flood.stat({})).ms);
  })();
  const during = await measure(paths, (round) => round < 5 || burnt === 0);
  await Promise.all([burning, controlling]);
  const waitMs = Math.max(...controls);
  t.log(`${burnt} jobs; an fs.stat took ${controls.map((ms) => ms.toFixed(0)).join(', ')} ms`);
  t.true(waitMs > 300, `the flood is real: an fs.stat takes ${waitMs} ms`);
  for (const path of Object.keys(paths)) {
    const [then, now] = [before[path]!, during[path]!];
    t.log(
      `${path}: median ${then.medianMs.toFixed(1)} -> ${now.medianMs.toFixed(1)} ms, p99 ${now.p99Ms.toFixed(1)} ms`,
    );
    // The flood takes cores as well, so there is a factor; what waits for libuv's pool waits as long as fs.stat.
    t.true(now.medianMs < waitMs / 4, `${path}: ${now.medianMs} ms`);
    t.true(now.medianMs < 40 * Math.max(then.medianMs, 2), `${path}: ${then.medianMs} -> ${now.medianMs} ms`);
    t.true(now.p99Ms < waitMs + then.p99Ms, `${path}: ${now.p99Ms} ms`);
  }
});

/** Calls all of them in turn, while `more`. */
async function measure(
  paths: Record<string, () => Promise<unknown>>,
  more: (round: number) => boolean,
): Promise<Record<string, Latencies>> {
  const found: Record<string, Latencies> = {};
  const times = new Map(Object.keys(paths).map((path) => [path, [] as number[]]));
  for (let round = 0; more(round); round++) {
    for (const [path, call] of Object.entries(paths)) {
      const startMs = performance.now();
      await call();
      times.get(path)!.push(performance.now() - startMs);
    }
  }
  for (const [path, all] of times) {
    all.sort((a, b) => a - b);
    found[path] = { medianMs: all[all.length >> 1]!, p99Ms: all[Math.floor(all.length * 0.99)]! };
  }
  return found;
}

async function callByName(port: number): Promise<void> {
  const client: Client<typeof Work> = connect(Work, { target: `heddle://localhost:${port}` });
  await client.echo({ id: 4, text: 'by name' });
  await client.close();
}
