// The harness finds what it is there to find: each mistake of the design's review, put back into the shipped sources.

import test from 'ava';
import { seededRandom } from '../../../runtime/clock.ts';
import { hunt, mutants } from '../../helpers/mutants.ts';
import { Driver, perform, run } from '../../helpers/step-runtime.ts';
import { loadStepping } from '../../helpers/steps.ts';

for (const mutant of mutants) {
  test(`finds ${mutant.name}`, async (t) => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    t.log(`seed ${seed}`);
    const { finding, runs } = await hunt(mutant, seededRandom(seed), 3_000_000);
    t.regex(finding?.message ?? 'nothing', mutant.finds);
    t.log(`run ${runs}: ${finding?.message}`);
  });
}

test('finds laps of the wrong width: a put never ends once positions pass 2^32', async (t) => {
  const { RunQueue } = (
    await loadStepping([
      { file: 'runtime/shared/run-queue.ts', find: 'Math.min(lapBitsMax, 32 - this.#shift)', replace: 'lapBitsMax' },
    ])
  ).runQueue;
  for (const capacity of [2048, 8192]) {
    const queue = new RunQueue(RunQueue.allocate(capacity, 2 ** 32 - capacity), capacity, 1);
    t.true(laps(queue, capacity) < 3 * capacity);
  }
});

/** Puts and takes until one does not come to its end within a few steps; at most three laps. */
function laps(
  queue: { claim(lane: number): number } & Record<'commit' | 'release', (at: number) => void> & {
      take(lane: number): number;
    },
  capacity: number,
): number {
  for (let count = 0; count < 3 * capacity; count++) {
    const put = within(queue.claim(0), 50);
    if (put === undefined || put < 0) return count;
    within(queue.commit(put), 50);
    const taken = within(queue.take(0), 50);
    if (taken !== put) return count;
    within(queue.release(taken), 50);
  }
  return 3 * capacity;
}

function within<T>(call: T, steps: number): T | undefined {
  const driver = new Driver(run(call));
  let op = driver.next(undefined);
  for (let step = 0; op !== undefined; step++, op = driver.next(perform(op))) if (step === steps) return undefined;
  return driver.value as T;
}
