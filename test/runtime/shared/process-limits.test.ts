// Limits of the whole process: against models on a clock driven by hand, and under real threads.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import fc from 'fast-check';
import { CountLimit, RateLimit } from '../../../runtime/shared/process-limits.ts';
import type { HammerPlan } from '../../helpers/limit-hammer.ts';

const counted = (count: number, gapMs: number, cells = new SharedArrayBuffer(CountLimit.bytes)) =>
  new CountLimit(cells, 0, { count, gapMs });
const rated = (perSecond: number, burst: number, cells = new SharedArrayBuffer(RateLimit.bytes)) =>
  new RateLimit(cells, 0, { perSecond, burst });

/** How many of `tries` are let through. */
function taken(limit: CountLimit | RateLimit, nowMs: number, tries: number): number {
  let granted = 0;
  for (let one = 0; one < tries; one++) if (limit.take(nowMs)) granted++;
  return granted;
}

test('so many in each gap, from the first instant of the gap to its last', (t) => {
  const limit = counted(3, 100);
  t.deepEqual([taken(limit, 0, 5), taken(limit, 99.999, 5)], [3, 0]);
  t.deepEqual([taken(limit, 100, 2), taken(limit, 199, 5)], [2, 1]);
  t.is(taken(limit, 300, 5), 3);
});

test('a clock that stands still lets through one gap', (t) => {
  t.is(taken(counted(7, 50), 123_456, 10_000), 7);
});

test('a limit of 0 lets nothing through', (t) => {
  const limit = counted(0, 10);
  t.is(taken(limit, 5, 3) + taken(limit, 15, 3), 0);
});

test('a late thread counts in the gap that others have begun', (t) => {
  const cells = new SharedArrayBuffer(CountLimit.bytes);
  const [early, late] = [counted(3, 100, cells), counted(3, 100, cells)];
  t.is(taken(early, 100, 1), 1);
  t.is(taken(late, 99, 5), 2);
  t.is(taken(early, 101, 5), 0);
});

test('after any idle time a gap has its whole count: no number is mistaken for an older one that looks alike', (t) => {
  const gaps = [1, 2, 4094, 4095, 4096, 4097, 8192, 2 ** 20 - 1, 2 ** 20, 3_600_000, 2 ** 30, 2 ** 31 - 2 ** 20];
  for (const gap of gaps) {
    const limit = counted(2, 1);
    t.is(taken(limit, 5, 9), 2);
    t.is(taken(limit, 5 + gap, 9), 2, `${gap}`);
    t.is(taken(limit, 5 + 2 * gap, 9), 2, `twice ${gap}`);
  }
});

test('the first use may come at any time, and numbers may wrap', (t) => {
  for (const startMs of [0, 1, 4095, 4096, 2 ** 31 - 2, 2 ** 31, 2 ** 32 - 2, 3 * 2 ** 31 - 1]) {
    const limit = counted(2, 1);
    const bucket = rated(1000, 2);
    for (let step = 0; step < 5; step++) t.is(taken(limit, startMs + step, 4), 2, `${startMs} + ${step}`);
    t.deepEqual(
      [0, 1, 2].map((step) => taken(bucket, startMs + step, 4)),
      [2, 1, 1],
      `${startMs}`,
    );
  }
});

test('counts as a table of gaps does, whatever the pauses', (t) => {
  const pause = fc.oneof(fc.constantFrom(0, 0, 0, 1, 9, 10, 4096 * 10, 4097 * 10, 3_600_000), fc.nat(100_000));
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4 }), fc.array(pause, { maxLength: 200, size: 'max' }), (count, pauses) => {
      const cells = new SharedArrayBuffer(CountLimit.bytes);
      const limits = [counted(count, 10, cells), counted(count, 10, cells)];
      const byGap = new Map<number, number>();
      let nowMs = 0;
      for (const [index, pauseMs] of pauses.entries()) {
        nowMs += pauseMs;
        const gap = Math.floor(nowMs / 10);
        const before = byGap.get(gap) ?? 0;
        if (limits[index % 2]!.take(nowMs) !== before < count) throw new Error(`at ${nowMs}: ${before}`);
        byGap.set(gap, before + 1);
      }
    }),
    { numRuns: 200 },
  );
  t.pass();
});

test('large counts are exact for one thread, and lose less than a block per thread otherwise', (t) => {
  const count = 3_000_001;
  t.is(taken(counted(count, 1000), 0, count + 10), count);
  const cells = new SharedArrayBuffer(CountLimit.bytes);
  const [left, right] = [counted(count, 1000, cells), counted(count, 1000, cells)];
  const first = taken(left, 0, 1_000_000);
  const second = taken(right, 0, count);
  t.true(first + second <= count && first + second >= count - 2, `${first} + ${second}`);
  t.is(taken(left, 0, 10) + first + second, count, 'what is left of a block is its thread’s');
  t.is(taken(left, 1000, 10), 10);
});

test('a bucket is full at first, and fills with its rate', (t) => {
  const limit = rated(100, 3);
  t.is(taken(limit, 1000, 9), 3);
  t.is(taken(limit, 1009, 9), 0);
  t.is(taken(limit, 1010, 9), 1);
  t.is(taken(limit, 1035, 9), 2);
  t.is(taken(limit, 3_600_000, 9), 3, 'it never holds more than its burst');
});

test('a bucket that is empty says when the next token is there: not before, and then it is', (t) => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.01, max: 5_000, noNaN: true }),
      fc.integer({ min: 1, max: 50 }),
      fc.double({ min: 0, max: 1e7, noNaN: true }),
      (perSecond, burst, nowMs) => {
        const limit = rated(perSecond, burst);
        if (taken(limit, nowMs, burst + 1) !== burst) throw new Error('the burst');
        const { waitMs } = limit;
        const partMs = 1000 / perSecond / 8;
        if (waitMs <= 0 || waitMs > 1000 / perSecond + partMs) throw new Error(`${waitMs} ms`);
        if (waitMs > 2 * partMs && limit.take(nowMs + waitMs - 2 * partMs)) throw new Error('too early');
        if (!limit.take(nowMs + waitMs + partMs)) throw new Error('too late');
      },
    ),
  );
  t.pass();
});

test('parts of a token are not lost between calls that are close together', (t) => {
  const limit = rated(1000, 1);
  let granted = 0;
  for (let step = 0; step <= 10_000; step++) granted += Number(limit.take(step * 0.1));
  t.is(granted, 1001);
});

test('after any idle time the bucket is full: no era is mistaken for an older one that looks alike', (t) => {
  // Eras of 2^23 / 256 tokens; 256 of them have all tags.
  const eraMs = 2 ** 15;
  for (const eras of [1, 2, 3, 254, 255, 256, 257, 258, 512, 513, 2 ** 16, 2 ** 16 + 1]) {
    for (const sinceMs of [0, eraMs - 1]) {
      const limit = rated(1000, 20_000);
      t.is(taken(limit, sinceMs, 20_001), 20_000);
      t.is(taken(limit, sinceMs + eras * eraMs, 20_001), 20_000, `${eras} eras`);
    }
  }
});

test('takes what the generic cell rate algorithm takes, across eras', (t) => {
  const given = fc.constantFrom(
    { perSecond: 1000, burst: 1 },
    { perSecond: 1000, burst: 30_000 },
    { perSecond: 0.001, burst: 2 },
    { perSecond: 1_000_000, burst: 5 },
    { perSecond: 1_000_000, burst: 1_000_000 },
    { perSecond: 333.3, burst: 100 },
  );
  const step = fc.record({
    pauseMs: fc.oneof(
      fc.constantFrom(0, 0, 0, 1, 33, 2 ** 15, 2 ** 23, 3_600_000),
      fc.double({ min: 0, max: 50, noNaN: true }),
    ),
    tries: fc.constantFrom(1, 1, 3, 1000),
    lateMs: fc.constantFrom(0, 0, 0, 0.5),
  });
  fc.assert(
    fc.property(given, fc.array(step, { maxLength: 60, size: 'max' }), ({ perSecond, burst }, steps) => {
      const limit = rated(perSecond, burst);
      const units = Math.min(256, 2 ** Math.floor(Math.log2(2 ** 23 / burst)));
      let clockMs = 1;
      let full = 0;
      let era = 0;
      for (const { pauseMs, tries, lateMs } of steps) {
        clockMs += pauseMs;
        let now = Math.floor((clockMs - lateMs) * ((perSecond / 1000) * units));
        era = Math.max(era, Math.floor(now / 2 ** 23));
        now = Math.max(now, era * 2 ** 23);
        for (let one = 0; one < tries; one++) {
          const from = Math.max(full, now);
          const granted = from - now <= (burst - 1) * units;
          if (granted) full = from + units;
          if (limit.take(clockMs - lateMs) !== granted) throw new Error(`at ${clockMs}: ${from - now}`);
        }
      }
    }),
    { numRuns: 200 },
  );
  t.pass();
});

test('in any stretch of time at most the burst and what the rate gives is taken', (t) => {
  const limit = rated(2500, 40);
  const atMs: number[] = [];
  for (let nowMs = 0; nowMs < 400; nowMs += 0.13) if (limit.take(nowMs)) atMs.push(nowMs);
  for (let from = 0; from < atMs.length; from++) {
    for (let to = from; to < atMs.length; to++) {
      if (to - from + 1 > 40 + (atMs[to]! - atMs[from]!) * 2.5 + 1 / 256) t.fail(`${from} to ${to}`);
    }
  }
  t.is(atMs.length, 40 + Math.floor(399.9 * 2.5));
});

const refusedOptions = test.macro({
  exec: (t, make: () => unknown, message: string) => void t.throws(make, { message, code: 'INVALID_ARGUMENT' }),
  title: (name) => `refuses ${name}`,
});
test(
  'a count that is not whole',
  refusedOptions,
  () => counted(1.5, 10),
  'count is 1.5; it must be a whole number from 0 to 999999999',
);
test(
  'a gap over an hour',
  refusedOptions,
  () => counted(1, 3_600_001),
  'gapMs is 3600001; it must be a whole number from 1 to 3600000',
);
test('a rate of 0', refusedOptions, () => rated(0, 1), 'perSecond is 0; it must be a number from 0.001 to 1000000');
test('a burst of 0', refusedOptions, () => rated(1, 0), 'burst is 0; it must be a whole number from 1 to 1000000');

/** Takes of all threads together. */
async function hammer(limit: HammerPlan['limit'], lastMs: number): Promise<number> {
  const threads = 3;
  const cells = new SharedArrayBuffer(CountLimit.bytes);
  const clock = new SharedArrayBuffer(8);
  const workers = Array.from({ length: threads }, (_, index) => {
    const workerData: HammerPlan = { limit, cells, clock, threads, lastMs, movesClock: index === 0 };
    return new Worker(new URL('../../helpers/limit-hammer.ts', import.meta.url), { workerData });
  });
  const exits = workers.map((worker) => once(worker, 'exit'));
  const granted = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0] as number));
  await Promise.all(exits);
  return granted.reduce((sum, one) => sum + one);
}

test.serial('threads that hammer one count get exactly the count of every gap', async (t) => {
  t.is(await hammer({ count: 20, gapMs: 1 }, 4_999), 20 * 5_000);
  t.is(await hammer({ count: 1, gapMs: 3 }, 2_999), 1_000);
});

test.serial(
  'threads that hammer one bucket get exactly the burst and what the rate gives, over many eras',
  async (t) => {
    t.is(await hammer({ perSecond: 1_000_000, burst: 1_000 }, 400), 1_000 + 400 * 1_000);
    t.is(await hammer({ perSecond: 500, burst: 3 }, 20_000), 3 + 10_000);
  },
);
