import test from 'ava';
import { Arrivals } from '../../load/arrivals.ts';
import { startLoad } from '../../load/load-run.ts';
import { sendsPerTurn } from '../../load/open-loop.ts';
import type { LoadOptions, LoadShape } from '../../load/options.ts';
import { generatorShare } from '../../load/result.ts';
import { seededRandom } from '../../runtime/clock.ts';
import { VirtualClock } from '../helpers/virtual-clock.ts';
import { type Fate, type VirtualRequest, VirtualTarget } from './virtual-target.ts';

function virtualLoad(shape: LoadShape, fateOf: (request: VirtualRequest) => Fate, options: Partial<LoadOptions> = {}) {
  const clock = new VirtualClock();
  const target = new VirtualTarget(clock, fateOf);
  const random = seededRandom(7);
  const run = startLoad({ target, shape, durationMs: 1000, warmUpMs: 0, clock, random, cpuUs: () => 0, ...options });
  return { clock, target, run };
}

test('a closed loop keeps exactly as many requests in flight as it should', async (t) => {
  const { clock, target, run } = virtualLoad({ kind: 'closed', inFlight: 4 }, () => 10, { durationMs: 996 });
  await clock.advance(505);
  t.deepEqual([target.inFlight, target.inFlightMost], [4, 4]);
  await clock.runAll();
  const { answers, perSecond, latencies } = await run.ended;
  // 99 rounds end within the 996 ms.
  t.deepEqual([answers, latencies.minMs, latencies.maxMs], [400, 10, 10]);
  t.is(perSecond, (4 * 99) / 0.996);
});

test('an open loop sends at the random times of its seed, whatever is under way', async (t) => {
  const { clock, target, run } = virtualLoad({ kind: 'open', ratePerSecond: 100, maxInFlight: 1000 }, () => 700);
  await clock.runAll();
  await run.ended;
  const arrivals = new Arrivals(100, seededRandom(7), 0);
  for (const { sentMs } of target.requests) {
    t.true(Math.abs(sentMs - arrivals.nextMs) < 1e-6);
    arrivals.advance();
  }
  t.true(arrivals.nextMs >= 1000);
});

test('arrivals are Poisson: the gaps have the mean of the rate, and e^-1 of them are longer than it', (t) => {
  const arrivals = new Arrivals(1000, seededRandom(1), 0);
  const gaps = Array.from({ length: 20_000 }, () => {
    const fromMs = arrivals.nextMs;
    arrivals.advance();
    return arrivals.nextMs - fromMs;
  });
  t.true(Math.abs(gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length - 1) < 0.02);
  t.true(Math.abs(gaps.filter((gap) => gap > 1).length / gaps.length - Math.exp(-1)) < 0.01);
});

test('what the bound of an open loop held back counts as late, and its latency from when it was meant to begin', async (t) => {
  // All that come in the first 300 ms are answered together at 300, then at once.
  const fate = ({ sentMs }: VirtualRequest) => Math.max(1, 300 - sentMs);
  const { clock, target, run } = virtualLoad({ kind: 'open', ratePerSecond: 100, maxInFlight: 5 }, fate);
  await clock.runAll();
  const { answers, late, unsent, latencies, sendDelays } = await run.ended;
  const arrivals = new Arrivals(100, seededRandom(7), 0);
  let inStall = 0;
  for (; arrivals.nextMs < 300; arrivals.advance()) inStall++;
  t.is(target.inFlightMost, 5);
  t.true(late >= inStall - 5 && late <= inStall, `${late} of ${inStall}`);
  t.is(unsent, 0);
  t.is(answers, target.requests.length);
  // The one that came first waited longest, but those behind it waited too, though they were sent only when it was over.
  t.true(latencies.quantileMs(0.9) > 200);
  t.true(sendDelays.maxMs > 200);
});

/** Arrivals of virtualLoad's seed. */
function arrivalsBetween(ratePerSecond: number, fromMs: number, toMs: number): number[] {
  const arrivals = new Arrivals(ratePerSecond, seededRandom(7), 0);
  const found: number[] = [];
  for (; arrivals.nextMs < toMs; arrivals.advance()) if (arrivals.nextMs >= fromMs) found.push(arrivals.nextMs);
  return found;
}

test('a stall that lasts to the end counts for all who arrived in it: those who were never sent with what they waited', async (t) => {
  const fate = ({ sentMs }: VirtualRequest) => (sentMs < 600 ? 1 : 5000);
  const { clock, run } = virtualLoad({ kind: 'open', ratePerSecond: 1000, maxInFlight: 10 }, fate);
  await clock.runAll();
  const { answers, unsent, latencies } = await run.ended;
  const arrivals = arrivalsBetween(1000, 0, 1000);
  const waits = arrivals.slice(answers).map((startMs) => 1000 - startMs);
  t.deepEqual([answers + unsent, latencies.count], [arrivals.length, arrivals.length]);
  t.true(unsent > 300, `${unsent}`);
  // Of ten it has the answers; of the others it knows how long they had waited by the end.
  const share = 1 - 10 / arrivals.length - 1e-6;
  t.true(Math.abs(latencies.quantileMs(share) / waits[0]! - 1) < 0.01);
});

test('what arrived in the warm-up is counted nowhere, though it keeps those of the measured time waiting', async (t) => {
  const shape = { kind: 'open', ratePerSecond: 1000, maxInFlight: 2 } as const;
  for (const [warmUpMs, answersMin] of [
    [100, 1],
    [1000, 0],
  ] as const) {
    const { clock, run } = virtualLoad(shape, () => 10, { warmUpMs });
    await clock.runAll();
    const { answers, late, unsent, latencies, perSecond } = await run.ended;
    const all = arrivalsBetween(1000, warmUpMs, warmUpMs + 1000).length;
    t.is(answers + unsent, all);
    t.true(answers >= answersMin && late === answers);
    t.is(latencies.count, all);
    t.true(Math.abs(perSecond - 200) <= 2);
  }
});

test('more arrivals that were never sent than anybody has time to draw are counted by their rate', async (t) => {
  const durationMs = 3_600_000;
  const { clock, run } = virtualLoad({ kind: 'open', ratePerSecond: 1e7, maxInFlight: 1 }, () => 2 * durationMs, {
    durationMs,
  });
  await clock.runAll(3 * durationMs);
  const { unsent, latencies } = await run.ended;
  t.true(Math.abs(unsent / 3.6e10 - 1) < 0.001);
  for (const share of [0.1, 0.5, 0.9]) t.true(Math.abs(latencies.quantileMs(share) / (share * durationMs) - 1) < 0.01);
});

test('a loop that is behind gives the event loop its turns, though each request fails within send', async (t) => {
  const shape = { kind: 'open', ratePerSecond: 10_000, maxInFlight: 100 } as const;
  const { clock, target, run } = virtualLoad(shape, () => ({ code: 'RESOURCE_EXHAUSTED' }));
  await clock.advance(1);
  clock.skip(900);
  const before = target.requests.length;
  let [sentMost, sentBefore] = [0, before];
  const look = (): void => {
    sentMost = Math.max(sentMost, target.requests.length - sentBefore);
    sentBefore = target.requests.length;
    if (sentBefore - before < 8000) setImmediate(look);
  };
  setImmediate(look);
  await clock.advance(1);
  while (target.requests.length - before < 8000) await clock.advance(0);
  t.true(sentMost > 0 && sentMost <= 2 * sendsPerTurn, `${sentMost} in one turn`);
  await clock.runAll();
  t.is((await run.ended).failed, arrivalsBetween(10_000, 0, 1000).length);
});

test('where nobody is, one of those that are due asks, and all of them count as refused, until somebody is back', async (t) => {
  const fate = ({ sentMs }: VirtualRequest): Fate => (sentMs < 950 ? { code: 'UNAVAILABLE' } : 1);
  const { clock, target, run } = virtualLoad({ kind: 'open', ratePerSecond: 10_000, maxInFlight: 100 }, fate);
  await clock.advance(1);
  clock.skip(900);
  await clock.advance(10);
  const asked = target.requests.filter(({ sentMs }) => sentMs <= 901.1).length;
  t.true(asked <= 30, `${asked} were sent`);
  await clock.runAll();
  const { answers, failed, failures } = await run.ended;
  t.is(failed, arrivalsBetween(10_000, 0, 950).length);
  t.deepEqual(failures, [{ code: 'UNAVAILABLE', count: failed, message: 'refused' }]);
  t.is(answers, arrivalsBetween(10_000, 950, 1000).length);
});

test('what never came to be sent is counted', async (t) => {
  const { clock, run } = virtualLoad({ kind: 'open', ratePerSecond: 100, maxInFlight: 3 }, () => 5000);
  await clock.runAll();
  const { answers, late, unsent } = await run.ended;
  const arrivals = new Arrivals(100, seededRandom(7), 0);
  let all = 0;
  for (; arrivals.nextMs < 1000; arrivals.advance()) all++;
  t.deepEqual([answers, late, unsent], [3, 0, all - 3]);
});

test('the warm-up is not counted, and what began in the measured time is, whenever it ends', async (t) => {
  const { clock, run } = virtualLoad({ kind: 'closed', inFlight: 1 }, ({ sentMs }) => (sentMs < 500 ? 50 : 400), {
    warmUpMs: 500,
  });
  await clock.runAll();
  const { answers, measuredMs, latencies } = await run.ended;
  // At 500, 900 and 1300; the last one ends at 1700, after the end.
  t.deepEqual([answers, measuredMs, latencies.minMs, latencies.maxMs], [3, 1000, 400, 400]);
});

test('failures are counted by code with what the first one said, and only waiting in vain counts as a latency', async (t) => {
  const fates: Fate[] = [{ code: 'RESOURCE_EXHAUSTED', laterMs: 1 }, { code: 'DEADLINE_EXCEEDED', laterMs: 9 }, 5, 5];
  let turn = 0;
  const { clock, run } = virtualLoad({ kind: 'closed', inFlight: 1 }, () => fates[turn++ % 4]!);
  await clock.runAll();
  const { answers, failed, failures, latencies } = await run.ended;
  t.deepEqual([answers, failed, latencies.count], [100, 100, 150]);
  t.deepEqual(failures, [
    { code: 'RESOURCE_EXHAUSTED', count: 50, message: 'failed' },
    { code: 'DEADLINE_EXCEEDED', count: 50, message: 'failed' },
  ]);
  t.deepEqual([latencies.minMs, latencies.maxMs], [5, 9]);
});

test('a closed loop waits before it asks again where nobody is, and never calls itself', async (t) => {
  const { clock, target, run } = virtualLoad({ kind: 'closed', inFlight: 2 }, () => ({ code: 'UNAVAILABLE' }));
  await clock.runAll();
  t.is((await run.ended).failed, target.requests.length);
  t.is(target.requests.length, 200);
});

test('the signal ends a run at once: everything is settled, and what was under way counts with what it had waited', async (t) => {
  const stop = new AbortController();
  const { clock, target, run } = virtualLoad({ kind: 'closed', inFlight: 3 }, () => 200, { signal: stop.signal });
  await clock.advance(300);
  stop.abort();
  const { answers, cutOff, isCutOff, measuredMs, latencies } = await run.ended;
  t.deepEqual([answers, cutOff, isCutOff, measuredMs, latencies.count], [3, 3, true, 300, 6]);
  t.deepEqual([latencies.minMs, latencies.maxMs], [100, 200]);
  t.deepEqual([target.inFlight, clock.pending], [0, 0]);
});

test('before there is any load the signal is CANCELLED', async (t) => {
  const { run } = virtualLoad({ kind: 'closed', inFlight: 1 }, () => 1, { signal: AbortSignal.abort() });
  await t.throwsAsync(run.ended, { code: 'CANCELLED' });
});

test('progress tells phase, share and what came since the last look', async (t) => {
  const { clock, run } = virtualLoad({ kind: 'closed', inFlight: 1 }, () => 10, { warmUpMs: 1000 });
  await clock.advance(500);
  t.like(run.progress(), { phase: 'warming', share: 0.25, inFlight: 1, failures: 0 });
  await clock.advance(1000);
  t.like(run.progress(), { phase: 'measuring', share: 0.75, perSecond: 100, p50Ms: 10, p99Ms: 10 });
  await clock.runAll();
  await run.ended;
  t.like(run.progress(), { phase: 'ended', share: 1, inFlight: 0 });
});

test('the slices add up to the answers of the measured time', async (t) => {
  const { clock, run } = virtualLoad({ kind: 'closed', inFlight: 2 }, () => 10);
  await clock.runAll();
  const { slices } = await run.ended;
  t.is(slices.length, 60);
  t.is(slices.at(-1)!.toMs, 1000);
  // The last two end with the measured time, not in it.
  t.is(
    slices.reduce((sum, { answers }) => sum + answers, 0),
    198,
  );
});

test('a generator knows which share of a processor it used, but for watching the clock', (t) => {
  const result = { cpuSeconds: 1.5, spunSeconds: 0.5, measuredMs: 2000 } as Parameters<typeof generatorShare>[0];
  t.is(generatorShare(result), 0.5);
});

for (const [what, options] of [
  ['durationMs must be from', { durationMs: 0 }],
  ['ratePerSecond must be from', { shape: { kind: 'open', ratePerSecond: 0, maxInFlight: 1 } }],
  ['inFlight must be a whole number', { shape: { kind: 'closed', inFlight: 1.5 } }],
  ['maxInFlight must be from', { shape: { kind: 'open', ratePerSecond: 1, maxInFlight: 0 } }],
] as [string, Partial<LoadOptions>][]) {
  test(`an option that is wrong is named: ${what}`, (t) => {
    t.throws(() => virtualLoad({ kind: 'closed', inFlight: 1 }, () => 1, options), {
      code: 'INVALID_ARGUMENT',
      message: new RegExp(what),
    });
  });
}
