// Ways of dying one by one: how soon a dead thread's callers know, heaps that fill, deaths while a server drains, and the
// calls to elsewhere that an IO thread takes along.

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { seededRandom } from '../../../runtime/clock.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import { allPools, comesToRest, eager, eventually, goingThreads, openFiles, startRig } from '../rig.ts';
import { Caller, Front, request, Side, Work } from './services/contracts.ts';
import { shareRecord } from './services/record.ts';
import {
  answersCome,
  costNow,
  costSince,
  filesBack,
  judge,
  oneAttempt,
  Reaper,
  seed,
  startStormLoad,
  stillAnswers,
} from './storm.ts';

const fibers = 16;

test.serial('the fibers of a thread that dies are answered within 100 ms', async (t) => {
  shareRecord(seed);
  await using rig = await startRig(
    `
io: { threads: 1 }
pools: { work: { threads: 1 }, side: { threads: 1 } }
services:
  deaths.Work: { module: ../deaths/services/plain-work.ts, pool: work, listen: ["heddle://127.0.0.1:0"] }
  deaths.Side: { module: ../deaths/services/side.ts, pool: side, listen: ["heddle://127.0.0.1:0"] }
`,
    { restart: eager },
  );
  const work = rig.client(Work, oneAttempt);
  const answeredMs: number[] = [];
  for (let kill = 0; kill < 9; kill++) {
    await eventually('a thread', () => rig.pool('work').size === 1);
    const calls = Array.from({ length: fibers }, (_, at) =>
      work.handle(request(fibers * kill + at, 100, { sleepMs: 60_000 })),
    );
    const outcomes = Promise.allSettled(calls);
    await eventually('its fibers', () => rig.server.stats().fibers === fibers);
    const startMs = performance.now();
    void goingThreads(rig.pool('work'))[0]!.worker!.terminate();
    for (const outcome of await outcomes) {
      const { code, retry } = HeddleError.from(outcome.status === 'rejected' ? outcome.reason : undefined);
      t.deepEqual({ code, retry }, { code: 'UNAVAILABLE', retry: 'if-idempotent' });
    }
    answeredMs.push(performance.now() - startMs);
  }
  t.log(answeredMs.map((ms) => `${ms.toFixed(1)} ms`).join(', '));
  const median = answeredMs.toSorted((one, other) => one - other)[answeredMs.length >> 1]!;
  t.true(median < 100, `median ${median} ms`);
  await comesToRest(t, rig.server);
});

test.serial('threads whose heaps fill step by step die alone', async (t) => {
  t.timeout(120_000);
  t.log(`HEDDLE_SEED=${seed}`);
  const random = seededRandom(seed);
  const record = shareRecord(seed);
  using reaper = new Reaper(record, random);
  await using rig = await startRig(
    `
io: { threads: 1 }
pools: { work: { threads: 3, memory: 16MiB }, side: { threads: 1 } }
services:
  deaths.Work: { module: ../deaths/services/plain-work.ts, pool: work, listen: ["heddle://127.0.0.1:0"] }
  deaths.Side: { module: ../deaths/services/side.ts, pool: side, listen: ["heddle://127.0.0.1:0"] }
`,
    { restart: eager },
  );
  const work = rig.client(Work, oneAttempt);
  const side = rig.client(Side, oneAttempt);
  const start = costNow();
  const load = startStormLoad({ name: 'work', callers: 4, firstId: 100, send: (body) => work.handle(body), random });
  const aside = startStormLoad({
    name: 'side',
    callers: 2,
    firstId: 1 << 20,
    send: (body) => side.handle(body),
    random,
  });
  for (let deaths = 0; deaths < 10; deaths++) {
    const doomed = work.handle(request((1 << 19) + deaths, 100, { doom: 'heap' }));
    await t.throwsAsync(doomed, { code: 'UNAVAILABLE' });
  }
  await answersCome(t, rig.server, [load, aside]);
  await load.load.stop();
  await aside.load.stop();
  judge(t, [load, aside], record);
  t.deepEqual([...aside.load.failures], []);
  await comesToRest(t, rig.server);
  t.true(reaper.exits >= 10);
  t.log(`${reaper.exits} deaths in ${costSince(start)}`);
});

test.serial('threads that die while the server drains cost their own requests, and the drain still ends', async (t) => {
  t.timeout(180_000);
  t.log(`HEDDLE_SEED=${seed}`);
  const random = seededRandom(seed + 1);
  const filesBefore = openFiles();
  let died = 0;
  for (let round = 0; round < 6; round++) {
    const record = shareRecord(seed + 1000 * round);
    using reaper = new Reaper(record, random);
    const rig = await startRig(
      `
io: { threads: 2 }
pools: { work: { threads: 2 }, front: { threads: 1 } }
stop: { timeout: 5s }
services:
  deaths.Work: { module: ../deaths/services/work.ts, pool: work, listen: ["heddle://127.0.0.1:0"] }
  deaths.Front: { module: ../deaths/services/front.ts, pool: front, listen: ["heddle://127.0.0.1:0"] }
  deaths.Inline: { module: ../deaths/services/inline.ts, pool: io, listen: ["heddle://127.0.0.1:0"] }
`,
      { restart: eager },
    );
    const { server } = rig;
    const grace = { ...oneAttempt, reconnectGraceMs: 50 };
    const work = rig.client(Work, grace);
    const front = rig.client(Front, grace);
    const common = { random, callers: 16, sleepMax: 60 };
    const loads = [
      startStormLoad({ ...common, name: 'work', firstId: 0, send: (body) => work.handle(body) }),
      startStormLoad({ ...common, name: 'front', relays: true, firstId: 1 << 20, send: (body) => front.handle(body) }),
    ];
    await answersCome(t, server, loads);
    // IO threads and CPU threads in turn, and now and then both.
    const victims = allPools(server).filter((_, at) => round % 3 === 2 || (at === 0) === (round % 3 === 0));
    record.armed = round % 2 === 0;
    const stopped = server.stop();
    for (const pool of victims) {
      for (const thread of goingThreads(pool)) {
        setTimeout(() => void thread.worker?.terminate(), random() * 60).unref();
        died++;
      }
    }
    await stopped;
    record.armed = false;
    for (const { load } of loads) await load.stop();
    judge(t, loads, record);
    t.is(server.supervisor.numbersInUse, 0, 'no thread is left');
    await rig[Symbol.asyncDispose]();
    t.true(reaper.exits > 0);
  }
  t.log(`${died} threads ended while they drained`);
  await filesBack(t, filesBefore);
});

test.serial('calls that a dead IO thread carried fail, all others and all later ones are answered', async (t) => {
  const record = shareRecord(seed);
  await using behind = await startRig(`
io: { threads: 1 }
pools: { far: { threads: 1 } }
services:
  deaths.Far: { module: ../deaths/services/far.ts, pool: far, listen: ["heddle://127.0.0.1:0"] }
`);
  // The threads of the pool call through different IO threads; each of them runs a third of the requests.
  await using rig = await startRig(
    `
io: { threads: 3 }
pools: { caller: { threads: 3, maxFibers: 8 } }
services:
  deaths.Caller: { module: ../deaths/services/caller.ts, pool: caller, listen: ["heddle://127.0.0.1:0"] }
clients:
  deaths.Far: { target: "heddle://127.0.0.1:${behind.port('heddle')}" }
`,
    { restart: eager },
  );
  const caller = rig.client(Caller, oneAttempt);
  await caller.handle(request(0, 100));
  const calls = Array.from({ length: 24 }, (_, at) => caller.handle(request(at + 1, 100, { sleepMs: 2_000 })));
  const outcomes = Promise.allSettled(calls);
  await eventually('all run behind', () => behind.server.stats().fibers === 24);
  // The connection that the requests came by lives on.
  const { ledger } = rig.server.acceptor;
  const victim = goingThreads(rig.server.ioPool).find(({ number }) => ledger.ofThread(number) === 0);
  void victim!.worker!.terminate();
  await eventually('its calls are stopped behind', () => behind.server.stats().fibers === 16);
  const startMs = performance.now();
  for (let id = 100; id < 106; id++) await caller.handle(request(id, 100));
  t.log(`6 calls after it in ${(performance.now() - startMs).toFixed(0)} ms`);
  const ended = await outcomes;
  const failed = ended.flatMap((outcome, at) =>
    outcome.status === 'rejected' ? [{ id: at + 1, reason: outcome.reason }] : [],
  );
  t.is(failed.length, 8);
  for (const { id, reason } of failed) {
    t.is(HeddleError.from(reason).code, 'UNAVAILABLE');
    t.like(record.runsOf(id), { ended: 0, unwanted: 1 });
  }
  await stillAnswers(t, (body) => caller.handle(body));
  await comesToRest(t, rig.server);
  await comesToRest(t, behind.server);
});

test('ending a thread while piscina requires its module can not abort the process', async (t) => {
  const path = fileURLToPath(new URL('../../../scheduler/cpu-thread.ts', import.meta.url));
  const required: unknown = createRequire(import.meta.url)(path);
  // Node makes a facade for a module with a default export, and asserts that it was not interrupted.
  t.is(required, await import('../../../scheduler/cpu-thread.ts'));
});
