import test from 'ava';
import { StrategyStatus } from '../../cli/strategy-status.ts';
import type { NodeReport, StrategyReport } from '../../dag/host/strategy-report.ts';

const nothing = {
  ...{ done: 0, failed: 0, skipped: 0, cancelled: 0, degraded: 0, cached: 0, attempts: 0, hedges: 0, lostItems: 0 },
  ...{ meanMs: 0, p50Ms: 0, p95Ms: 0, p99Ms: 0, criticalShare: 0, openBreakers: 0 },
};

const node = (name: string, criticalTimeShare: number): NodeReport => ({
  ...nothing,
  name,
  work: 'run',
  criticalTimeShare,
});

function strategy(name: string, done: number, more: Partial<StrategyReport> = {}): StrategyReport {
  const nodes = [node('rank', 0.6), node('recall', 0.3), node('merge', 0.01)];
  const about = { description: undefined, origin: 'a.yaml', manualLevel: undefined, why: {}, levels: [done] };
  return { ...nothing, ...about, name, done, meanMs: 4, nodes, ...more };
}

const report = (...strategies: StrategyReport[]) => ({ version: 1, strategies });

test('the status of strategies is what they did between looks, the busiest first', (t) => {
  const status = new StrategyStatus(1);
  t.deepEqual(status.look(report(strategy('a', 50), strategy('b', 10)), 0), []);
  const grown = strategy('a', 250, { degraded: 20, why: { 'cpu-1': ['level 1 by hand for 0s'] } });
  t.deepEqual(status.look(report(grown, strategy('b', 15)), 2000), [
    'a 100/s, mean 4 ms, degraded 10 %, level raised on 1 thread, critical: rank 60 %, recall 30 %',
    'b 2.5/s, mean 4 ms, critical: rank 60 %, recall 30 %',
  ]);
  t.deepEqual(status.look(report(grown, strategy('b', 15)), 3000), [], 'who did nothing is not named');
});

test('what a node added to the critical path since the last look counts, not what it did before', (t) => {
  const status = new StrategyStatus(1);
  status.look(report(strategy('a', 100)), 0);
  // 100 runs of 4 ms, then 100 of 8 ms, in which recall took all: 120 + 800 of 1200 ms.
  const nodes = [node('rank', 240 / 1200), node('recall', 920 / 1200)];
  t.deepEqual(status.look(report(strategy('a', 200, { meanMs: 6, nodes })), 1000), [
    'a 100/s, mean 8 ms, critical: recall 100 %',
  ]);
});

test('figures are of the looks that are kept', (t) => {
  const status = new StrategyStatus(2);
  status.look(report(strategy('a', 0)), 0);
  status.look(report(strategy('a', 1000)), 1000);
  t.regex(status.look(report(strategy('a', 1000)), 2000)[0]!, /^a 500\/s/);
  t.deepEqual(status.look(report(strategy('a', 1000)), 3000), []);
});
