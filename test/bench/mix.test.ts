// The scenario `mix` runs and comes to what it should; what it measures is nobody's business here.

import test from 'ava';
import { burn, burnMs } from '../../bench/scenarios/mix/burn.ts';
import { mix } from '../../bench/scenarios/mix.ts';

test('a heavy request burns the processor time of its own thread', (t) => {
  const before = process.threadCpuUsage();
  burn();
  const { user, system } = process.threadCpuUsage(before);
  t.true((user + system) / 1000 >= burnMs);
});

test('one in twenty requests is heavy, and the latencies are those of the others', async (t) => {
  const { comparison, goals } = await mix.run({ seconds: 2, onStep: () => {} });
  for (const { name, sides } of comparison!.shapes) {
    t.deepEqual(
      sides.map(({ side }) => side),
      ['heddle'],
    );
    for (const { samples } of sides) {
      const answers = (at: number) => samples.reduce((sum, { loads }) => sum + loads[at]!.answers, 0);
      t.true(answers(0) > 4 * answers(1), name);
      t.deepEqual(
        samples[0]!.loads.map(({ kind }) => kind),
        ['trivial', 'heavy'],
      );
    }
  }
  t.is(typeof goals[0]!.met, 'boolean');
  t.deepEqual(
    goals.slice(1).map(({ met }) => met),
    [undefined, undefined],
  );
});
