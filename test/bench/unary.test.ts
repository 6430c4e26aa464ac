// The scenario `unary` runs and comes to what it should; what it measures is nobody's business here.

import test from 'ava';
import { reportText } from '../../bench/report.ts';
import { record, Unary } from '../../bench/scenarios/unary/contract.ts';
import { unary } from '../../bench/scenarios/unary.ts';
import { contractRequest } from '../../load/heddle-target.ts';

test('the record has 95 bytes', (t) => {
  t.is(contractRequest(Unary.echo, record).source.length, 95);
});

test('each load goes to both pools, and each answer costs its server processor time', async (t) => {
  const report = await unary.run({ seconds: 1, onStep: () => {} });
  const { rows } = report.data as { rows: { inFlight: number; pool: string; cpuUs: { min: number } }[] };
  t.deepEqual(
    rows.map(({ inFlight, pool }) => `${inFlight} ${pool}`),
    ['32 cpu', '32 io', '256 cpu', '256 io'],
  );
  for (const { cpuUs } of rows) t.true(cpuUs.min > 0);
  t.regex(reportText('unary', report), /^32\/8, CPU pool +\d/m);
});
