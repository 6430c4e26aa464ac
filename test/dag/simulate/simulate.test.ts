// The simulator: laws of what it measures, and what it says of edits.

import test from 'ava';
import { formatSimulation } from '../../../dag/simulate/format-simulation.ts';
import { simulate } from '../../../dag/simulate/simulate.ts';
import { definitionOf, feed } from './feed.ts';

const tested = 'tests: [{ name: one, mocks: { a: { result: 1 }, b: { result: 2 }, c: { result: 3 } } }]';
/** Two nodes after one another. */
const chain = definitionOf(
  `nodes: { a: { run: ./a.ts#a }, b: { run: ./a.ts#b, input: { x: a } } }\noutput: b\n${tested}`,
);
const one = (policies = '') => definitionOf(`nodes: { a: { run: ./a.ts#a${policies} } }\noutput: a\n${tested}`);
const heavyTail = { a: { latency: { p50: 4, p95: 10, p99: 100, max: 400 } } };

function near(found: number, expected: number, within: number): boolean {
  return Math.abs(found - expected) <= within;
}

test('a chain of constants takes their sum, and each adds its share', (t) => {
  const { base } = simulate(chain, { a: { latency: { p50: 3 } }, b: { latency: { p50: 9 } } }, { runs: 50 });
  for (const ms of Object.values(base.latency)) t.true(near(ms, 12, 1e-6));
  t.like(base, { successShare: 1, degradedShare: 0, attempts: 2, hedges: 0, retries: 0 });
  t.true(base.nodes.every(({ criticalShare, ranShare }) => criticalShare === 1 && ranShare === 1));
  t.true(near(base.nodes[0]!.criticalMs, 3, 1e-6) && near(base.nodes[1]!.criticalMs, 9, 1e-6));
});

test('of two in parallel the longer one is on the critical path, each in its share of the runs', (t) => {
  const fan = definitionOf(`nodes: { a: { run: ./a.ts#a }, b: { run: ./a.ts#b } }\noutput: [a, b]\n${tested}`);
  const alike = { latency: { p50: 5, p95: 20 } };
  const { base } = simulate(fan, { a: alike, b: alike }, { runs: 4000 });
  const [a, b] = base.nodes;
  t.true(near(a!.criticalShare, 0.5, 0.05) && near(a!.criticalShare + b!.criticalShare, 1, 1e-9));
  t.true(near(a!.criticalMs + b!.criticalMs, base.latency.meanMs, 1e-6));
});

test('what is measured is what the model says', (t) => {
  const { base } = simulate(one(), { a: { ...heavyTail.a, failedShare: 0.03, failure: 'ABORTED' } }, { runs: 20_000 });
  t.true(near(base.latency.p50Ms, 4, 0.2) && near(base.latency.p95Ms, 10, 1) && near(base.latency.p99Ms, 100, 20));
  t.true(near(base.successShare, 0.97, 0.005));
  t.is(base.failures[0]?.what, 'ABORTED');
});

test('the same seed gives the same numbers, another seed others', (t) => {
  const run = (seed: number) => simulate(one(), heavyTail, { runs: 200, seed });
  t.deepEqual(run(7), run(7));
  t.notDeepEqual(run(7).base.latency, run(8).base.latency);
});

test('a hedge after p95 cuts the p99 of a heavy tail, for at most about 5 % more calls', (t) => {
  const { base, variants } = simulate(one(), heavyTail, { runs: 20_000, whatIf: ['a.hedge=p95'] });
  const [hedged] = variants;
  t.true(base.latency.p99Ms > 80);
  t.true(hedged!.latency.p99Ms < base.latency.p99Ms / 3, `${hedged!.latency.p99Ms}`);
  t.true(hedged!.attempts < 1.06 && hedged!.hedges > 0.03 && near(hedged!.attempts, 1 + hedged!.hedges, 1e-9));
  // The same draws: no run takes longer by it.
  t.true(hedged!.latency.p50Ms <= base.latency.p50Ms);
});

test('an edit shifts no draws: one that changes nothing changes no number', (t) => {
  const { base, variants } = simulate(
    one(),
    { a: { ...heavyTail.a, failedShare: 0.1 } },
    {
      runs: 500,
      whatIf: ['a.timeout=1h', 'a.concurrency=1000'],
    },
  );
  for (const { latency, successShare } of variants)
    t.deepEqual({ latency, successShare }, { latency: base.latency, successShare: base.successShare });
});

test('retries win back failures within their budget', (t) => {
  const model = { a: { latency: { p50: 1 }, failedShare: 0.1 } };
  const { variants } = simulate(one(), model, {
    runs: 10_000,
    whatIf: ['a.retry={ attempts: 2 }', 'a.retry={ attempts: 2 } budget.retries=1%'],
  });
  const [usual, poor] = variants;
  t.true(near(usual!.successShare, 0.99, 0.004) && near(usual!.retries, 0.1, 0.01));
  t.true(near(poor!.retries, 0.01, 0.002) && near(poor!.successShare, 0.91, 0.01));
});

test('caches answer in the share that the model says, stale values stand in for failures', (t) => {
  const cached = one(', cache: { key: "\'k\'", ttl: 1s, stale: 1h }, fallback: [stale]');
  const { base } = simulate(
    cached,
    { a: { latency: { p50: 8 }, failedShare: 1, cachedShare: 0.6, staleShare: 0.5 } },
    { runs: 5000 },
  );
  t.true(near(base.successShare, 0.8, 0.02) && near(base.attempts, 0.4, 0.02));
  t.true(near(base.degraded[0]!.share, 0.2, 0.02));
  t.is(base.degraded[0]!.what, 'a: stale');
});

test('runs overlap as they arrive: a concurrency limit refuses some of them', (t) => {
  const limited = one(', concurrency: 1');
  const at = (runsPerSecond: number) =>
    simulate(limited, { a: { latency: { p50: 10 } } }, { runs: 1000, runsPerSecond }).base;
  t.true(at(0.1).successShare > 0.99);
  t.true(near(at(100).successShare, 0.5, 0.05));
  t.is(at(100).failures[0]!.what, 'RESOURCE_EXHAUSTED');
});

test('parameters have their defaults, edits and levels change the way', (t) => {
  const { base, variants } = simulate(
    feed(),
    {},
    { runs: 20, whatIf: ['params.useExtra=true', 'level=1', 'rank.estimate=7200s'] },
  );
  const ran = ({ nodes }: typeof base) => nodes.filter(({ ranShare }) => ranShare > 0).map(({ name }) => name);
  t.deepEqual(ran(base), ['profile', 'recall', 'rank']);
  t.deepEqual(ran(variants[0]!), ['profile', 'recall', 'extra', 'rank']);
  t.deepEqual(variants[1]!.degraded, [{ what: 'rank: level 1 node rankLight', share: 1 }]);
  t.deepEqual(variants[2]!.degraded, [{ what: 'rank: light rankLight', share: 1 }]);
});

test('each policy that there is gets a line without it', (t) => {
  const { variants } = simulate(feed(), {}, { runs: 5, withoutEachPolicy: true });
  t.deepEqual(
    variants.map(({ name }) => name),
    ['without profile.timeout', 'without profile.fallback', 'without rank.light', 'without budget.total'],
  );
});

test('an edit that can not be made says why, and what can be', (t) => {
  const refused = (edit: string) =>
    t.throws(() => simulate(feed(), {}, { runs: 1, whatIf: [edit] }), { code: 'INVALID_ARGUMENT' }).message;
  t.is(
    refused('rank'),
    'what if rank: an edit sets one key, such as rank.hedge=p95, rank.timeout=20ms, rank.retry=none, budget.total=60ms, level=1 or params.useExtra=true',
  );
  t.is(
    refused('rnak.hedge=p95'),
    'what if rnak.hedge=p95: feed has no node "rnak" (did you mean \'rank\'?); there are profile, recall, extra, rank, rankLight, budget, params',
  );
  t.is(
    refused('rank.hegde=p95'),
    'what if rank.hegde=p95: "hegde" of a node can not be edited here (did you mean \'hedge\'?); there are timeout, retry, hedge, breaker, concurrency, cache, fallback, light, estimate',
  );
  t.is(
    refused('rank.hedge=95'),
    'what if rank.hedge=95: hedge must be a percentile such as p95, or none, not 95; did you mean "p95"?',
  );
  t.is(
    refused('rank.retry={ attemps: 2 }'),
    'what if rank.retry={ attemps: 2 }: unknown key "attemps"; allowed here: attempts, backoff, on; did you mean "attempts"?',
  );
  t.is(
    refused('rank.light=rnakLight'),
    'what if rank.light=rnakLight: there is no other node "rnakLight" (did you mean \'rankLight\'?); there are profile, recall, extra, rankLight',
  );
  t.is(
    refused('recall.fallback=[{ value: rank }]'),
    'what if recall.fallback=[{ value: rank }]: recall would wait for rank, which it does not need now; change that in the file',
  );
  t.is(
    refused('budget.totl=1s'),
    'what if budget.totl=1s: budget has no "totl" (did you mean \'total\'?); there are total, reserve, retries, hedges',
  );
  t.is(refused('level=2'), 'what if level=2: level 2 is not declared; declared: 1');
  t.is(refused('level=99'), 'what if level=99: a level is a number from 0 to 10');
  t.is(
    refused('params.useExtras=true'),
    'what if params.useExtras=true: no layer owns a parameter "useExtras" (did you mean \'useExtra\'?); there are useExtra',
  );
});

test('options out of their bounds are refused', (t) => {
  for (const options of [{ runs: 0 }, { runs: 1e7 }, { runs: Number.NaN }, { runsPerSecond: 0 }, { warmUpRuns: -1 }]) {
    t.throws(() => simulate(one(), {}, options), { code: 'INVALID_ARGUMENT' });
  }
  t.throws(() => simulate(one(), { a: { failedShare: 2 } }, { runs: 1 }), {
    message: /failedShare of a is a share from 0 to 1, not 2/,
  });
});

test('an expression that fails for want of values names the node that needs a sample', (t) => {
  const untested = definitionOf(
    'nodes: { a: { run: ./a.ts#a }, b: { run: ./a.ts#b, input: { x: a.items.size() } } }\noutput: b',
  );
  const { problems, withoutLatency, valuesFrom } = simulate(untested, {}, { runs: 3 });
  t.is(problems.length, 1);
  t.regex(
    problems[0]!,
    /^the input of b: .*; a has no sample: mock it in an inline test, or give a trace with values$/,
  );
  t.deepEqual(withoutLatency, ['a']);
  t.is(valuesFrom, 'the shape of the request');
  const shapes = { a: { kind: 'record', fields: { items: { kind: 'list', item: { kind: 'number' } } } } } as const;
  t.deepEqual(simulate(untested, {}, { runs: 3, shapes }).problems, []);
});

test('recorded runs are simulated with their requests, values and parameters', (t) => {
  const scenarios = [
    {
      request: { user: 'x', k: 1 },
      values: { profile: { segment: 's' }, recall: { items: [] }, extra: null, rank: { items: [] } },
      params: { useExtra: true },
    },
  ];
  const { base, valuesFrom } = simulate(feed(), {}, { runs: 5, scenarios });
  t.is(base.nodes.find(({ name }) => name === 'extra')?.ranShare, 1);
  t.is(valuesFrom, '1 given scenario');
});

test('the table has a line for each variant, and fits the terminal', (t) => {
  const model = {
    profile: { latency: { p50: 3, p99: 20 }, failedShare: 0.01 },
    recall: { latency: { p50: 8, p99: 30 } },
    rnak: {},
  };
  const simulation = simulate(feed(), model, { runs: 500, whatIf: ['recall.hedge=p90'], withoutEachPolicy: true });
  const text = formatSimulation(simulation, { width: 80 });
  t.deepEqual(text.split('\n').slice(0, 5), [
    'feed: 500 runs on a virtual clock, 100 a second, seed 1; values from 1 inline',
    '      test',
    '! no latency is known of rankLight: 0 ms here; measure them, or write an',
    '      estimate',
    '! latencies of nodes that there are not: rnak',
  ]);
  for (const { name } of simulation.variants) t.true(text.includes(`  ${name}`));
  for (const line of text.split('\n')) t.true(line.length <= 80, line);
  t.regex(
    formatSimulation(simulation, { width: 180 }),
    /p90 +p95 +p99 +p99\.9 +ok +degraded +calls +hedges +retries\n/,
  );
});
