import test from 'ava';
import { fitTable } from '../../cli/dag/fit-table.ts';
import { levelText, nodesText, publishText, strategiesText } from '../../cli/dag/process-texts.ts';
import type { NodeReport, StrategyReport } from '../../dag/host/strategy-report.ts';

const counts = { done: 1_234_567, failed: 1234, skipped: 1234, cancelled: 0, degraded: 1234 };
const times = { meanMs: 12.3, p50Ms: 12.3, p99Ms: 123 };

const node: NodeReport = {
  ...{ name: 'recommendations', work: 'run', ...counts, cached: 1234, attempts: 1_234_567, hedges: 1234, lostItems: 0 },
  ...{ ...times, p95Ms: 45.6, criticalShare: 0.5, criticalTimeShare: 0.5, openBreakers: 0 },
};
const strategy: StrategyReport = {
  ...{ name: 'feed.recommendations', description: undefined, origin: 'feed.yaml', ...counts, ...times },
  ...{ levels: [1_234_567, 12_345, 123], manualLevel: 2, why: {}, nodes: [node] },
};
const report = { version: 1, strategies: [strategy] };
const longest = (text: string) => Math.max(...text.split('\n').map((line) => line.length));

test('tables fit into the terminal: what matters least gives way', (t) => {
  const rows = [
    ['NAME', 'A', 'B'],
    ['rank', '10', '200'],
  ];
  t.deepEqual(fitTable(rows, 13, ['B', 'A']), ['NAME  A   B', 'rank  10  200']);
  t.deepEqual(fitTable(rows, 12, ['B', 'A']), ['NAME  A', 'rank  10']);
  t.deepEqual(fitTable(rows, 3, ['B', 'A']), ['NAME', 'rank'], 'the rest stays whole');
  for (const width of [80, 100, 200]) {
    t.true(longest(strategiesText(report, width)) <= width);
    t.true(longest(nodesText(report, strategy.name, width)) <= width);
  }
  t.regex(nodesText(report, strategy.name, 80), /^NODE +DONE +FAILED .*CRITICAL\n/);
  t.regex(nodesText(report, strategy.name, 200), / P95 +P99 +CRITICAL\n/);
});

test('a level that is not declared says which one it means', (t) => {
  const text = (level: number | null, declared?: number[]) =>
    levelText({ strategy: 'feed', level, ...(declared && { declared }) });
  t.regex(text(2, [1, 2]), /^feed runs at level 2 at least, until /);
  t.regex(text(5, [1, 2]), /^feed declares 2 levels, 1 and 2: level 5 means level 2; set until /);
  t.regex(text(1, [2]), /^feed declares 1 level, 2: level 1 changes nothing; /);
  t.regex(text(1, []), /^feed declares no levels: level 1 changes nothing; /);
  t.regex(text(0, [1]), /^feed runs at level 0 at least/);
  t.regex(text(3), /^feed runs at level 3 at least/, 'a process that does not say its levels');
});

test('an answer names the threads that are too busy to take it in', (t) => {
  const level = { strategy: 'feed', level: null };
  t.is(levelText(level), 'feed: signals and limits alone decide its level\n');
  t.regex(levelText({ ...level, late: [3] }), /\nthread 3 is busy and takes it in later\n$/);
  const published = { version: 2, before: 1, changed: true };
  t.regex(publishText({ ...published, late: [3, 5] }), /\nthreads 3, 5 are busy and take it in later\n$/);
});
