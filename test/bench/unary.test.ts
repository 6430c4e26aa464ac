// The scenarios `unary` and `unary-io` run and come to what they should; what they measure is nobody's business here.

import test from 'ava';
import { reportText } from '../../bench/report.ts';
import { Unary } from '../../bench/scenarios/unary/contract.ts';
import { checkFilm, record } from '../../bench/scenarios/unary/record.ts';
import { unary, unaryIo } from '../../bench/scenarios/unary.ts';
import { contractRequest } from '../../load/heddle-target.ts';

const shapes = ['1/1', '32/1', '32/8', '256/1', '256/8'];

test('the record has 95 bytes, and an answer that differs in anything is not right', (t) => {
  t.is(contractRequest(Unary.echo, record).source.length, 95);
  checkFilm({ ...record, id: BigInt(record.id) });
  for (const wrong of [
    { id: 1 },
    { name: '' },
    { score: 0 },
    { tags: record.tags.slice(1) },
    { tags: [...record.tags, ''] },
  ]) {
    t.throws(() => checkFilm({ ...record, ...wrong }), { message: /not what was sent/ });
  }
});

test('without peers Heddle is measured alone, and no goal is judged', async (t) => {
  const report = await unary.run({ seconds: 1, onStep: () => {} });
  const { comparison, goals } = report;
  t.deepEqual(
    comparison!.shapes.map(({ name }) => name),
    shapes,
  );
  for (const { sides } of comparison!.shapes) {
    t.deepEqual(
      sides.map(({ side }) => side),
      ['heddle'],
    );
    t.true(sides[0]!.cpuUs.min > 0 && sides[0]!.p50Ms.min > 0);
  }
  t.deepEqual(
    goals.map(({ met }) => met),
    [undefined, undefined, undefined, undefined, undefined],
  );
  t.regex(reportText('unary', report), /^open {4}256\/8: .* of the best peer, which was not measured/m);
});

test('with a peer there is a ratio in each shape, and a verdict on what compares with it', async (t) => {
  const report = await unaryIo.run({ seconds: 1, peers: ['net-echo'], onStep: () => {} });
  const { comparison, goals, rows } = report;
  t.deepEqual(comparison!.notRun, []);
  t.deepEqual(
    rows.map(([name]) => name),
    shapes.flatMap((shape) => [`${shape}, heddle`, `${shape}, net-echo`]),
  );
  for (const { sides } of comparison!.shapes) t.true(sides[1]!.ratios.heddle!.cpuUs.median > 0);
  // A floor is no peer to be the best of.
  t.is(goals[0]!.met, undefined);
  t.is(goals[2]!.met, goals[2]!.ratio! <= 3.5);
  t.regex(reportText('unary-io', report), /^(met {3}|missed) {2}256\/8: .* times that of net-echo/m);
});
