// The scenario `fanout` runs and comes to what it should; what it measures is nobody's business here.

import test from 'ava';
import { backendCount, checkHits, hitsOf, merge, query } from '../../bench/scenarios/fanout/task.ts';
import { fanout } from '../../bench/scenarios/fanout.ts';

const lists = Array.from({ length: backendCount }, (_, at) => hitsOf(at));

test('the right answer is the best of all backends: without one of them, or in another order, it is wrong', (t) => {
  const right = merge(lists, query.limit);
  checkHits(right);
  for (let left = 0; left < backendCount; left++) {
    const others = lists.filter((_, at) => at !== left);
    t.throws(() => checkHits(merge(others, query.limit)), { message: /not the best of all backends/ });
  }
  t.throws(() => checkHits(right.toReversed()));
  t.throws(() => checkHits(right.slice(1)));
});

test('a front on a CPU thread and one on the IO thread ask all backends, and only what goes by moleculer is judged', async (t) => {
  const { comparison, goals } = await fanout.run({ seconds: 1, onStep: () => {} });
  t.deepEqual(comparison!.notRun, []);
  for (const { sides } of comparison!.shapes) {
    t.deepEqual(
      sides.map(({ side }) => side),
      ['heddle', 'heddle, IO thread'],
    );
    // Backends take 2 ms, so no answer is faster.
    for (const { cpuUs, p50Ms } of sides) t.true(cpuUs.min > 0 && p50Ms.min >= 2);
  }
  t.deepEqual(
    goals.map(({ met }) => met),
    [undefined, undefined],
  );
});
