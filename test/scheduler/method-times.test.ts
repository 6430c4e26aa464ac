// What cannot finish is not started: the rule, on a clock of its own, and the ways out of it.

import test from 'ava';
import fc from 'fast-check';
import { epochMs, MethodTimes, runsMin } from '../../scheduler/method-times.ts';

/** One thread and one method on a clock of their own. */
class Thread {
  nowMs = 0;
  readonly times = new MethodTimes(0);

  mayStart(leftMs: number): boolean {
    return leftMs >= this.times.medianMs || this.times.mayStartLate(leftMs, this.nowMs);
  }

  /** It computes, and ends before the next begins. */
  run(tookMs: number, leftMs = Number.POSITIVE_INFINITY): void {
    const startedMs = this.nowMs;
    this.nowMs += tookMs;
    this.times.ended(startedMs, startedMs + leftMs, this.nowMs);
  }

  /** Runs that take so long, one after another, for so long. */
  runFor(forMs: number, tookMs: number): void {
    for (const endMs = this.nowMs + forMs; this.nowMs < endMs; ) this.run(tookMs);
  }
}

/**
 * A request each `everyMs`, with `leftMs` left, to handlers that wait: many at once. `took`: how long one runs, cut off at
 * its deadline. Returns the share of the last `lastMs` that was started.
 */
function waitingLoad(
  thread: Thread,
  forMs: number,
  lastMs: number,
  leftMs: number,
  took: (leftMs: number) => number,
): number {
  const everyMs = 5;
  const runs: { startedMs: number; endMs: number }[] = [];
  const endMs = thread.nowMs + forMs;
  let [offered, started] = [0, 0];
  for (; thread.nowMs < endMs; thread.nowMs += everyMs) {
    for (let run = runs[0]; run !== undefined && run.endMs <= thread.nowMs; run = runs[0]) {
      runs.shift();
      thread.times.ended(run.startedMs, run.startedMs + leftMs, run.endMs);
    }
    const counts = thread.nowMs >= endMs - lastMs;
    if (counts) offered++;
    if (!thread.mayStart(leftMs)) continue;
    if (counts) started++;
    const tookMs = Math.min(took(leftMs), leftMs + 0.5);
    runs.push({ startedMs: thread.nowMs, endMs: thread.nowMs + tookMs });
    runs.sort((left, right) => left.endMs - right.endMs);
  }
  return started / offered;
}

test('nothing is known, and all may start, before some runs have ended', (t) => {
  const thread = new Thread();
  for (let run = 1; run < runsMin; run++) thread.run(5);
  t.is(thread.times.medianMs, 0);
  t.true(thread.mayStart(0.001));
  thread.runFor(100, 5);
  t.true(thread.times.medianMs >= 4.4 && thread.times.medianMs <= 5, `${thread.times.medianMs}`);
});

test('what has more time left than half of the runs took starts, however rare the slow ones are', (t) => {
  const thread = new Thread();
  for (let run = 0; run < 200; run++) thread.run(run % 5 < 2 ? 80 : 5);
  t.true(thread.mayStart(6));
  t.true(thread.times.mayStartLate(4, thread.nowMs));
  t.false(thread.times.mayStartLate(4, thread.nowMs));
});

for (const tookMs of [0.2, 5, 20]) {
  test(`a flood of requests that are too late costs a thread a twentieth of its time: handlers of ${tookMs} ms`, (t) => {
    const thread = new Thread();
    thread.runFor(1_000, tookMs);
    const fromMs = thread.nowMs;
    let busyMs = 0;
    while (thread.nowMs < fromMs + 8_000) {
      if (thread.mayStart(0.8 * tookMs)) {
        thread.run(tookMs, 0.8 * tookMs);
        busyMs += tookMs;
      } else {
        thread.nowMs += 0.1;
      }
      // Some are in time, or the method would be forgotten.
      if (Math.round(thread.nowMs) % 500 === 0) thread.run(tookMs);
    }
    t.true(busyMs / 8_000 < 0.065, `${busyMs} ms of 8 s`);
  });
}

test('a method that was slow and is fast again is back within a second or so', (t) => {
  for (const outageMs of [300, 5_000, 60_000]) {
    const thread = new Thread();
    waitingLoad(thread, 2_000, 1_000, 300, () => 5);
    waitingLoad(thread, outageMs, 100, 300, () => 2_000);
    t.is(
      waitingLoad(thread, 1_500, 200, 300, () => 5),
      1,
      `after an outage of ${outageMs} ms`,
    );
  }
});

test('a method whose first runs were slow is no slower than its later ones', (t) => {
  const thread = new Thread();
  for (let run = 0; run < runsMin; run++) thread.run(400);
  t.is(
    waitingLoad(thread, 2_000, 500, 300, () => 5),
    1,
  );
});

test('during an outage nearly nothing starts that could not be answered', (t) => {
  const thread = new Thread();
  waitingLoad(thread, 2_000, 1_000, 300, () => 5);
  waitingLoad(thread, 2_000, 1_000, 300, () => 2_000);
  t.true(waitingLoad(thread, 3_000, 2_000, 300, () => 2_000) < 0.05);
});

test('handlers that use up what time they are given are not kept from it', (t) => {
  const thread = new Thread();
  waitingLoad(thread, 2_000, 1_000, 200, (leftMs) => 0.9 * leftMs);
  t.true(waitingLoad(thread, 2_000, 1_000, 80, (leftMs) => 0.9 * leftMs) > 0.95);
});

test('what has a little more time left than all runs take always starts', (t) => {
  for (const tookMs of [0.9, 7, 33, 130, 257, 270, 510]) {
    for (const more of [1.02, 1.05, 1.1, 1.15]) {
      const thread = new Thread();
      const started = waitingLoad(thread, 4_000, 3_900, tookMs * more, () => tookMs);
      t.is(started, 1, `handlers of ${tookMs} ms with ${tookMs * more} ms left`);
    }
  }
});

test('where half of those that begin late are in time, all begin, be it by a hair', (t) => {
  const thread = new Thread();
  waitingLoad(thread, 2_000, 1_000, 1_000, () => 100);
  t.is(
    waitingLoad(thread, 2_000, 500, 80, () => 70),
    1,
  );
});

test('handlers of which most are quick start with less than the slow ones take', (t) => {
  const thread = new Thread();
  let run = 0;
  t.is(
    waitingLoad(thread, 4_000, 1_000, 20, () => (run++ % 10 < 6 ? 2 : 100)),
    1,
  );
});

test('runs are forgotten after two epochs at most', (t) => {
  const thread = new Thread();
  thread.runFor(epochMs, 50);
  t.true(thread.times.medianMs > 44);
  thread.nowMs += 2 * epochMs;
  t.true(thread.times.mayStartLate(1, thread.nowMs));
  t.is(thread.times.medianMs, 0);
});

test('nothing that has happened locks a method out that is quick now', (t) => {
  const past = fc.array(fc.record({ tookMs: fc.double({ min: 0.1, max: 5_000, noNaN: true }), forMs: fc.nat(4_000) }), {
    maxLength: 12,
  });
  const leftMs = fc.double({ min: 5, max: 2_000, noNaN: true });
  fc.assert(
    fc.property(past, leftMs, (phases, left) => {
      const thread = new Thread();
      for (const { tookMs, forMs } of phases) waitingLoad(thread, forMs + 5, 5, left, () => tookMs);
      const started = waitingLoad(thread, 2_500, 200, left, () => left / 10);
      // Old runs that an epoch leaves over may slow them down once more, for the tenth of a second that the trickle takes.
      if (started < 0.5) throw new Error(`${started} of them start`);
    }),
    { numRuns: 200 },
  );
  t.pass();
});
