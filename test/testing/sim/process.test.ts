import test from 'ava';
import { runSeed } from '../../../testing/sim/process/run-seed.ts';

test('the process keeps its laws, whatever dies, stands still or is rolled', async (t) => {
  const sums = { deaths: 0, stops: 0, answered: 0 };
  for (let seed = 1; seed <= 12; seed++) {
    const { deaths, stops, answered } = await runSeed(seed);
    sums.deaths += deaths;
    sums.stops += stops;
    sums.answered += answered;
  }
  t.true(sums.deaths >= 3 && sums.stops >= 200 && sums.answered >= 100, JSON.stringify(sums));
});

test('the same seed is the same run, bit for bit', async (t) => {
  const first = await runSeed(2);
  const again = await runSeed(2, { traceLines: 0 });
  t.is(again.traceHash, first.traceHash);
  t.is(again.operations, first.operations);
  t.not((await runSeed(3)).traceHash, first.traceHash);
});

test('a scenario can be made smaller', async (t) => {
  const { requests, deaths } = await runSeed(2, {
    scenario: { requests: 1, clients: 0, faults: [], stopAtMs: undefined },
  });
  t.true(requests >= 1 && requests < 20);
  t.is(deaths, 0);
});
