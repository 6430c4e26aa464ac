// What a node usually takes: near the exact quantile of its last runs, and of no older ones.

import test from 'ava';
import fc from 'fast-check';
import { believedMs, Latency, measuredRunsMin, windowMsMax, windowRunsMax } from '../../../dag/policy/latency.ts';

function measured(runs: number, ms: number, latency = new Latency(), nowMs = 0): Latency {
  for (let run = 0; run < runs; run++) latency.record(ms, nowMs);
  return latency;
}

/** Within one bucket of `exactMs`, and never under it. */
function isNear(foundMs: number, exactMs: number): boolean {
  return foundMs >= exactMs && foundMs <= (17 / 16) * exactMs + 0.001;
}

test('a quantile is at most 1/16 over the exact one of the two windows, give or take a microsecond', (t) => {
  const run = fc.record({
    ms: fc.double({ min: -2, max: 5, noNaN: true }).map((decade) => 10 ** decade),
    pauseMs: fc.constantFrom(0, 1, 10, 1000),
  });
  fc.assert(
    fc.property(
      fc.array(run, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 90 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (runs, rounds, quantile) => {
        const latency = new Latency();
        let windows: [number[], number[]] = [[], []];
        let nowMs = 0;
        let sinceMs = 0;
        for (let round = 0; round < rounds; round++) {
          for (const { ms, pauseMs } of runs) {
            nowMs += pauseMs;
            latency.record(ms, nowMs);
            const current = windows[1].length;
            const isOld = current >= measuredRunsMin && nowMs - sinceMs >= windowMsMax;
            if (current === windowRunsMax || isOld) windows = [windows[1], []];
            if (windows[1].length === 0) sinceMs = nowMs;
            windows[1].push(ms);
          }
        }
        const sorted = windows.flat().sort((left, right) => left - right);
        const exactMs = sorted[Math.ceil(quantile * sorted.length) - 1]!;
        const foundMs = latency.quantileMs(quantile);
        if (!isNear(foundMs, exactMs)) throw new Error(`${foundMs} for ${exactMs} of ${sorted.length}`);
        if (latency.count !== rounds * runs.length) throw new Error(`count ${latency.count}`);
      },
    ),
    { numRuns: 150 },
  );
  t.pass();
});

test('the usual time is the estimate until 100 runs are measured, then their quantile', (t) => {
  const latency = measured(99, 8);
  t.is(latency.usualMs(0.95, 30, 0), 30);
  t.is(latency.usualMs(0.95, undefined, 0), undefined);
  latency.record(8, 0);
  t.true(isNear(latency.usualMs(0.95, 30, 0)!, 8));
});

test('a busy node has forgotten after 2,000 runs what it took before', (t) => {
  const latency = measured(5000, 100);
  measured(2 * windowRunsMax, 2, latency);
  t.true(isNear(latency.quantileMs(1), 2));
});

test('a slow time is forgotten after two old windows, and a quantile speaks of 100 runs at least', (t) => {
  const latency = measured(measuredRunsMin, 100);
  const stepMs = believedMs / 2;
  let nowMs = 0;
  const recordUntil = (endMs: number, ms: number) => {
    for (; nowMs <= endMs; nowMs += stepMs) for (let run = 0; run < 10; run++) latency.record(ms, nowMs);
  };
  recordUntil(windowMsMax + stepMs, 2);
  t.true(isNear(latency.quantileMs(0.99), 100), 'the older window still counts');
  recordUntil(3 * windowMsMax, 2);
  t.true(isNear(latency.quantileMs(1), 2));
});

test('what was measured is not believed when nothing was for a while, and is measured anew', (t) => {
  const latency = measured(measuredRunsMin, 100);
  t.true(isNear(latency.usualMs(0.95, 5, believedMs)!, 100));
  t.is(latency.usualMs(0.95, 5, believedMs + 1), 5);
  latency.record(2, believedMs + 1);
  t.is(latency.usualMs(0.95, 5, believedMs + 1), 5);
  measured(measuredRunsMin - 1, 2, latency, believedMs + 1);
  t.true(isNear(latency.usualMs(0.95, 5, believedMs + 1)!, 2));
});

test('a node without runs for hours keeps what it knew', (t) => {
  const latency = measured(500, 10);
  latency.record(10, 10 * 3_600_000);
  t.true(isNear(latency.quantileMs(0.95), 10));
});

test('a quantile is worked out again after 64 runs at most', (t) => {
  const latency = measured(200, 10);
  const before = latency.quantileMs(1);
  measured(63, 1000, latency);
  t.is(latency.quantileMs(1), before);
  measured(1, 1000, latency);
  t.true(isNear(latency.quantileMs(1), 1000));
});

test('several quantiles are remembered side by side, and one more takes the place of the oldest', (t) => {
  const latency = new Latency();
  for (let run = 1; run <= 1000; run++) latency.record(run, 0);
  for (let round = 0; round < 3; round++) {
    for (const quantile of [0.5, 0.9, 0.95, 0.99, 0.1]) {
      t.true(isNear(latency.quantileMs(quantile), quantile * 1000), `${quantile}`);
    }
  }
});

test('what is no duration is not counted', (t) => {
  const latency = new Latency();
  latency.record(Number.NaN, 0);
  latency.record(-1, 0);
  t.is(latency.count, 0);
  t.is(latency.quantileMs(0.95), 0);
});
