import test from 'ava';
import { SimFailure } from '../../../testing/sim/failure.ts';
import { Simulation } from '../../../testing/sim/simulation.ts';
import type { SimulationOptions } from '../../../testing/sim/simulation-options.ts';
import type { SimThread } from '../../../testing/sim/thread.ts';
import type * as race from './fixtures/race.ts';

const raceUrl = new URL('./fixtures/race.ts', import.meta.url).href;

function simulation(options: Partial<SimulationOptions> = {}): Simulation {
  return new Simulation({ seed: 1, ...options });
}

/** Two threads that count up one word once each; returns what it comes to. */
async function countTogether(seed: number): Promise<number> {
  const sim = simulation({ seed, operationsPerStop: 2 });
  const words = new Int32Array(1);
  let left = 2;
  for (const name of ['one', 'two']) {
    const thread = sim.thread(name);
    thread.post('start', 'increments', () => {
      thread.load<typeof race>(raceUrl).increment(words);
      left--;
    });
  }
  await sim.run(() => left === 0);
  return words[0]!;
}

test('stops a thread between two operations while others run', async (t) => {
  const sums = new Set<number>();
  for (let seed = 1; seed <= 40; seed++) sums.add(await countTogether(seed));
  t.deepEqual([...sums].sort(), [1, 2]);
});

test('runs the same seed the same way', async (t) => {
  const hash = async (seed: number): Promise<string> => {
    const sim = simulation({ seed });
    const words = new Int32Array(2);
    const threads = ['one', 'two', 'three'].map((name) => sim.thread(name));
    for (const thread of threads) {
      thread.post('start', 'counts', () => {
        void thread.load<typeof race>(raceUrl).countUp(words, { left: 0 });
      });
    }
    await sim.run(() => sim.steps > 200);
    return sim.traceHash;
  };
  t.is(await hash(7), await hash(7));
  t.not(await hash(7), await hash(8));
});

test('a dead thread does nothing any more, whatever it catches', async (t) => {
  const sim = simulation();
  const words = new Int32Array(2);
  const seen = { left: 0 };
  const thread = sim.thread('mortal');
  thread.dieAt = 9;
  let exited = false;
  thread.onExit(() => {
    exited = true;
  });
  thread.post('start', 'counts', () => {
    void thread.load<typeof race>(raceUrl).countUp(words, seen);
  });
  await sim.run(() => exited);
  t.is(thread.state, 'over');
  t.is(seen.left, 1);
  t.deepEqual([...words], [4, 0]);
});

test('a terminated thread stops soon, wherever it is then', async (t) => {
  const sim = simulation();
  const words = new Int32Array(2);
  const thread = sim.thread('mortal');
  let exitedMs = 0;
  thread.onExit(() => {
    exitedMs = sim.nowMs;
  });
  thread.post('start', 'counts', () => {
    void thread.load<typeof race>(raceUrl).countUp(words, { left: 0 });
  });
  const beganMs = sim.nowMs;
  thread.terminate();
  await sim.run(() => exitedMs > 0);
  t.true(exitedMs - beganMs <= 5);
});

test('timers fire when they are due, and not much later', async (t) => {
  const sim = simulation();
  const thread = sim.thread('one');
  const lates: number[] = [];
  for (const delayMs of [50, 5, 500, 0]) {
    const dueMs = sim.nowMs + delayMs;
    thread.clock.setTimer(delayMs, () => lates.push(thread.clock.nowMs() - dueMs));
  }
  thread.clock.clearTimer(thread.clock.setTimer(1, () => lates.push(Number.NaN)));
  await sim.run(() => lates.length === 4);
  t.true(
    lates.every((late) => late >= 0 && late < 25),
    lates.join(),
  );
});

test('time, chance and the clock of a module are the thread’s own', async (t) => {
  const read = (): ReturnType<typeof race.now> =>
    simulation({ seed: 5 }).thread('one').load<typeof race>(raceUrl).now();
  t.deepEqual(read(), read());
  t.is(read().performance, 1_000);
});

test('who is busy sees its own time go on, and takes nothing meanwhile', async (t) => {
  const sim = simulation();
  const thread = sim.thread('one');
  let atMs = 0;
  thread.post('start', 'is busy', () => {
    const beganMs = thread.clock.nowMs();
    sim.keepBusy(thread, 30);
    t.is(thread.clock.nowMs(), beganMs + 30);
    thread.post('start', 'goes on', () => {
      atMs = sim.nowMs - beganMs;
    });
  });
  await sim.run(() => atMs > 0);
  t.true(atMs >= 30);
});

const failing = async (t: import('ava').ExecutionContext, law: string, run: (thread: SimThread) => void) => {
  const sim = simulation({ scenario: { some: 'scenario' } });
  const thread = sim.thread('one');
  thread.post('start', 'begins', () => run(thread));
  const failure = await t.throwsAsync(
    sim.run(() => false),
    { instanceOf: SimFailure },
  );
  t.is(failure?.law, law);
  t.is(failure?.seed, 1);
  t.deepEqual(failure?.scenario, { some: 'scenario' });
  t.true(failure?.trace.some((line) => line.includes('begins')));
};

test('fails for an error that nobody catches', (t) =>
  failing(t, 'no crash', () => {
    throw new Error('oh');
  }));

test('fails for a rejection that nobody handles', (t) =>
  failing(t, 'no crash', (thread) => {
    void Promise.reject(new Error('oh'));
    thread.clock.setTimer(1, () => {});
  }));

test('fails when nothing will ever happen again', (t) => failing(t, 'ends', () => {}));

test('says who was busiest when it does not end', async (t) => {
  const sim = simulation({ maxSteps: 100 });
  const busy = sim.thread('busy');
  const goOn = (): void => busy.post('turns', 'turns again', goOn);
  goOn();
  sim.thread('calm').post('turns', 'turns once', () => {});
  const failure = await t.throwsAsync(
    sim.run(() => false),
    { instanceOf: SimFailure },
  );
  t.is(failure?.law, 'ends');
  t.regex(failure?.message ?? '', /after 100 tasks .* busy had most of them, (99|100); its last one: turns again/);
});

test('what is due at no number is refused, and a timer of no number is one of 1 ms', async (t) => {
  const sim = simulation({ isPunctual: true });
  t.throws(() => sim.after(Number.NaN, () => {}), { instanceOf: RangeError });
  const thread = sim.thread('one');
  const beganMs = sim.nowMs;
  let firedMs = 0;
  thread.setTimer(Number.NaN, () => (firedMs = sim.nowMs), 'timer');
  await sim.run(() => firedMs > 0);
  t.true(firedMs - beganMs >= 1 && firedMs - beganMs < 1.1);
});

test('ends where it is given up', async (t) => {
  const sim = simulation();
  sim.thread('one').post('turns', 'gives up', () => sim.abandon());
  await t.notThrowsAsync(sim.run(() => false));
});

test.serial('who listens for one rejection hears of one after a run, and of no more', async (t) => {
  const heard: unknown[] = [];
  const listener = (reason: unknown) => void heard.push(reason);
  process.once('unhandledRejection', listener);
  const sim = simulation();
  await sim.run(() => true);
  const kept = process
    .rawListeners('unhandledRejection')
    .find((one) => (one as { listener?: unknown }).listener === listener);
  kept?.call(process, 'first', Promise.resolve());
  t.deepEqual(heard, ['first']);
  t.false(process.listeners('unhandledRejection').includes(listener));
});
