// The page of a run, the parts of the documents that are made of kept results, and the charts of both.

import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import { documentParts, partOf } from '../../bench/documents.ts';
import type { Comparison, SideFigures } from '../../bench/measure/comparison.ts';
import { pageOf } from '../../bench/page/page.ts';
import { comparisonPlots } from '../../bench/page/plot.ts';
import { axisOf } from '../../bench/picture/axis.ts';
import { barChart } from '../../bench/picture/bar-chart.ts';
import { percentileChart } from '../../bench/picture/percentile-chart.ts';
import { speedSection } from '../../bench/readme-section.ts';
import { keptText, type RunResult, resultOf } from '../../bench/result.ts';

const root = new URL('../../', import.meta.url);
const spread = (median: number) => ({ median, min: median / 2, max: median * 1.5 });

function side(name: string, isOwn: boolean, cpuUs: number, ratio: number): SideFigures {
  const figures = { cpuUs: spread(cpuUs), perSecond: spread(1000), rssMb: spread(80), clientShare: spread(0.5) };
  const latencies = { p50Ms: spread(0.2), p99Ms: spread(3), p999Ms: spread(20) };
  const all = { cpuUs: spread(ratio), perSecond: spread(1), p50Ms: spread(1), p99Ms: spread(1) };
  return {
    side: name,
    isOwn,
    ...figures,
    ...latencies,
    ratios: isOwn ? {} : { heddle: all },
    samples: [{ cpuUs, rssMb: 1, loads: [] }],
  };
}

const comparison: Comparison = {
  rounds: 5,
  sampleMs: 100,
  warmUpMs: 200,
  versions: {},
  shapes: [
    {
      name: '256/8',
      sides: [
        side('slow <peer>', false, 40, 0.1),
        side('fast', false, 8, 0.5),
        side('net-echo', false, 1, 4),
        side('heddle', true, 4, 1),
      ],
    },
  ],
  notRun: [],
};

const run: RunResult = resultOf(
  {
    command: 'npm run bench -- all',
    startedAt: '2026-11-22T12:34:56.000Z',
    machine: { cpu: 'Some CPU', cpus: 2, system: 'Linux', node: 'v26.10.0', v8: '14.6', commit: 'abc1234', load: 7 },
  },
  {
    unary: {
      method: ['One & all.'],
      columns: ['load', 'µs'],
      rows: [['256/8, heddle', '4.0']],
      goals: [
        { sentence: 'half of the best', met: true, ratio: 0.5 },
        { sentence: 'below 1 µs', met: false },
        { sentence: 'ahead of nobody', met: undefined },
      ],
      comparison,
      picture: '<svg/>',
      data: { more: 1 },
    },
  },
  { fanout: 'the server has ended' },
);

test('a page says command, date, machine, versions and commit, and needs nothing else', (t) => {
  const page = pageOf(run);
  for (const text of [
    'npm run bench -- all',
    '2026-11-22 12:34 UTC',
    '2 × Some CPU',
    'Node v26.10.0',
    'abc1234',
    'load 7',
  ]) {
    t.true(page.includes(text), text);
  }
  t.notRegex(page, /<script|<link|<img|@import|url\(|NaN|undefined/);
  t.regex(page, /WARNING: the machine had a load of 7 on 2 processors/);
});

test('a page has each goal as met, missed or open, the ratio with it, and what came to nothing', (t) => {
  const page = pageOf(run);
  t.regex(page, /<li class="met">.*met.*× 0\.50.*half of the best/);
  t.regex(page, /<li class="missed">.*below 1 µs/);
  t.regex(page, /<li class="open">.*ahead of nobody/);
  t.true(page.includes('Goals: 1 met, 1 missed, 1 not judged'));
  t.true(page.includes('fanout failed: the server has ended'));
  t.true(page.includes('One &amp; all.') && page.includes('<td>256/8, heddle</td>'));
});

test('of a comparison a page draws processor time and latencies: Heddle first, then the others, the cheapest first', (t) => {
  const [bars, percentiles, ...more] = comparisonPlots(comparison);
  t.is(more.length, 0);
  const names = ['heddle', 'net-echo', 'fast', 'slow <peer>'];
  t.deepEqual(bars?.kind === 'bars' ? bars.bars.map(({ name }) => name) : [], names);
  t.deepEqual(percentiles?.kind === 'percentiles' ? percentiles.rows.map(({ name }) => name) : [], names);
  t.true(pageOf(run).includes('slow &lt;peer>: 40 (20 to 60)'));
});

test('a bar begins at 0, its whisker goes from the lowest to the highest', (t) => {
  const bar = { name: 'a', isOwn: true, median: 50, min: 25, max: 75 };
  const svg = barChart({
    title: 'cost',
    unit: 'µs',
    bars: [bar, { ...bar, name: 'b', isOwn: false, median: 100, max: 100 }],
  });
  // From 40 to 504 for 0 to 100.
  t.true(svg.includes('<rect class="bar" x="40" y="39" width="232" height="16"/>'), svg);
  t.true(svg.includes('d="M156 47H388'), svg);
  t.regex(svg, /<g class="peer"><title>b: 100 \(25 to 100\) µs<\/title>/);
});

test('latencies lie on a logarithmic scale, from one power of ten to another', (t) => {
  const values = [
    { name: 'p50', value: 0.1 },
    { name: 'p99', value: 1 },
    { name: 'p99.9', value: 10 },
  ];
  const svg = percentileChart({ title: 'latency', unit: 'ms', rows: [{ name: 'a', isOwn: true, values }] });
  t.true(
    ['translate(40 69)', 'translate(288 69)', 'translate(536 69)'].every((place) => svg.includes(place)),
    svg,
  );
});

test('an axis ends at a round number that nothing is above', (t) => {
  t.deepEqual(axisOf(190), { ticks: [0, 50, 100, 150, 200], end: 200 });
  t.deepEqual(axisOf(0.3), { ticks: [0, 0.1, 0.2, 0.3], end: 0.3 });
  t.true(axisOf(0).end > 0);
});

test('README says what a request costs beside the best of the others, a bare echo not among them, and every goal', (t) => {
  const section = speedSection(run);
  t.true(section.includes('| `unary`: 256/8 | 4.0 µs | 3.00 ms | fast | 8.0 µs | 3.00 ms | 0.50 × |'), section);
  t.true(section.includes('Goals: 1 of 3 met') && section.includes('- **missed** unary: below 1 µs'));
  t.true(
    section.includes('2026-11-22') && section.includes('npm run bench -- all') && section.includes('2 × Some CPU'),
  );
});

test('a kept result has all but the single rounds', (t) => {
  const kept = JSON.parse(keptText(run)) as RunResult;
  t.deepEqual(kept.scenarios.unary!.data, { more: 1 });
  t.deepEqual(kept.scenarios.unary!.comparison!.shapes[0]!.sides[0]!.cpuUs, spread(40));
  t.false('samples' in kept.scenarios.unary!.comparison!.shapes[0]!.sides[0]!);
  t.false('picture' in kept.scenarios.unary!);
});

test('what README.md and docs/performance.md say of speed is what is made of the kept results', (t) => {
  for (const { file, name, text } of documentParts()) {
    t.is(partOf(readFileSync(new URL(file, root), 'utf8'), name), text, `node bench/documents.ts writes ${file}`);
    for (const [, picture] of text.matchAll(/\]\((pictures\/[^)]+)\)/g)) {
      t.true(existsSync(new URL(picture!, new URL(file, root))), picture);
    }
  }
});
