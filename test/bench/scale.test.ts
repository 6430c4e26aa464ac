// The scenario `scale` runs and comes to what it should; what it measures is nobody's business here.

import test from 'ava';
import { scale } from '../../bench/scenarios/scale.ts';

test('each curve has a goal: the most CPU per request by the least, and a point for each count of threads', async (t) => {
  const { goals, rows, plots } = await scale.run({ seconds: 1, onStep: () => {} });
  t.deepEqual(
    rows.map(([name]) => name),
    ['1 IO, 1 CPU', '2 IO, 2 CPU', '1 IO, 2 CPU', '1 IO', '2 IO'].map((name) => `256/32, ${name}`),
  );
  for (const { ratio, met } of goals) t.true(ratio! >= 1 && met === ratio! <= 1.3);
  const lines = plots!.flatMap((plot) => (plot.kind === 'lines' ? plot.lines : []));
  t.is(lines.length, goals.length);
  for (const { points } of lines) {
    t.deepEqual(
      points.map(([count]) => count),
      [1, 2],
    );
  }
});
