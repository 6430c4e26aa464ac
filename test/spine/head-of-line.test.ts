// Law: a queued request never waits behind a busy thread while another thread of its pool is idle. Handlers hold their
// threads by the wall clock, so two that really run side by side end together however few cores there are.

import test from 'ava';
import { event, newKey } from './events.ts';
import type { Span } from './services/busy.ts';
import { Work } from './services/contracts.ts';
import { startSpine } from './spine.ts';
import { requestFrame, Wire } from './wire.ts';

const listen = '["heddle://127.0.0.1:0"]';
const twoThreads = `
io: { threads: 1 }
services:
  test.Work: { module: ./work.ts, pool: { threads: 2 }, listen: ${listen} }
`;

/** Sends requests in one write; the time until all are answered, and where each ran. */
async function batch(wire: Wire, bodies: { ms: number; sleepMs?: number }[]): Promise<{ ms: number; spans: Span[] }> {
  const startMs = performance.now();
  wire.send(...bodies.map((body, index) => requestFrame(index + 1, 'busy', body)));
  const answers = await wire.take(bodies.length);
  const ms = performance.now() - startMs;
  return { ms, spans: answers.map(({ body }) => JSON.parse(body.toString()) as Span) };
}

/** Runs rounds until one takes less than `boundMs`, at most ten: how long each took, ms. Others use the machine, too. */
async function rounds(boundMs: number, round: () => Promise<number>): Promise<number[]> {
  const tookMs: number[] = [];
  while (tookMs.length < 10 && Math.min(...tookMs) >= boundMs) tookMs.push(Math.round(await round()));
  return tookMs;
}

/**
 * All rounds in a row hold. Since a slow machine may be too late for one, all are tried again with times that are three and
 * nine times as long.
 */
async function hold(rounds: number, round: (factor: number) => Promise<boolean>): Promise<boolean> {
  for (const factor of [1, 3, 9]) {
    let held = 0;
    while (held < rounds && (await round(factor))) held++;
    if (held === rounds) return true;
  }
  return false;
}

function overlap([one, other]: readonly Span[]): boolean {
  return one!.startMs < other!.endMs && other!.startMs < one!.endMs;
}

test.serial('two busy requests of one write run at the same time on two threads', async (t) => {
  await using spine = await startSpine(twoThreads);
  using wire = await Wire.to(spine.address('heddle'));
  const round = async (): Promise<number> => {
    const { ms, spans } = await batch(wire, [{ ms: 300 }, { ms: 300 }]);
    t.not(spans[0]!.thread, spans[1]!.thread);
    t.true(overlap(spans));
    return ms;
  };
  const first = await round();
  const tookMs = await rounds(450, round);
  t.true(Math.min(...tookMs) < 450, `${tookMs} ms`);
  t.log('2 x 300 ms on 2 threads:', [Math.round(first), ...tookMs].join(', '), 'ms');
});

test.serial('four busy requests of one write take two turns on two threads', async (t) => {
  await using spine = await startSpine(twoThreads);
  using wire = await Wire.to(spine.address('heddle'));
  const bodies = [{ ms: 100 }, { ms: 100 }, { ms: 100 }, { ms: 100 }];
  const tookMs = await rounds(300, async () => (await batch(wire, bodies)).ms);
  t.true(Math.min(...tookMs) < 300, `${tookMs} ms`);
  t.log('4 x 100 ms on 2 threads:', tookMs.join(', '), 'ms');
});

test.serial(
  'a request that comes while its pool is parked finds the idle thread, though the other is held by its own timer',
  async (t) => {
    await using spine = await startSpine(twoThreads);
    using wire = await Wire.to(spine.address('heddle'));
    const overtakes = async (factor: number): Promise<boolean> => {
      // It falls asleep in its fiber and wakes by the timer of its thread; the next meets one busy, one idle.
      wire.send(requestFrame(1, 'busy', { ms: 300 * factor, sleepMs: 40 }));
      await new Promise((resolve) => setTimeout(resolve, 60));
      wire.send(requestFrame(2, 'busy', { ms: 1 }));
      const first = await wire.one();
      await wire.one();
      return first.id === 2;
    };
    t.true(await hold(4, overtakes));
  },
);

test.serial(
  'two requests that are put while one thread goes from its timer into user code do not wait for it',
  async (t) => {
    await using spine = await startSpine(twoThreads);
    using wire = await Wire.to(spine.address('heddle'));
    const overtake = async (factor: number): Promise<boolean> => {
      // Three sleepers over two threads: at least two timers on one thread; then a short one beside them.
      wire.send(
        requestFrame(1, 'busy', { ms: 300 * factor, sleepMs: 50 }),
        requestFrame(2, 'busy', { ms: 1, sleepMs: 1 }),
        requestFrame(3, 'busy', { ms: 1 }),
      );
      const answers = await wire.take(3);
      return answers.at(-1)!.id === 1;
    };
    t.true(await hold(1, overtake));
  },
);

test.serial(
  'a request does not wait for a thread that went from a foreign await into user code while another is idle',
  async (t) => {
    await using spine = await startSpine(twoThreads);
    using wire = await Wire.to(spine.address('heddle'));
    const overtake = async (factor: number): Promise<boolean> => {
      const key = newKey();
      wire.send(requestFrame(1, 'busy', { ms: 300 * factor, awaitMs: 20, key }));
      await event(key, 'busy');
      // Whichever thread's turn it is to be rung, one of two rings is for the busy one.
      const ids: number[] = [];
      for (let id = 2; id <= 3; id++) {
        wire.send(requestFrame(id, 'busy', { ms: 1 }));
        ids.push((await wire.one()).id);
      }
      ids.push((await wire.one()).id);
      return ids.at(-1) === 1;
    };
    t.true(await hold(3, overtake));
  },
);

test.serial('a full pool leaves another pool’s calls on the same connection alone', async (t) => {
  await using spine = await startSpine(`
io: { threads: 1 }
pools:
  small: { threads: 1, maxFibers: 1, queue: 2 }
services:
  test.Work: { module: ./work.ts, pool: small, listen: ${listen} }
  test.Probe: { module: ./probe.ts, pool: { threads: 1 }, listen: ${listen} }
`);
  using wire = await Wire.to(spine.address('heddle'));
  const frames: Buffer[] = [];
  for (let id = 1; id <= 8; id++) frames.push(requestFrame(id, 'busy', { ms: id === 1 ? 1_200 : 0 }));
  for (let id = 101; id <= 108; id++) {
    frames.push(requestFrame(id, 'sum', { values: [id] }, { service: 'test.Probe' }));
  }
  wire.send(...frames);
  const early = await wire.take(13);
  t.deepEqual(
    early.filter(({ is, id }) => is === 'reply' && id < 100),
    [],
  );
  const all = [...early, ...(await wire.take(3))];
  t.is(all.filter(({ is, id }) => is === 'reply' && id > 100).length, 8);
  // Two wait; whether the first had left the queue when the third came is chance.
  const refused = all.filter(({ is }) => is === 'error');
  t.true(refused.length === 5 || refused.length === 6, `${refused.length} refused`);
  for (const { id, code, retry, body } of refused) {
    t.true(id < 100);
    t.is(code, 'RESOURCE_EXHAUSTED');
    t.is(retry, 2);
    t.regex(body.toString(), /queue of pool small has no free slot/);
  }
});

test.serial('of what waits for a busy thread, the higher class goes first and the lowest is not starved', async (t) => {
  await using spine = await startSpine(`
io: { threads: 1 }
services:
  test.Work: { module: ./work.ts, pool: { threads: 1 }, listen: ${listen} }
`);
  using wire = await Wire.to(spine.address('heddle'));
  const key = newKey();
  wire.send(requestFrame(1, 'busy', { ms: 100, key }));
  await event(key, 'busy');
  const waiting: Buffer[] = [];
  // 20 low ones first, then 20 high ones.
  for (let id = 100; id < 120; id++) waiting.push(requestFrame(id, 'busy', { ms: 0 }, { head: { priority: 2 } }));
  for (let id = 200; id < 220; id++) waiting.push(requestFrame(id, 'busy', { ms: 0 }, { head: { priority: 0 } }));
  wire.send(...waiting);
  const order = (await wire.take(41)).map(({ id }) => id).slice(1);
  t.is(order.length, 40);
  const lowAmong = (count: number) => order.slice(0, count).filter((id) => id < 200).length;
  t.true(lowAmong(20) >= 1 && lowAmong(20) <= 2, `${lowAmong(20)} low ones among the first 20: ${order}`);
});

for (const pool of ['{ threads: 1, maxFibers: 1 }', 'io']) {
  test.serial(`what finds no fiber free waits for one: pool ${pool}`, async (t) => {
    await using spine = await startSpine(`
io: { threads: 1, maxFibers: 1 }
services:
  test.Work: { module: ./work.ts, pool: ${pool}, listen: ${listen} }
`);
    using wire = await Wire.to(spine.address('heddle'));
    const keys = [newKey(), newKey(), newKey()];
    wire.send(...keys.map((key, id) => requestFrame(id, id === 1 ? 'sleep' : 'stubborn', { key, ms: 30 })));
    t.deepEqual(
      (await wire.take(3)).map(({ id, is }) => [id, is]),
      [
        [0, 'reply'],
        [1, 'reply'],
        [2, 'reply'],
      ],
    );
  });
}

for (const pool of ['{ threads: 1, maxFibers: 1 }', 'io']) {
  test.serial(`a service with one fiber that calls itself 20 deep answers: pool ${pool}`, async (t) => {
    await using spine = await startSpine(`
io: { threads: 1, maxFibers: 1 }
services:
  test.Work: { module: ./work.ts, pool: ${pool}, listen: ${listen} }
`);
    const { levels } = await spine.client(Work).self({ depth: 20 });
    t.is(levels, 20);
  });
}

for (const [pool, threads] of [
  ['{ threads: 1, maxFibers: 4, maxNested: 8 }', 1],
  ['{ threads: 2, maxFibers: 4, maxNested: 8 }', 2],
  ['io', 1],
] as const) {
  test.serial(`calls in a circle are refused at once when maxNested is reached: pool ${pool}`, async (t) => {
    await using spine = await startSpine(`
io: { threads: 1, maxFibers: 4, maxNested: 8 }
services:
  test.Work: { module: ./work.ts, pool: ${pool}, timeout: 20s, listen: ${listen} }
`);
    const work = spine.client(Work);
    const startMs = performance.now();
    const error = await t.throwsAsync(work.self({ depth: 1000 }), { message: /maxNested/ });
    t.is((error as { code?: string }).code, 'RESOURCE_EXHAUSTED');
    t.true(performance.now() - startMs < 5000);
    t.is((await work.self({ depth: 8 * threads })).levels, 8 * threads);
  });
}

test.serial('parallel runs really in parallel: two 100 ms functions on two threads end in under 150 ms', async (t) => {
  await using spine = await startSpine(twoThreads);
  const work = spine.client(Work);
  await work.parallel({ count: 2, ms: 1 });
  // One after the other they take 200 ms whatever happens; a loaded machine may need some tries to show that they don't.
  const rounds: number[] = [];
  while (rounds.length < 8 && !(Math.min(...rounds) < 150)) {
    const startMs = performance.now();
    const { spans } = await work.parallel({ count: 2, ms: 100 });
    rounds.push(Math.round(performance.now() - startMs));
    t.not(spans[0]!.thread, spans[1]!.thread);
  }
  t.true(Math.min(...rounds) < 150, `${rounds} ms`);
  t.log('parallel, 2 x 100 ms on 2 threads:', rounds, 'ms');
});

test.serial('offload runs on the pool that it names, or on its own', async (t) => {
  await using spine = await startSpine(`
io: { threads: 1 }
pools: { other: { threads: 1 } }
services:
  test.Work: { module: ./work.ts, pool: { threads: 1 }, listen: ${listen} }
  test.Relay: { module: ./relay.ts, pool: other }
`);
  const work = spine.client(Work);
  const elsewhere = await work.offload({ ms: 1, pool: 'other' });
  t.is(elsewhere.pool, 'other');
  t.not(elsewhere.span.thread, elsewhere.thread);
  const here = await work.offload({ ms: 1, pool: '' });
  t.is(here.pool, 'test.Work');
  t.is(here.span.thread, here.thread);
  const io = await work.offload({ ms: 1, pool: 'io' });
  t.is(io.pool, 'io');
  await t.throwsAsync(work.offload({ ms: 1, pool: 'nowhere' }), {
    message: 'there is no pool "nowhere"; the pools are io, other, test.Work',
  });
  await t.throwsAsync(work.task({ name: 'fails' }), {
    message: 'the task chose to fail',
    code: 'OUT_OF_RANGE',
  } as object);
  await t.throwsAsync(work.task({ name: 'missing' }), { message: /exports no task nobodyExportsThis/ });
  await t.throwsAsync(work.task({ name: 'unclonable' }), { message: /can't be cloned/ });
});
