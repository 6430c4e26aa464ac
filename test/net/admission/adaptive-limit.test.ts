// The adaptive limit over a simulated pool: what it lets through and how long that takes, from half of the capacity to three
// times, for handlers that compute, wait, or slow each other down; with backends that get slow, bursts and neighbours.

import test from 'ava';
import fc from 'fast-check';
import { AdaptiveLimit } from '../../../net/admission/adaptive-limit.ts';
import type { Random } from '../../../runtime/clock.ts';
import { type Outcome, quantile, type SimulatedService, simulate, type Work } from './queueing.ts';

interface Law {
  runMs: number;
  work: Work;
  threads: number;
}

/** Of what is let in: twice the usual run and 20 ms are wanted on average, and few take twice as long as that. */
const boundMs = ({ runMs }: Law): number => 2 * (2 * runMs + 20);

const capacityPerMs = ({ runMs, work, threads }: Law): number => (work === 'waits' ? 256 : 1) * (threads / runMs);

function atLoad(law: Law, load: number, seed: number, limit: SimulatedService['limit'] = {}) {
  const { runMs, work, threads } = law;
  const [fromMs, forMs] = [Math.max(5_000, 100 * runMs), Math.max(12_000, 300 * runMs)];
  const perMs = load * capacityPerMs(law);
  const service = { name: 'a', perMs: () => perMs, runMs: () => runMs, work, limit };
  const [outcome] = simulate({ threads, services: [service], forMs, fromMs, seed });
  return { ...outcome!, goodput: outcome!.answered / (forMs - fromMs) / capacityPerMs(law) };
}

const p99 = ({ sojournsMs }: Pick<Outcome, 'sojournsMs'>): number => quantile(sojournsMs, 0.99);

for (const law of [
  { runMs: 5, work: 'computes', threads: 1 },
  { runMs: 5, work: 'computes', threads: 4 },
  { runMs: 0.2, work: 'computes', threads: 1 },
  { runMs: 100, work: 'computes', threads: 4 },
  { runMs: 100, work: 'waits', threads: 1 },
  { runMs: 5, work: 'shares', threads: 1 },
] as const) {
  const name = `handlers of ${law.runMs} ms that ${law.work === 'computes' ? 'compute' : law.work.slice(0, -1)} on ${law.threads} threads`;

  test(`at three times the capacity all of it is used, and what is let in is answered soon: ${name}`, (t) => {
    const { goodput, sojournsMs, refused, offered } = atLoad(law, 3, 11);
    t.true(goodput > 0.95, `goodput ${goodput}`);
    t.true(refused / offered > 0.5);
    // Who slow each other down are let run twice as long once more: nobody knows how long they would take alone.
    const bound = boundMs(law) * (law.work === 'shares' ? 3 : 1);
    t.true(p99({ sojournsMs }) < bound, `p99 ${p99({ sojournsMs })} ms`);
  });

  test(`at half of the capacity nobody is refused, and at nine tenths few are: ${name}`, (t) => {
    const half = atLoad(law, 0.5, 12);
    t.true(half.refused <= half.offered * 0.002, `${half.refused} of ${half.offered}`);
    const most = atLoad(law, 0.9, 13);
    t.true(most.refused < most.offered * 0.06, `${most.refused} of ${most.offered}`);
    t.true(atLoad(law, 1, 14).goodput > 0.85);
  });
}

test('what is let in at three times the capacity takes at most twice as long as at nine tenths of it', (t) => {
  const law = { runMs: 5, work: 'computes', threads: 1 } as const;
  t.true(p99(atLoad(law, 3, 21)) < 2 * p99(atLoad(law, 0.9, 22)));
});

test('a flood that begins at once is held within half a second', (t) => {
  const perMs = (nowMs: number): number => (nowMs < 20_000 ? 0.1 : 0.6);
  const service = { name: 'a', perMs, runMs: () => 5, work: 'computes', limit: {} } as const;
  const [outcome] = simulate({ threads: 1, services: [service], forMs: 22_000, fromMs: 20_000, seed: 31 });
  t.true(Math.max(...outcome!.limits.slice(5)) <= 9, outcome!.limits.join());
  t.true(outcome!.answered > 0.9 * 2_000 * 0.2);
});

test('a backend that gets slow is not taken for overload: within two seconds all come in again, and stay', (t) => {
  const runMs = (nowMs: number): number => (nowMs < 10_000 ? 100 : 400);
  const service = { name: 'a', perMs: () => 0.4, runMs, work: 'waits', limit: {} } as const;
  const [outcome] = simulate({ threads: 1, services: [service], forMs: 40_000, fromMs: 12_500, seed: 32 });
  t.true(outcome!.refused < outcome!.offered * 0.002, `${outcome!.refused} of ${outcome!.offered}`);
});

for (const runMs of [() => 100, (nowMs: number) => (nowMs < 20_000 ? 100 : 250)]) {
  const name = runMs(0) === runMs(30_000) ? 'from a cold start' : 'when a backend gets slow';

  test(`where all are of class high, which goes over the limit, handlers that wait are let in: ${name}`, (t) => {
    const service = { name: 'a', perMs: () => 0.5, runMs, work: 'waits', limit: {}, isHigh: true } as const;
    const [outcome] = simulate({ threads: 1, services: [service], forMs: 40_000, fromMs: 25_000, seed: 51 });
    t.true(outcome!.refused < outcome!.offered * 0.002, `${outcome!.refused} of ${outcome!.offered}`);
  });

  test(`beside many calls of fibers, which no limit holds, requests from outside are let in: ${name}`, (t) => {
    const door = { name: 'a', perMs: () => 0.05, runMs, work: 'waits', limit: {} } as const;
    const nested = { name: 'nested', perMs: () => 0.5, runMs, work: 'waits', nestedOf: 0 } as const;
    const [outcome] = simulate({ threads: 1, services: [door, nested], forMs: 40_000, fromMs: 25_000, seed: 52 });
    t.true(outcome!.refused < outcome!.offered * 0.002, `${outcome!.refused} of ${outcome!.offered}`);
  });
}

test('who slow each other down are found out, also where all are of class high', (t) => {
  const service = { name: 'a', perMs: () => 0.6, runMs: () => 5, work: 'shares', limit: {}, isHigh: true } as const;
  const [outcome] = simulate({ threads: 1, services: [service], forMs: 120_000, fromMs: 60_000, seed: 53 });
  t.true(p99(outcome!) < 270, `p99 ${p99(outcome!)} ms`);
  t.true(outcome!.answered > 0.95 * 60_000 * 0.2);
});

test('an unused limit is most of the way back ten seconds after an overload, with and without traffic', (t) => {
  for (const perMs of [1e-9, 0.02]) {
    const flood = (nowMs: number): number => (nowMs < 5_000 ? 0.6 : perMs);
    const service = { name: 'a', perMs: flood, runMs: () => 5, work: 'computes', limit: { delayMs: 1 } } as const;
    const [outcome] = simulate({ threads: 1, services: [service], forMs: 15_500, fromMs: 4_000, seed: 54 });
    t.true(outcome!.limits[0]! <= 4, `${outcome!.limits[0]}`);
    t.true(outcome!.limits.at(-1)! >= 9, `${outcome!.limits.at(-1)}`);
  }
});

test('of bursts so many are let in as wait for `delay` on average, and the limit stands still', (t) => {
  for (const [everyMs, size] of [
    [400, 60],
    [200, 30],
    [1_000, 150],
  ] as const) {
    const burst = { size, everyMs: everyMs + 7 };
    const service = { name: 'a', perMs: () => 0, burst, runMs: () => 5, work: 'computes', limit: {} } as const;
    const [outcome] = simulate({ threads: 1, services: [service], forMs: 60_000, fromMs: 20_000, seed: 55 });
    const { limits, sojournsMs } = outcome!;
    t.true(Math.min(...limits) >= 7 && Math.max(...limits) <= 16, `${Math.min(...limits)} to ${Math.max(...limits)}`);
    const meanMs = sojournsMs.reduce((sum, ms) => sum + ms, 0) / sojournsMs.length;
    t.true(meanMs > 20 && meanMs < 45, `${meanMs} ms`);
  }
});

test('code that gets slower in the middle of an overload is still kept busy', (t) => {
  const runMs = (nowMs: number): number => (nowMs < 10_000 ? 5 : 15);
  const service = { name: 'a', perMs: () => 0.6, runMs, work: 'computes', limit: {} } as const;
  const [outcome] = simulate({ threads: 1, services: [service], forMs: 25_000, fromMs: 15_000, seed: 33 });
  t.true(outcome!.answered > 0.95 * (10_000 / 15));
  t.true(p99(outcome!) < 100);
});

test('an overload of ten minutes does not make it forget how long handlers usually run', (t) => {
  const service = { name: 'a', perMs: () => 0.6, runMs: () => 5, work: 'shares', limit: {} } as const;
  const [outcome] = simulate({ threads: 1, services: [service], forMs: 600_000, fromMs: 540_000, seed: 34 });
  t.true(p99(outcome!) < 180, `p99 ${p99(outcome!)} ms`);
});

test('after an overload it opens again by itself, used or not', (t) => {
  const perMs = (nowMs: number): number => (nowMs < 5_000 ? 0.6 : nowMs < 30_000 ? 0.02 : 0.17);
  const service = { name: 'a', perMs, runMs: () => 5, work: 'computes', limit: {} } as const;
  const [outcome] = simulate({ threads: 1, services: [service], forMs: 40_000, fromMs: 6_000, seed: 35 });
  t.true(outcome!.refused < outcome!.offered * 0.03, `${outcome!.refused} of ${outcome!.offered}`);
});

test('whatever is measured, the limit is a whole number within its bounds', (t) => {
  const sum = fc.double({ min: 0, max: 1e7, noNaN: true });
  const count = fc.integer({ min: 0, max: 1e6 });
  const look = fc.record({
    elapsedMs: fc.double({ min: 1, max: 5_000, noNaN: true }),
    taken: count,
    waitMs: sum,
    ended: count,
    runMs: sum,
    refused: count,
    inFlight: count,
    shareUsed: fc.double({ min: 0, max: 100, noNaN: true }),
  });
  const options = fc.record({
    delayMs: fc.integer({ min: 1, max: 60_000 }),
    tolerance: fc.integer({ min: 1, max: 100 }),
    min: fc.integer({ min: 1, max: 100 }),
    max: fc.integer({ min: 100, max: 100_000 }),
    start: fc.integer({ min: 1, max: 1_000 }),
  });
  fc.assert(
    fc.property(options, fc.array(look, { maxLength: 50 }), (bounds, looks) => {
      const limit = new AdaptiveLimit(bounds);
      for (const one of looks) {
        const now = limit.update(one);
        if (!Number.isInteger(now) || now < bounds.min || now > bounds.max) throw new Error(`${now}`);
      }
    }),
    { numRuns: 300 },
  );
  t.pass();
});

/** About normal, with mean 0 and deviation 1. */
const normal = (random: Random): number => Array.from({ length: 12 }, random).reduce((sum, one) => sum + one, -6);

test('runs with a heavy tail are no overload: where nothing is held up nobody is refused', (t) => {
  for (const seed of [1, 2, 3, 4]) {
    const runMs = (_: number, random: Random): number => 50 * Math.exp(1.5 * normal(random));
    const service = { name: 'a', perMs: () => 0.05, runMs, work: 'waits', limit: {} } as const;
    const [outcome] = simulate({ threads: 1, services: [service], forMs: 200_000, fromMs: 20_000, seed });
    t.true(outcome!.refused <= outcome!.offered * 0.001, `${outcome!.refused} of ${outcome!.offered}, seed ${seed}`);
  }
});

test('however long runs get, a limit that refuses nobody is not cut for them', (t) => {
  for (const [perMs, afterMs] of [
    [0.02, 25],
    [0.005, 5_000],
  ] as const) {
    const runMs = (nowMs: number): number => (nowMs < 20_000 ? 10 : afterMs);
    const service = { name: 'a', perMs: () => perMs, runMs, work: 'waits', limit: { start: 64 } } as const;
    const [outcome] = simulate({ threads: 1, services: [service], forMs: 120_000, fromMs: 10_000, seed: 61 });
    t.is(outcome!.refused, 0);
    t.true(Math.min(...outcome!.limits) >= 64, `${Math.min(...outcome!.limits)}`);
  }
});

test('after a long and quiet time of longer runs traffic comes, and the limit grows with it at once', (t) => {
  const perMs = (nowMs: number): number => (nowMs < 50_000 ? 0.02 : 1);
  const runMs = (nowMs: number): number => (nowMs < 20_000 ? 10 : 25);
  const service = { name: 'a', perMs, runMs, work: 'waits', limit: {} } as const;
  const [outcome] = simulate({ threads: 1, services: [service], forMs: 60_000, fromMs: 40_000, seed: 3 });
  t.true(Math.min(...outcome!.limits) >= 16, `${Math.min(...outcome!.limits)}`);
  t.true(outcome!.refused < 250, `${outcome!.refused}`);
});

test('where handlers only wait, but for something behind that is overloaded, they are held all the same', (t) => {
  for (const load of [1.1, 3]) {
    const service = { name: 'a', perMs: () => load / 5, runMs: () => 5, work: 'behind', limit: {} } as const;
    const [outcome] = simulate({ threads: 1, services: [service], forMs: 60_000, fromMs: 10_000, seed: 62 });
    t.true(outcome!.answered > 0.93 * 50_000 * 0.2, `${outcome!.answered}`);
    t.true(p99(outcome!) < 100, `p99 ${p99(outcome!)} ms`);
  }
});

test('rare bursts are let in, but for one in a hundred, by a `delay` of half of what they take', (t) => {
  const burst = { size: 30, everyMs: 60_007 };
  const limit = { delayMs: 75 };
  const service = { name: 'a', perMs: () => 0, burst, runMs: () => 5, work: 'computes', limit } as const;
  const [outcome] = simulate({ threads: 1, services: [service], forMs: 900_000, fromMs: 250_000, seed: 63 });
  t.true(outcome!.refused <= outcome!.offered * 0.01, `${outcome!.refused} of ${outcome!.offered}`);
});

test('a neighbour whose handlers only wait, however many, changes nothing for a flood that is held, and is not refused', (t) => {
  for (const [waitMs, perMs] of [
    [300, 0.3],
    [10_000, 0.12],
  ] as const) {
    const services = [
      { name: 'flood', perMs: () => 0.6, runMs: () => 5, work: 'computes', limit: {} },
      { name: 'waits', perMs: () => perMs, runMs: () => waitMs, work: 'waits', limit: { start: 1_500 } },
    ] as const;
    const pool = { threads: 1, maxFibers: 8_192, services: [...services], forMs: 60_000, fromMs: 20_000, seed: 64 };
    const [flood, waits] = simulate(pool) as [Outcome, Outcome];
    t.true(p99(flood) < 60, `p99 ${p99(flood)} ms`);
    t.true(flood.answered > 0.95 * 40_000 * 0.2, `${flood.answered}`);
    t.is(waits.refused, 0);
  }
});

/** Of A and B on one thread. */
function share(a: Partial<SimulatedService>, b: Partial<SimulatedService>) {
  const common = { name: '', perMs: () => 0.4, runMs: () => 5, work: 'computes', limit: {} } as const;
  const services = [
    { ...common, ...a },
    { ...common, ...b },
  ];
  return simulate({ threads: 1, services, forMs: 30_000, fromMs: 8_000, seed: 41 }) as [Outcome, Outcome];
}

test('the flood of one service refuses nothing of its light neighbour in the pool, whose answers stay within bounds', (t) => {
  const [, light] = share({ perMs: () => 0.6 }, { perMs: () => 0.01 });
  t.is(light.refused, 0);
  t.true(p99(light) < 60, `p99 ${p99(light)} ms`);
});

test('two floods in one pool get what their weights say', (t) => {
  const [equal, other] = share({}, {});
  t.true(Math.abs(equal.answered / other.answered - 1) < 0.2, `${equal.answered} and ${other.answered}`);
  const [less, more] = share({}, { weight: 3 });
  const ratio = more.answered / less.answered;
  t.true(ratio > 2 && ratio < 4, `${ratio}`);
  t.true(less.answered + more.answered > 0.95 * 22_000 * 0.2);
});
