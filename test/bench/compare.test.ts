// Comparisons of the bench: real processes, the bare echo on both sides, since it needs nothing installed.

import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import { readCommandLine } from '../../bench/command-line.ts';
import { Child } from '../../bench/measure/child.ts';
import { compare } from '../../bench/measure/compare.ts';
import type { Comparison, OwnSide, Ratios, Shape } from '../../bench/measure/comparison.ts';
import { ratioGoal } from '../../bench/measure/comparison-report.ts';
import type { Spread } from '../../bench/measure/pairs.ts';
import { readyPeer } from '../../bench/measure/peers.ts';
import { allScenarios } from '../../bench/scenarios/all.ts';
import { unary, unaryIo } from '../../bench/scenarios/unary.ts';

const echoFolder = new URL('../../bench/peers/net-echo/', import.meta.url);
const echo: OwnSide = {
  name: 'echo',
  server: new URL('server.js', echoFolder).href,
  client: new URL('client.js', echoFolder).href,
};
const closed: Shape = {
  name: '8/2',
  connections: 2,
  loads: [{ kind: 'call', shape: { kind: 'closed', inFlight: 8 } }],
};
const quick = { scenario: 'test', rounds: 2, seconds: 0.1, onStep: () => {} };

test('sides take turns, and each round of a peer has its ratio', async (t) => {
  const { shapes, notRun } = await compare({ ...quick, own: [echo], peers: ['net-echo'], shapes: [closed] });
  t.deepEqual(notRun, []);
  const [own, peer] = shapes[0]!.sides;
  t.deepEqual([own!.samples.length, peer!.samples.length], [2, 2]);
  const ratios = own!.samples.map(({ cpuUs }, round) => cpuUs / peer!.samples[round]!.cpuUs);
  t.is(peer!.ratios.echo!.cpuUs.min, Math.min(...ratios));
  t.is(peer!.ratios.echo!.cpuUs.max, Math.max(...ratios));
  t.true(own!.cpuUs.min > 0 && own!.rssMb.min > 10 && own!.p999Ms.median >= own!.p50Ms.median);
});

test('several loads go on at once, open ones too, and each has its own latencies', async (t) => {
  const loads: Shape['loads'] = [
    { kind: 'rare', shape: { kind: 'open', ratePerSecond: 500, maxInFlight: 100 } },
    { kind: 'often', shape: { kind: 'closed', inFlight: 4 } },
  ];
  const { shapes } = await compare({ ...quick, seconds: 0.4, own: [echo], peers: [], shapes: [{ ...closed, loads }] });
  const { samples, perSecond } = shapes[0]!.sides[0]!;
  for (const { loads } of samples) {
    t.deepEqual(
      loads.map(({ kind }) => kind),
      ['rare', 'often'],
    );
    t.true(loads[1]!.answers > loads[0]!.answers);
  }
  t.true(perSecond.median > samples[0]!.loads[0]!.perSecond);
});

test('a peer that can not run is left out, with the reason; Heddle measured wrongly is no measurement', async (t) => {
  const { shapes, notRun } = await compare({ ...quick, own: [echo], peers: ['nobody'], shapes: [closed] });
  t.is(shapes[0]!.sides.length, 1);
  t.like(notRun, [{ side: 'nobody', shape: undefined }]);
  const wrong = { ...echo, client: import.meta.resolve('./wrong-client.ts') };
  await t.throwsAsync(compare({ ...quick, own: [wrong], peers: [], shapes: [closed] }), {
    message: /calls \(call\) have failed: the answer is not what was sent/,
  });
});

test('a process that ends says what it wrote last', async (t) => {
  await using child = new Child('server of x', 'file:///nowhere.js', []);
  await t.throwsAsync(child.ask(undefined), { message: /the server of x has ended, with 1: .*Cannot find module/s });
  await t.throwsAsync(child.ask({}), { message: /the server of x has ended/ });
});

test('each peer that a scenario names stands alone: exact versions, a lock, a server, a client, and what was tuned', async (t) => {
  const served = new Set([unary, unaryIo].flatMap(({ peers = [] }) => peers));
  for (const name of new Set(allScenarios.flatMap(({ peers = [] }) => peers))) {
    const folder = new URL(`../../bench/peers/${name}/`, import.meta.url);
    const {
      private: isPrivate,
      type,
      dependencies = {},
    } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'));
    t.deepEqual([isPrivate, type], [true, 'module'], name);
    for (const version of Object.values(dependencies)) t.regex(`${version}`, /^\d+\.\d+\.\d+/, name);
    const lock = new URL('package-lock.json', folder);
    t.is(existsSync(lock), Object.keys(dependencies).length > 0, name);
    // Where it was resolved is nobody's business.
    if (existsSync(lock)) t.notRegex(readFileSync(lock, 'utf8'), /"resolved"/, name);
    t.true(existsSync(new URL('README.md', folder)), name);
    if (served.has(name)) {
      t.true(existsSync(new URL('server.js', folder)) && existsSync(new URL('client.js', folder)), name);
    }
  }
  t.is((await readyPeer('net-echo', () => {})).versions, `node ${process.version}`);
});

test('the command line knows the peers of what it measures', (t) => {
  const read = (...words: string[]) => readCommandLine(words, allScenarios);
  t.like(read('all', '--peers', 'none'), { scenarios: allScenarios, peers: [] });
  t.like(read('unary', '--peers', 'avsc,moleculer'), { peers: ['avsc', 'moleculer'] });
  t.is((read('unary') as { peers: unknown }).peers, undefined);
  t.regex(
    (read('unary', '--peers', 'molecular') as { text: string }).text,
    /no peer 'molecular' \(did you mean 'moleculer'\?\)/,
  );
  t.regex((read('compression', '--peers', 'avsc') as { text: string }).text, /what is to be measured has none/);
  t.regex((read('--help') as { text: string }).text, /^ {2}unary +.*\n +peers: moleculer, /m);
});

test('the best peer is the one that Heddle has the hardest time with; a floor among the sides does not count', (t) => {
  const goalOf = (asked: Partial<Parameters<typeof ratioGoal>[1]>) =>
    ratioGoal(comparisonOf({ slow: 0.2, fast: 0.45, floor: 3 }), { shape: 's', against: 'best', goal: 0.5, ...asked });
  t.like(goalOf({ among: ['slow', 'fast'] }), { met: true, ratio: 0.45 });
  t.regex(goalOf({ among: ['slow', 'fast'] }).sentence, /0\.45 \(0\.45 to 0\.45\) times that of the best peer, fast;/);
  t.like(goalOf({}), { met: false, ratio: 3 });
  t.regex(goalOf({ among: ['slow'], stretch: 0.3 }).sentence, /at most 0\.5, stretch 0\.3 \(reached\)$/);
  t.is(goalOf({ against: 'absent' }).met, undefined);
  t.like(goalOf({ against: 'slow', figure: 'perSecond', goal: 5 }), { met: true, ratio: 5 });
});

function comparisonOf(peers: Record<string, number>): Comparison {
  const spread = (median: number): Spread => ({ median, min: median, max: median });
  const figures = (side: string, ratios: Record<string, Ratios>) => {
    const one = spread(1);
    const all = { cpuUs: one, perSecond: one, p50Ms: one, p99Ms: one, p999Ms: one, rssMb: one, clientShare: one };
    return { side, isOwn: side === 'heddle', ...all, ratios, samples: [] };
  };
  const ratiosOf = (ratio: number): Ratios => {
    const less = spread(ratio);
    return { cpuUs: less, perSecond: spread(1 / ratio), p50Ms: less, p99Ms: less };
  };
  const sides = Object.entries(peers).map(([side, ratio]) => figures(side, { heddle: ratiosOf(ratio) }));
  const shapes = [{ name: 's', sides: [figures('heddle', {}), ...sides] }];
  return { rounds: 1, sampleMs: 1, warmUpMs: 1, versions: {}, shapes, notRun: [] };
}
