// A smoke of the bench: each scenario runs for a moment, beside the peers that need no install. What it measures then is
// nobody's business: only that every answer was right (else a scenario rejects), and that all is told that should be.

import { readFileSync } from 'node:fs';
import test from 'ava';
import { pageOf } from '../../bench/page/page.ts';
import { goalLine, reportText } from '../../bench/report.ts';
import { type RunResult, resultOf, resultText } from '../../bench/result.ts';
import { allScenarios } from '../../bench/scenarios/all.ts';

/** For each scenario, s: as short as can be, since most have a least time for a sample. */
const seconds = 0.3;
/** They show what something costs, and promise nothing. */
const withoutGoals = ['compression', 'large', 'scale'];

const about = {
  command: 'smoke',
  startedAt: '2026-11-22T12:00:00.000Z',
  machine: {
    cpu: 'any',
    cpus: 2,
    system: 'any',
    node: process.version,
    v8: process.versions.v8,
    commit: 'any',
    load: 0,
  },
};

/** Of these a checkout has all that they need. */
function needsNoInstall(peer: string): boolean {
  const file = new URL(`../../bench/peers/${peer}/package.json`, import.meta.url);
  const { dependencies = {} } = JSON.parse(readFileSync(file, 'utf8'));
  return Object.keys(dependencies).length === 0;
}

for (const { name, peers = [], run } of allScenarios) {
  test.serial(`${name} measures right answers only, and says how, with every goal`, async (t) => {
    const report = await run({ seconds, peers: peers.filter(needsNoInstall), onStep: () => {} });
    const text = reportText(name, report);
    t.true(report.method.length > 0 && report.rows.length > 0);
    t.true(report.rows.every((row) => row.length === report.columns.length));
    if (!withoutGoals.includes(name)) t.true(report.goals.length > 0);
    for (const goal of report.goals) t.true(text.split('\n').includes(goalLine(goal)), goal.sentence);
    t.deepEqual(report.comparison?.notRun ?? [], []);
    const result = JSON.parse(resultText(resultOf(about, { [name]: report }, {}))) as RunResult;
    t.deepEqual(result.scenarios[name]!.goals.length, report.goals.length);
    const page = pageOf(result);
    t.true(page.includes(`<section id="${name}">`));
    t.deepEqual(page.match(/.{0,40}(NaN|undefined)/g) ?? [], []);
  });
}
