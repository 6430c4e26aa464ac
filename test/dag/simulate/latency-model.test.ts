// What simulations take latencies from: quantiles, estimates, and what the admin of a running process says.

import test from 'ava';
import { LatencyModel, normalScore } from '../../../dag/simulate/latency-model.ts';
import { readLatencies } from '../../../dag/simulate/read-latencies.ts';

test('a model gives back the quantiles that it was made of', (t) => {
  const model = new LatencyModel({ p50: 4, p90: 9, p95: 20, p99: 80, max: 300 });
  for (const [share, ms] of [
    [0.5, 4],
    [0.9, 9],
    [0.95, 20],
    [0.99, 80],
    [0.9999, 300],
  ] as const) {
    t.true(Math.abs(model.quantileMs(share) - ms) < 1e-6 * ms);
  }
  t.true(model.quantileMs(0.97) > 20 && model.quantileMs(0.97) < 80);
  t.is(model.quantileMs(0.999999), 300);
  t.true(model.quantileMs(0.01) < 4 && model.quantileMs(0.01) > 0);
});

test('one quantile, or equal ones, are a constant', (t) => {
  for (const input of [{ p50: 7 }, { p50: 7, p99: 7 }, [[0.3, 7]] as const]) {
    const model = new LatencyModel(input);
    t.deepEqual(
      [0.0001, 0.5, 0.9999].map((share) => model.quantileMs(share)),
      [7, 7, 7],
    );
  }
  t.is(new LatencyModel({ p50: 0 }).quantileMs(0.99), 0);
});

test('an estimate is the p95 of a lognormal', (t) => {
  const model = new LatencyModel(20);
  t.true(Math.abs(model.quantileMs(0.5) - 10) < 1e-6);
  t.true(Math.abs(model.quantileMs(0.95) - 20) < 1e-6);
  t.true(model.quantileMs(0.99) > 25 && model.quantileMs(0.99) < 28);
});

test('normal scores are those of the tables', (t) => {
  for (const [share, score] of [
    [0.5, 0],
    [0.95, 1.6448536],
    [0.99, 2.3263479],
    [0.001, -3.0902323],
    [0.0228, -1.9990772],
  ] as const) {
    t.true(Math.abs(normalScore(share) - score) < 1e-6, `${share}`);
  }
});

test('what is no distribution is refused with its place', (t) => {
  const refused = (input: ConstructorParameters<typeof LatencyModel>[0]) =>
    t.throws(() => new LatencyModel(input, 'latency of rank'), { code: 'INVALID_ARGUMENT' }).message;
  t.is(refused({}), 'latency of rank needs 1 to 1000 quantiles, it has 0; give p50 and p99, for example');
  t.is(refused({ p50: 5, p99: 4 }), 'latency of rank: quantiles rise, but p99 = 4 ms stands after p50 = 5 ms');
  t.is(refused([[0, 4]]), 'latency of rank: a share lies between 0 and 1, not 0');
  t.is(refused({ p50: -1 }), 'latency of rank: a time is a number of ms from 0 to a day, not -1');
});

test('the admin is read in each of its forms; who measured nothing is left out', (t) => {
  const rank = { p50: 4, p95: 9, p99: 12 };
  const nodes = [
    { name: 'rank', latency: { p50Ms: 4, p95Ms: 9, p99Ms: 12 }, failedShare: 0.01 },
    { name: 'recall', done: 90, failed: 10, cached: 45, skipped: 7, p50Ms: 1, p95Ms: 2, p99Ms: 2, maxMs: 1.99 },
    { name: 'idle', done: 0, failed: 0, p50Ms: 0, p95Ms: 0, p99Ms: 0 },
  ];
  const model = {
    rank: { latency: rank, failedShare: 0.01 },
    recall: { latency: { p50: 1, p95: 2, p99: 2, max: 2 }, failedShare: 0.1, cachedShare: 0.45 },
  };
  for (const json of [
    { feed: { nodes } },
    { strategies: { feed: { nodes } } },
    { strategies: [{ name: 'feed', nodes }] },
    [{ strategy: 'feed', nodes }],
  ]) {
    t.deepEqual(readLatencies(json), new Map([['feed', model]]));
  }
});

test('latencies that can not be read say which part', (t) => {
  const refused = (json: unknown) => t.throws(() => readLatencies(json), { code: 'INVALID_ARGUMENT' }).message;
  t.is(refused({ feed: {} }), 'feed.nodes is a list of { name, latency }, not missing');
  t.is(refused({ feed: { nodes: [{}] } }), 'feed.nodes[0] has no name');
  t.is(
    refused({ feed: { nodes: [{ name: 'rank', latency: { p50Ms: 'fast' } }] } }),
    'feed.nodes[0].latency.p50Ms is a number from 0 to 86400000, not a string',
  );
  t.is(
    refused({ feed: { nodes: [{ name: 'rank', failedShare: 2 }] } }),
    'feed.nodes[0].failedShare is a number from 0 to 1, not 2',
  );
  t.regex(refused(7), /^latencies are a map from strategy to \{ nodes: /);
});
