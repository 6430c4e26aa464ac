// What waits in a lane by method, as askers see it: near the truth, whoever puts, takes and dies.

import test from 'ava';
import fc from 'fast-check';
import { slot } from '../../../runtime/shared/layout.ts';
import { QueueCensus } from '../../../runtime/shared/queue-census.ts';
import { RunQueue } from '../../../runtime/shared/run-queue.ts';

const methods = 4;

/** By method: what lies in the lane. */
function truth(queue: RunQueue, lane: number): number[] {
  const counts = new Uint32Array(methods);
  queue.countMethods(lane, counts);
  return [...counts];
}

test('a count is never farther from the truth than a 64th of the lane, and in short lanes by one', (t) => {
  const step = fc.record({ isPut: fc.boolean(), lane: fc.nat(1), method: fc.nat(methods - 1), times: fc.nat(9) });
  fc.assert(
    fc.property(
      fc.constantFrom(8, 256),
      fc.constantFrom(0, -60, 2 ** 31 - 20),
      fc.array(step, { maxLength: 200 }),
      (capacity, start, steps) => {
        const queue = new RunQueue(RunQueue.allocate(capacity, start), capacity, 1);
        const census = new QueueCensus(queue);
        const lies = [0, 1].map(() => new Array<number>(methods).fill(0));
        for (const { isPut, lane, method, times } of steps) {
          for (let time = 0; time < times; time++) {
            const at = isPut ? queue.claim(lane) : queue.take(lane);
            if (at < 0) break;
            if (isPut) queue.words[at + slot.method] = method;
            lies[lane]![queue.words[at + slot.method]!]! += isPut ? 1 : -1;
            if (isPut) queue.commit(at);
            else queue.release(at);
          }
          if (`${truth(queue, lane)}` !== `${lies[lane]}`) throw new Error(`${truth(queue, lane)} for ${lies[lane]}`);
          for (let one = 0; one < methods; one++) {
            const wrong = 2 * (capacity >>> 6);
            const many = lies[lane]![one]! + one - 2;
            const surely = many <= lies[lane]![one]! - wrong;
            const never = many > lies[lane]![one]! + wrong;
            const reaches = census.reaches(lane, [one], many);
            if (reaches ? never : surely) throw new Error(`${lies[lane]![one]} for ${many}: ${reaches}`);
          }
        }
      },
    ),
    { numRuns: 200 },
  );
  t.pass();
});

test('methods that come with a reload are counted too', (t) => {
  const queue = new RunQueue(RunQueue.allocate(8), 8, 1);
  const census = new QueueCensus(queue);
  for (const method of [1, 700, 700, 65_535]) {
    const at = queue.claim(0);
    queue.words[at + slot.method] = method;
    queue.commit(at);
  }
  const isExactly = (lane: number, counted: number[], many: number): boolean =>
    census.reaches(lane, counted, many) && !census.reaches(lane, counted, many + 1);
  t.true(isExactly(0, [1], 1));
  t.true(isExactly(0, [1, 700], 3));
  t.true(isExactly(0, [65_535], 1));
  t.true(isExactly(1, [1, 700], 0));
});

test('a lane is counted anew only once the answer may be another', (t) => {
  const queue = new RunQueue(RunQueue.allocate(1_024), 1_024, 1);
  const put = (method: number): void => {
    const at = queue.claim(0);
    queue.words[at + slot.method] = method;
    queue.commit(at);
  };
  for (let count = 0; count < 600; count++) put(count < 50 ? 1 : 2);
  let looks = 0;
  const count = queue.countMethods.bind(queue);
  queue.countMethods = (lane, counts) => {
    looks++;
    count(lane, counts);
  };
  const census = new QueueCensus(queue);
  for (let moved = 0; moved < 150; moved++) {
    t.false(census.reaches(0, [1], 256), 'few of them');
    t.true(census.reaches(0, [2], 256), 'many of them');
    queue.release(queue.take(0));
    put(2);
  }
  t.true(looks <= 4, `${looks}`);
});
