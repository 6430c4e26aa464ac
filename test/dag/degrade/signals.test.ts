import test from 'ava';
import fc from 'fast-check';
import { LevelControl } from '../../../dag/degrade/level-control.ts';
import { RunWindow, windowSeconds } from '../../../dag/degrade/run-window.ts';
import { StrategySignals, signalRunsMin } from '../../../dag/degrade/signals.ts';
import { ThreadSignals } from '../../../dag/degrade/thread-signals.ts';

test('the window holds the runs of the last ten seconds, as a plain list would', (t) => {
  const step = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ latencyMs: fc.double({ min: 0, max: 5000, noNaN: true }), isFailed: fc.boolean() }),
    },
    { weight: 1, arbitrary: fc.record({ waitMs: fc.integer({ min: -500, max: 4000 }) }) },
    { weight: 1, arbitrary: fc.record({ waitMs: fc.integer({ min: 8000, max: 40_000 }) }) },
  );
  const law = fc.property(fc.nat(100_000), fc.array(step, { maxLength: 120 }), (startMs, steps) => {
    const window = new RunWindow(startMs);
    const runs: { second: number; latencyMs: number; isFailed: boolean }[] = [];
    let nowMs = startMs;
    let second = Math.floor(startMs / 1000);
    for (const done of steps) {
      if ('waitMs' in done) {
        nowMs = Math.max(0, nowMs + done.waitMs);
        window.tick(nowMs);
        second = Math.max(second, Math.floor(nowMs / 1000));
      } else {
        window.add(done.latencyMs, done.isFailed);
        runs.push({ second, ...done });
      }
      const held = runs.filter((run) => run.second > second - windowSeconds);
      t.is(window.runs, held.length);
      t.is(window.failures, held.filter(({ isFailed }) => isFailed).length);
      const latencies = held.map(({ latencyMs }) => latencyMs).sort((one, other) => one - other);
      const exact = latencies[Math.ceil(0.99 * latencies.length) - 1];
      if (exact === undefined) t.is(window.p99Ms(), 0);
      else
        t.true(
          window.p99Ms() >= exact && window.p99Ms() <= exact * (1 + 1 / 16) + 0.002,
          `${window.p99Ms()} for ${exact}`,
        );
    }
  });
  fc.assert(law, { numRuns: 200 });
});

test('the queue delay is the mean since the last tick, 0 when no request came', (t) => {
  const thread = new ThreadSignals();
  t.is(thread.queueDelayMs, Number.NaN);
  const loop = { active: 0, idle: 0 };
  for (const delayMs of [1, 2, 6]) thread.addQueueDelay(delayMs);
  thread.tick(loop);
  t.is(thread.queueDelayMs, 3);
  thread.tick(loop);
  t.is(thread.queueDelayMs, 0);
});

test('utilization is the share of the time since the last tick', (t) => {
  const thread = new ThreadSignals();
  const seen = [
    { active: 100, idle: 900 },
    { active: 850, idle: 1150 },
    { active: 850, idle: 2150 },
    { active: 850, idle: 2150 },
  ].map((loop) => {
    thread.tick(loop);
    return thread.utilization;
  });
  t.deepEqual(seen, [Number.NaN, 0.75, 0, Number.NaN]);
});

/** What was measured after so many runs within one second. */
function measured(runs: number, failures: number) {
  const signals = new StrategySignals(new ThreadSignals(), 0);
  for (let run = 0; run < runs; run++) signals.runEnded(10, run < failures);
  return signals.tick(new LevelControl({ levels: [], signals: [], limits: [] }), 2, 1000);
}

test('few runs say nothing of error rate and latency', (t) => {
  const { errorRate, p99, openBreakers } = measured(signalRunsMin, 1);
  t.is(errorRate, 0.1);
  t.true(p99 >= 10 && p99 < 11);
  t.is(openBreakers, 2);
  t.like(measured(signalRunsMin - 1, 9), { errorRate: 0, p99: 0 });
});

test('failing runs raise a level, and it falls after they have left the window', (t) => {
  const signal = { level: 1, signal: 'errorRate', above: 0.2, below: 0.1, holdMs: 2000, coolDownMs: 3000 } as const;
  const control = new LevelControl({ levels: [], signals: [signal], limits: [] });
  const signals = new StrategySignals(new ThreadSignals(), 0);
  const levels = Array.from({ length: 20 }, (_, second) => {
    if (second < 4) for (let run = 0; run < 20; run++) signals.runEnded(5, true);
    signals.tick(control, 0, (second + 1) * 1000);
    return control.standing;
  });
  // Raised at second 3; the last failures, of second 4, leave after second 13; 3 s later it falls.
  t.is(levels.indexOf(1), 2);
  t.is(levels.lastIndexOf(1), 14);
});
