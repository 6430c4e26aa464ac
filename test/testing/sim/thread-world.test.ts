// What a simulated thread has in the place of the process around it.

import test, { type ExecutionContext } from 'ava';
import { Simulation } from '../../../testing/sim/simulation.ts';
import type * as tricks from './fixtures/tricks.ts';

const tricksUrl = new URL('./fixtures/tricks.ts', import.meta.url).href;

/** What a task of a thread comes to. */
async function runTask<Value>(run: (module: typeof tricks) => Value | Promise<Value>, seed = 1): Promise<Value> {
  const sim = new Simulation({ seed, isPunctual: true });
  const thread = sim.thread('one');
  let outcome: { value: Value } | { error: unknown } | undefined;
  thread.post('start', 'begins', () => {
    const outcomes = (async () => run(thread.load<typeof tricks>(tricksUrl)))();
    outcomes.then(
      (value) => {
        outcome = { value };
      },
      (error: unknown) => {
        outcome = { error };
      },
    );
  });
  await sim.run(() => outcome !== undefined);
  if ('error' in outcome!) throw outcome.error;
  return outcome!.value;
}

test('to exit ends the thread and not the process, also by node:process', async (t) => {
  const sim = new Simulation({ seed: 1 });
  const thread = sim.thread('mortal');
  let exited = false;
  thread.onExit(() => {
    exited = true;
  });
  thread.post('start', 'leaves', () => {
    const module = thread.load<typeof tricks>(tricksUrl);
    t.true(module.isOwnProcess);
    module.leave();
  });
  await sim.run(() => exited);
  t.is(process.exitCode, undefined);
});

test('what a module leaves on process, globalThis, JSON and CommonJS is gone with its thread', async (t) => {
  const { title } = process;
  const left = () => runTask((module) => [module.leaveBehind(), module.leaveBehind()]);
  t.deepEqual(await left(), [
    [1, 'x', 1, 1, 1],
    [2, 'xx', 2, 2, 2],
  ]);
  t.deepEqual(await left(), await left());
  t.is(process.exitCode, undefined);
  t.is(process.title, title);
  t.is(process.env.HEDDLE_TRICKS, undefined);
  t.is(process.listenerCount('SIGUSR2'), 0);
  t.false('trickCount' in globalThis);
});

test('all clocks are the virtual one', async (t) => {
  const began = Date.UTC(2030, 0, 1);
  for (const clock of await runTask((module) => module.clocks()))
    t.true(clock >= began && clock < began + 2_000, String(clock));
});

test('dates are dates, however they were made', async (t) => {
  t.deepEqual(new Set(await runTask((module) => module.dates())), new Set([true]));
});

test('timers have all the forms of Node', async (t) => {
  const [ms = 0] = await runTask((module) => module.waits());
  t.true(ms >= 51 && ms < 60, String(ms));
});

test('what Node does in the background is of the seed: what it comes to, and when', async (t) => {
  const first = await runTask((module) => module.background());
  t.deepEqual(first.slice(-3), ['Z_DATA_ERROR', 'true', 'true']);
  t.true(first.some((line) => line.startsWith('digest 982d9e3eb996f559')));
  t.deepEqual(await runTask((module) => module.background()), first);
  const orders = new Set<string>();
  for (let seed = 1; seed <= 8; seed++) {
    const told = await runTask((module) => module.background(), seed);
    orders.add(told.map((line) => line.split(' ')[0]).join());
  }
  t.true(orders.size > 1);
});

test('bytes and keys are of the seed, in the whole of what was to be filled and nowhere else', async (t) => {
  const first = await runTask((module) => module.fills());
  t.deepEqual(await runTask((module) => module.fills()), first);
  t.notDeepEqual(await runTask((module) => module.fills(), 2), first);
  t.regex(first[0]!, /^0{8}(?!0000)/);
  t.not(first[1], '000000000000');
  t.is(first[2]!.length, 16);
});

test('doors out of the simulation are refused', async (t) => {
  const said = await runTask((module) => module.refusals());
  t.deepEqual(new Set(Object.values(said)), new Set(['FAILED_PRECONDITION']), JSON.stringify(said));
});

const refusesDelay = async (t: ExecutionContext, delayMs: number) => {
  const refused = runTask((module) => module.timeoutOf(delayMs));
  await t.throwsAsync(refused, { instanceOf: RangeError, code: 'ERR_OUT_OF_RANGE' });
};

test('AbortSignal.timeout refuses what is no delay (NaN)', refusesDelay, Number.NaN);
test('AbortSignal.timeout refuses what is no delay (below 0)', refusesDelay, -1);
