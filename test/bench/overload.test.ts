// The scenario `overload` runs and tells what it should; what it measures is nobody's business here.

import { cpus } from 'node:os';
import test from 'ava';
import { loadWarning } from '../../bench/measure/machine.ts';
import { lineCharts } from '../../bench/picture/line-charts.ts';
import { reportText } from '../../bench/report.ts';
import { overload } from '../../bench/scenarios/overload.ts';

test('each load goes to both servers, and what comes out is told in numbers and as a picture', async (t) => {
  const report = await overload.run({ seconds: 1, onStep: () => {} });
  const { points } = report.data as { points: Record<string, { load: number; offeredPerSecond: number }[]> };
  t.deepEqual(Object.keys(points), ['protected', 'unprotected']);
  for (const side of Object.values(points)) {
    t.deepEqual(
      side.map(({ load }) => load),
      [0.3, 0.5, 0.7, 0.9, 1, 1.2, 1.5, 2, 2.5, 3],
    );
  }
  t.is(report.goals.length, 3);
  const { loadAtStart, warning } = report.data as { loadAtStart: number; warning: string | undefined };
  t.is(warning, loadWarning({ cpus: cpus().length, load: loadAtStart }));
  if (warning !== undefined) t.true(reportText('overload', report).includes(warning));
  t.regex(reportText('overload', report), /^2\.5 +\d/m);
  t.is(report.picture!.split('<polyline').length, 5);
});

test('who measures on a machine where others are at work is told so', (t) => {
  t.is(loadWarning({ cpus: 2, load: 2 }), undefined);
  t.regex(loadWarning({ cpus: 2, load: 2.5 })!, /^WARNING: .*load of 2\.5 on 2 processors/);
});

test('a chart has its axes from 0 to a round number, and says what its lines are', (t) => {
  const lines = [
    {
      name: 'a < b',
      points: [
        [1, 10],
        [3, 190],
      ] as [number, number][],
    },
    {
      name: 'c',
      points: [
        [1, 0],
        [3, 42],
      ] as [number, number][],
    },
  ];
  const svg = lineCharts('Two & more', [{ title: 'left', bottom: 'load', lines }]);
  t.regex(svg, /^<svg [^>]*viewBox="0 0 460 346"/);
  t.true(svg.includes('Two &amp; more') && svg.includes('a &lt; b'));
  t.regex(svg, /text-anchor="end">200<\/text>/);
  t.notRegex(svg, /text-anchor="end">2[1-9]\d<\/text>/);
  // 190 of 200, between the top at 58 and the bottom at 264.
  t.true(svg.includes('points="182.67,253.7 444,68.3"'), svg);
  t.is(svg.split('stroke-dasharray').length, 3);
  t.notRegex(svg, /NaN|undefined|href/);
});
