// Real threads over the shipped supervisor and endpoints: random bodies and pauses, random deaths, and who runs what.

import test, { type ExecutionContext } from 'ava';
import { type CallReply, emptyCallHead } from '../../../runtime/call.ts';
import { seededRandom } from '../../../runtime/clock.ts';
import { requestStateShift } from '../../../runtime/shared/layout.ts';
import { RunQueue } from '../../../runtime/shared/run-queue.ts';
import type { ThreadEndpoint } from '../../../runtime/thread-endpoint.ts';
import { LiveProcess, type LiveThread } from '../../helpers/live-process.ts';
import type { AskerPlan, AskerResult } from '../../helpers/live-thread.ts';

const plan: Omit<AskerPlan, 'seed' | 'life'> = {
  requests: 400,
  inFlightMax: 48,
  bodyBytesMax: 300_000,
  cancelChance: 0.05,
};

function newSeed(t: ExecutionContext): number {
  const seed = Math.floor(Math.random() * 2 ** 31);
  t.log(`seed ${seed}`);
  return seed;
}

function checkResult(t: ExecutionContext, result: AskerResult, requests: number): void {
  t.deepEqual(result.wrongs, []);
  t.is(result.replied + result.died + result.refused + result.cancelled, requests);
  t.is(result.blocksLeased, 0);
  t.is(result.inFlight, 0);
}

/** At rest no slot, no table word and no permit is held. */
async function checkEmpty(t: ExecutionContext, live: LiveProcess): Promise<void> {
  for (let tries = 0; tries < 2000 && live.slotsHeld > 0; tries++)
    await new Promise((resolve) => setTimeout(resolve, 1));
  t.is(live.slotsHeld, 0);
  t.true(live.supervisor.inflight.isEmpty);
  for (const { number } of live.threads) {
    const table = new Int32Array(live.supervisor.memory(number).table);
    t.true(table.every((word) => ((word >>> requestStateShift) & 3) === 0));
  }
  t.deepEqual(live.errors, []);
}

test.serial('two askers and two takers: every random body arrives whole, every request has one answer', async (t) => {
  const seed = newSeed(t);
  await using live = new LiveProcess({ capacity: 16 });
  await Promise.all([live.taker(), live.taker()]);
  const askers = await Promise.all([1, 2].map((life) => live.asker({ ...plan, seed: seed + life, life })));
  for (const asker of askers) checkResult(t, await asker.result, plan.requests);
  await checkEmpty(t, live);
});

test.serial(
  'threads die at random instants: each request of those that live is answered once, nothing is left',
  async (t) => {
    const seed = newSeed(t);
    const random = seededRandom(seed);
    const busy = { requests: 6000, bodyBytesMax: 40_000 };
    await using live = new LiveProcess({ capacity: 16 });
    let life = 0;
    const newAsker = (): Promise<LiveThread> => live.asker({ ...plan, ...busy, seed: seed + ++life, life });
    const takers = await Promise.all([live.taker(), live.taker()]);
    const askers = [await newAsker(), await newAsker()];
    for (let death = 0; death < 24; death++) {
      await new Promise((resolve) => setTimeout(resolve, 5 + random() * 25));
      const list = death % 4 === 3 ? askers : takers;
      const place = Math.floor(random() * list.length);
      await live.kill(list[place]!, random() < 0.5);
      list[place] = list === askers ? await newAsker() : await live.taker();
    }
    let died = 0;
    for (const asker of askers) {
      const result = await asker.result;
      checkResult(t, result, busy.requests);
      died += result.died;
    }
    t.log(`${died} requests died with their thread`);
    await checkEmpty(t, live);
  },
);

interface Answer {
  tag: number;
  /** Number of the thread that ran it. */
  by: number;
  atMs: number;
}

/** Puts `count` requests that block for `blockMs` each, `batch` in one task; resolves when all are answered. */
function putBatches(endpoint: ThreadEndpoint, count: number, batch: number, blockMs: number): Promise<Answer[]> {
  return new Promise((resolve) => {
    const answers: Answer[] = [];
    const sink = {
      onReply: (tag: number, reply: CallReply): void => {
        answers.push({ tag, by: reply.compression, atMs: performance.now() });
        if (answers.length === count) resolve(answers);
      },
    };
    const route = { pool: endpoint.pools.get('p')!, method: 1, column: 0, maxConcurrency: 0, service: 's' };
    const head = emptyCallHead();
    head.fingerprintLow = blockMs;
    const put = (from: number): void => {
      for (let tag = from; tag < Math.min(from + batch, count); tag++) endpoint.put(route, head, undefined, sink, tag);
      if (from + batch < count) setImmediate(() => put(from + batch));
    };
    put(0);
  });
}

/** How long a request keeps its thread, try after try, ms: next to the longest, what a busy machine adds is little. */
const blocksMs = [20, 20, 40, 80, 160, 320];

/** The best of a few tries, of `turns` blocks each: only a law that is broken, not a busy machine, fails them all. */
async function bestRatio(t: ExecutionContext, turns: number, once: (blockMs: number) => Promise<Answer[]>) {
  let best = Number.POSITIVE_INFINITY;
  for (const blockMs of blocksMs) {
    const startMs = performance.now();
    const answers = await once(blockMs);
    best = Math.min(best, (answers.at(-1)!.atMs - startMs) / (turns * blockMs));
    if (best <= 1.3) break;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  t.log(`${best.toFixed(2)} of the ideal`);
  return best;
}

for (const batch of [1, 2, 4, 8]) {
  test.serial(
    `eight requests in batches of ${batch} take two idle threads little more than the time of four`,
    async (t) => {
      await using live = new LiveProcess({ capacity: 16 });
      await Promise.all([live.taker(), live.taker()]);
      const own = await live.own();
      t.true((await bestRatio(t, 4, (blockMs) => putBatches(own, 8, batch, blockMs))) < 1.5);
    },
  );
}

test.serial('a bell that comes for nothing costs no later request its turn', async (t) => {
  await using live = new LiveProcess({ capacity: 16 });
  const takers = await Promise.all([live.taker(), live.taker()]);
  const own = await live.own();
  const ratio = await bestRatio(t, 1, (blockMs) => {
    for (const { number } of takers) own.links.get(number)!.ring();
    return putBatches(own, 2, 2, blockMs);
  });
  t.true(ratio < 1.7);
});

test.serial('a thread that its own timer made busy is not waited for', async (t) => {
  await using live = new LiveProcess({ capacity: 16 });
  const [busy, idle] = await Promise.all([live.taker(), live.taker()]);
  const own = await live.own();
  // On a busy machine the nap may begin late: one round in which it began in time is enough.
  let onlyIdle = false;
  for (const napMs of [60, 60, 120, 240, 480, 960]) {
    live.nap(busy!, 1, napMs);
    await new Promise((resolve) => setTimeout(resolve, napMs / 3));
    const answers = await putBatches(own, 2, 1, 0);
    onlyIdle = answers.every(({ by }) => by === idle!.number);
    if (onlyIdle) break;
    await new Promise((resolve) => setTimeout(resolve, napMs));
  }
  t.true(onlyIdle);
});

test.serial('the first of four replies of one thread does not wait for the last', async (t) => {
  await using live = new LiveProcess({ capacity: 16 });
  await live.taker();
  const own = await live.own();
  let gap = 0;
  for (const blockMs of blocksMs) {
    const answers = await putBatches(own, 4, 4, blockMs);
    gap = Math.max(gap, (answers.at(-1)!.atMs - answers[0]!.atMs) / blockMs);
    if (gap >= 2) break;
  }
  t.true(gap >= 2, `${gap} blocks between first and last`);
});

test.serial(
  'a putter that stops in the middle of a slot holds up nobody behind it; its death frees the slot',
  async (t) => {
    await using live = new LiveProcess({ capacity: 16 });
    await live.taker();
    const own = await live.own();
    const stopped = live.supervisor.takeNumber();
    const lane = emptyCallHead().priority;
    new RunQueue(live.queueMemory, 16, stopped).claim(lane);
    t.is((await putBatches(own, 5, 5, 0)).length, 5);
    t.is(live.slotsHeld, 1);
    live.queue.settle(stopped, () => t.fail('it was reading nothing'));
    t.is((await putBatches(own, 2, 1, 0)).length, 2);
    for (let tries = 0; tries < 1000 && live.slotsHeld > 0; tries++)
      await new Promise((resolve) => setTimeout(resolve, 1));
    t.is(live.slotsHeld, 0);
  },
);
