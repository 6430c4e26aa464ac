// RunQueue.isEmpty, which ends generations: nothing waits and nothing is being put, whatever was taken, voided or freed.

import test from 'ava';
import fc from 'fast-check';
import { laneCount } from '../../../runtime/shared/layout.ts';
import { RunQueue } from '../../../runtime/shared/run-queue.ts';

const [putter, taker] = [1, 2];

function bothSides(capacity: number, start: number) {
  const memory = RunQueue.allocate(capacity, start);
  return [new RunQueue(memory, capacity, putter), new RunQueue(memory, capacity, taker)] as const;
}

test('a lane is empty exactly when as many were taken, or voided and taken, as were claimed', (t) => {
  const step = fc.constantFrom('claim', 'commit', 'take', 'release', 'putter dies');
  const run = fc.property(
    fc.constantFrom(1, 2, 4),
    fc.constantFrom(0, 2 ** 31 - 2, 2 ** 32 - 2),
    fc.array(step, { maxLength: 60 }),
    (capacity, start, steps) => {
      const [putting, taking] = bothSides(capacity, start);
      const main = new RunQueue(putting.memory, capacity, 0);
      const claimed: number[] = [];
      const taken: number[] = [];
      let inside = 0;
      for (const what of steps) {
        if (what === 'claim') {
          const at = putting.claim(0);
          if (at >= 0) inside++;
          if (at >= 0) claimed.push(at);
        } else if (what === 'commit') {
          const at = claimed.shift();
          if (at !== undefined) putting.commit(at);
        } else if (what === 'take') {
          const at = taking.take(0);
          if (at >= 0) inside--;
          if (at >= 0) taken.push(at);
        } else if (what === 'release') {
          const at = taken.shift();
          if (at !== undefined) taking.release(at);
        } else {
          // What it was writing is published as a void record, which is taken like any other.
          main.settle(putter, () => {});
          claimed.length = 0;
        }
        t.is(main.isEmpty(0), inside === 0, steps.join());
        for (let lane = 1; lane < laneCount; lane++) t.true(main.isEmpty(lane));
      }
    },
  );
  fc.assert(run, { numRuns: 300 });
});
