// hostStrategies: the strategies of one thread, with real modules, on a virtual clock.

import test from 'ava';
import { traceKey } from '../../../dag/host/thread-strategies.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import type { FiberExit } from '../../../runtime/fiber/context.ts';
import { settle } from '../../helpers/virtual-clock.ts';
import { ThreadRig } from './world.ts';

const feed = (value: string, more = '') => `strategy: feed\nnodes: { a: { value: ${value} } }\noutput: a\n${more}`;
const failing = 'strategy: fails\nnodes: { a: { run: ./fails.ts#run } }\noutput: a\n';
const fails = "export const run = () => { throw new Error('as a test asked'); };\n";

function codeAndMessage(exit: FiberExit<unknown>): unknown {
  return exit.how === 'returned' ? exit.value : `${exit.error.code} ${exit.error.message}`;
}

test('a name that no strategy has is NOT_FOUND, with the nearest one', async (t) => {
  const thread = await ThreadRig.of(t, { 'feed.yaml': feed('1') });
  await t.throwsAsync(thread.value('fead'), {
    code: 'NOT_FOUND',
    message: "there is no strategy fead (did you mean 'feed'?)",
  });
});

test('a request that is not as declared is INVALID_ARGUMENT with the path to what is wrong, and nothing runs', async (t) => {
  const request = 'request: { user: string, k: number?, tags: list<string>, deep: { on: boolean } }\n';
  const thread = await ThreadRig.of(t, { 'feed.yaml': feed('request.user', request) });
  const good = { user: 'ada', k: 1, tags: ['x'], deep: { on: true }, more: 1 };
  t.is(await thread.value('feed', good), 'ada');
  t.is(await thread.value('feed', { ...good, k: undefined }), 'ada');
  for (const [wrong, message] of [
    [{ ...good, user: 7 }, 'feed: request.user must be string, not number'],
    [{ ...good, user: undefined }, 'feed: request.user is missing; it must be string'],
    [{ ...good, k: 'x' }, /^feed: request\.k must be .*not string$/],
    [{ ...good, tags: ['x', null] }, 'feed: request.tags[1] must be string, not null'],
    [{ ...good, tags: {} }, 'feed: request.tags must be list<string>, not record'],
    [{ ...good, deep: { on: 1 } }, 'feed: request.deep.on must be boolean, not number'],
    [{ ...good, deep: Object.create({ on: true }) }, 'feed: request.deep.on is missing; it must be boolean'],
    [null, /^feed: request must be .*, not null$/],
    [[], /^feed: request must be .*, not list$/],
  ] as const) {
    await t.throwsAsync(thread.value('feed', wrong), { code: 'INVALID_ARGUMENT', message });
  }
  t.is(thread.ledger.sums().get('feed')!.runs.counts.done, 2);
  t.is(thread.ledger.sums().get('feed')!.runs.counts.failed, 0);
});

test('a timeout given with the run bounds it, and a wrong one is INVALID_ARGUMENT', async (t) => {
  const thread = await ThreadRig.of(t, {
    'slow.yaml': 'strategy: slow\nnodes: { a: { run: ./slow.ts#run } }\noutput: a\n',
    'slow.ts': 'export const run = (_, fiber) => fiber.sleep(60_000);\n',
  });
  const run = (timeoutMs: number) => thread.rig.outcome((fiber) => thread.hosted.run(fiber, 'slow', {}, { timeoutMs }));
  const exit = await run(50);
  t.like(exit, { how: 'failed', atMs: 50 });
  t.regex(String(codeAndMessage(exit)), /^DEADLINE_EXCEEDED slow failed at a: /);
  for (const wrong of [-1, Number.NaN])
    t.regex(String(codeAndMessage(await run(wrong))), /^INVALID_ARGUMENT timeoutMs/);
});

test('a nested strategy is of the version of the run around it, and both versions go on side by side', async (t) => {
  const outer = (name: string) => `strategy: outer
nodes:
  before: { run: ./wait.ts#run }
  inner: { strategy: inner, needs: [before] }
output: { inner: inner, outer: "'${name}'" }
`;
  const inner = (name: string) => `strategy: inner\nnodes: { a: { value: "'${name}'" } }\noutput: a\n`;
  const thread = await ThreadRig.of(t, {
    'outer.yaml': outer('one'),
    'inner.yaml': inner('one'),
    'wait.ts': 'export const run = (_, fiber) => fiber.sleep(10);\n',
  });
  const old = thread.rig.start((fiber) => thread.run(fiber, 'outer'));
  await thread.rig.clock.advance(5);
  thread.write('outer.yaml', outer('two'));
  thread.write('inner.yaml', inner('two'));
  t.is((await thread.offered(2)).say, 'loaded');
  const between = thread.rig.start((fiber) => thread.run(fiber, 'outer'));
  thread.hosted.onMessage({ say: 'use', version: 2 });
  const fresh = thread.rig.start((fiber) => thread.run(fiber, 'outer'));
  await thread.rig.clock.advance(20);
  t.deepEqual(
    [old, between, fresh].map(({ exit }) => codeAndMessage(exit!)),
    [
      { inner: 'one', outer: 'one' },
      { inner: 'one', outer: 'one' },
      { inner: 'two', outer: 'two' },
    ],
  );
});

test('what a thread can not load it refuses with the reason, and the old set goes on', async (t) => {
  const thread = await ThreadRig.of(t, { 'feed.yaml': feed('1') });
  thread.write(
    'more.yaml',
    'strategy: more\nnodes: { a: { run: ./bad.ts#run }, b: { run: ./none.ts#rum } }\noutput: [a, b]\n',
  );
  thread.write('bad.ts', "throw new Error('on purpose');\n");
  thread.write('none.ts', 'export const run = 1;\n');
  const refused = await thread.offered(2);
  t.is(refused.say, 'refused');
  const { why } = refused as { why: string };
  t.regex(why, /^more\/a: .*bad\.ts: .*on purpose.*\nmore\/b: .*none\.ts exports no rum; did you mean .*run/);
  t.is(await thread.value('feed'), 1);
  // A word to use it after all is an error in the log, not silence.
  thread.hosted.onMessage({ say: 'use', version: 2 });
  t.true(thread.lines.some(({ level, fields }) => level === 'error' && fields.version === 2));
  t.is(await thread.value('feed'), 1);
});

test('a version that was taken back while it was loaded is dropped', async (t) => {
  const thread = await ThreadRig.of(t, { 'feed.yaml': feed('1') });
  thread.write('feed.yaml', feed('2'));
  thread.hosted.onMessage(await thread.offer(2));
  thread.hosted.onMessage({ say: 'withdraw', version: 2 });
  thread.write('feed.yaml', feed('3'));
  await thread.offered(3);
  await settle();
  thread.hosted.onMessage({ say: 'use', version: 2 });
  t.is(await thread.value('feed'), 1);
  thread.hosted.onMessage({ say: 'use', version: 3 });
  t.is(await thread.value('feed'), 3);
  t.deepEqual(
    thread.saying('loaded').map(({ version }) => version),
    [3],
  );
});

test('using one version keeps a later one that waits', async (t) => {
  const thread = await ThreadRig.of(t, { 'feed.yaml': feed('1') });
  for (const version of [2, 3]) {
    thread.write('feed.yaml', feed(String(version)));
    await thread.offered(version);
  }
  for (const version of [2, 3]) {
    thread.hosted.onMessage({ say: 'use', version });
    t.is(await thread.value('feed'), version);
  }
});

test('the reply says what was degraded, which experiments were shown and what took the time, in bounds', async (t) => {
  const text = `
strategy: feed
request: { user: string }
nodes:
  a: { run: ./work.ts#run, fallback: [{ value: "'plain'" }] }
  b: { value: "params.colour", needs: [a] }
output: [a, b]
report: [degraded, experiments, path]
layers:
  look:
    unit: request.user
    params: { colour: { default: red, choices: [red, blue] } }
    experiments: { blue: { slots: [0-999999], variants: { blue: { weight: 100, params: { colour: blue } } } } }
`;
  const thread = await ThreadRig.of(t, {
    'feed.yaml': text,
    'work.ts': 'export const run = async (_, fiber) => { await fiber.sleep(10); throw new Error("x"); };\n',
  });
  const { fiber } = thread.rig.start(async (root) => {
    t.deepEqual(await thread.run(root, 'feed', { user: 'ada' }), ['plain', 'blue']);
    t.deepEqual(Object.fromEntries(root.replyMetadata), {
      'strategy-degraded': 'a: value',
      'strategy-experiments': 'look/blue=blue',
      'strategy-path': 'a 10.0ms > b 0.0ms',
    });
    for (let run = 0; run < 300; run++) await thread.run(root, 'feed', { user: 'ada' });
  });
  await thread.rig.clock.runAll();
  t.is(fiber.exit?.how, 'returned');
  for (const value of fiber.replyMetadata.values()) t.true(value.length <= 2048, `${value.length}`);
  t.regex(fiber.replyMetadata.get('strategy-degraded')!, /^a: value; a: value; .*…$/);
});

test('an exposure is logged when a parameter was read, and only then', async (t) => {
  const text = `
strategy: feed
request: { user: string, reads: boolean }
nodes:
  a: { value: params.colour, when: request.reads }
  b: { value: 1, needs: [a?] }
output: b
layers:
  look:
    unit: request.user
    params: { colour: { default: red, choices: [red, blue] } }
    experiments: { blue: { slots: [0-999999], variants: { blue: { weight: 100, params: { colour: blue } } } } }
`;
  const thread = await ThreadRig.of(t, { 'feed.yaml': text });
  const exposed = () => thread.lines.filter(({ message }) => message === 'exposed');
  await thread.value('feed', { user: 'ada', reads: false });
  t.is(exposed().length, 0);
  await thread.value('feed', { user: 'ada', reads: true });
  t.is(exposed().length, 1);
  t.like(exposed()[0]!.fields, { strategy: 'feed', version: 1 });
  t.like((exposed()[0]!.fields.exposures as object[])[0], { layer: 'look', experiment: 'blue', variant: 'blue' });
});

test('an expression of an experiment that fails is told once a minute; a unit that is not there is no failure', async (t) => {
  const text = `
strategy: feed
nodes: { a: { value: params.colour } }
output: a
layers:
  look:
    unit: string(1 % request.zero)
    params: { colour: { default: red, choices: [red, blue] } }
    experiments: { blue: { slots: [0-999999], variants: { blue: { weight: 100, params: { colour: blue } } } } }
`;
  const thread = await ThreadRig.of(t, { 'feed.yaml': text });
  const told = () => thread.lines.filter(({ level }) => level === 'warn');
  t.is(await thread.value('feed', {}), 'red');
  t.is(told().length, 0);
  for (let run = 0; run < 10; run++) t.is(await thread.value('feed', { zero: 0 }), 'red');
  t.is(told().length, 1);
  t.like(told()[0]!.fields, { strategy: 'feed', layer: 'look' });
  await thread.rig.clock.advance(60_000);
  for (let run = 0; run < 10; run++) await thread.value('feed', { zero: 0 });
  t.is(told().length, 2);
});

test('failed runs are traced, at most 5 a second, and those that were asked for on top, at most 50', async (t) => {
  const thread = await ThreadRig.of(t, { 'fails.yaml': failing, 'fails.ts': fails, 'feed.yaml': feed('1') });
  const run = (strategy: string, metadata: Record<string, string> = {}) =>
    thread.rig.outcome((fiber) => thread.run(fiber, strategy, { x: 1 }), { metadata });
  for (let call = 0; call < 20; call++) await run('fails');
  const traces = () => thread.saying('trace').map(({ trace }) => trace);
  t.is(traces().length, 5);
  t.like(traces()[0], { strategy: 'fails', version: 1, failure: { code: 'INTERNAL' } });
  t.false('request' in traces()[0]!);
  for (let call = 0; call < 60; call++) await run('fails', { [traceKey]: 'values' });
  t.is(traces().length, 55);
  t.like(traces().at(-1), { request: { x: 1 }, result: null });
  await thread.rig.clock.advance(1000);
  await run('fails');
  t.is(traces().length, 56);
  // Of runs that are as they should be the first of many.
  for (let call = 0; call < 20; call++) await run('feed');
  t.is(traces().length, 57);
  await run('feed', { [traceKey]: 'values' });
  t.like(traces().at(-1), { strategy: 'feed', result: 1 });
});

test('a trace is asked for of values that no message can carry', async (t) => {
  const thread = await ThreadRig.of(t, {
    'odd.yaml': 'strategy: odd\nnodes: { a: { run: ./odd.ts#run } }\noutput: a\n',
    'odd.ts': 'export const run = () => { const a = { f() {}, n: 1n }; a.self = a; return a; };\n',
  });
  const exit = await thread.rig.outcome((fiber) => thread.run(fiber, 'odd'), { metadata: { [traceKey]: 'values' } });
  t.is(exit.how, 'returned');
  t.is(thread.saying('trace').length, 1);
});

test('levels: by hand from birth and by message, by limits, and those of a strategy that comes with a later set', async (t) => {
  const text = (name: string) => `
strategy: ${name}
nodes:
  a: { value: "'whole'" }
  b: { value: "'light'" }
output: a
degrade:
  levels: { 1: { replace: { a: b } } }
  limits: [{ level: 1, count: 2 per 1s }]
`;
  const thread = await ThreadRig.of(t, { 'feed.yaml': text('feed') }, { feed: 1, other: 1 });
  t.is(await thread.value('feed'), 'light');
  t.deepEqual(Object.keys(thread.saying('levels').at(-1)!.why), ['feed']);
  const level = (strategy: string, value: number | undefined) =>
    thread.hosted.onMessage({ say: 'level', strategy, level: value });
  level('feed', undefined);
  t.deepEqual(thread.saying('levels').at(-1)!.why, {});
  thread.hosted.onMessage({ say: 'call', call: 7 });
  t.deepEqual(thread.saying('here'), [{ say: 'here', call: 7 }]);
  await thread.rig.clock.advance(2000);
  t.deepEqual(
    [await thread.value('feed'), await thread.value('feed'), await thread.value('feed')],
    ['whole', 'whole', 'light'],
  );
  thread.write('other.yaml', text('other'));
  await thread.offered(2);
  thread.hosted.onMessage({ say: 'use', version: 2 });
  t.is(await thread.value('other'), 'light');
  t.deepEqual(Object.keys(thread.saying('levels').at(-1)!.why), ['other']);
  level('other', undefined);
  t.is(await thread.value('other'), 'whole');
  const { counts, levels } = thread.ledger.sums().get('feed')!.runs;
  t.is(counts.done, 4);
  t.deepEqual(levels.slice(0, 2), [2, 2]);
});

test('a signal raises a level while runs fail, and a new version keeps it', async (t) => {
  const text = (constant: number) => `
strategy: feed
request: { fails: boolean }
nodes:
  a: { run: ./work.ts#run, input: { fails: request.fails } }
  b: { value: ${constant} }
output: a
degrade:
  levels: { 1: { replace: { a: b } } }
  signals: [{ level: 1, signal: errorRate, above: 0.5, hold: 1s, coolDown: 30s }]
`;
  const thread = await ThreadRig.of(t, {
    'feed.yaml': text(7),
    'work.ts': "export const run = ({ fails }) => { if (fails) throw new Error('x'); return 'whole'; };\n",
  });
  t.is(await thread.value('feed', { fails: false }), 'whole');
  const all = async (runs: number) => {
    for (let run = 0; run < runs; run++) {
      thread.rig.start((fiber) => thread.run(fiber, 'feed', { fails: true }));
    }
    await thread.rig.clock.advance(1000);
  };
  for (let second = 0; second < 4; second++) await all(20);
  t.is(thread.saying('levels').length, 1);
  const degraded = thread.rig.start((fiber) => thread.run(fiber, 'feed', { fails: true }));
  await settle();
  t.is(codeAndMessage(degraded.exit!), 7);
  thread.write('feed.yaml', text(8));
  await thread.offered(2);
  thread.hosted.onMessage({ say: 'use', version: 2 });
  const after = thread.rig.start((fiber) => thread.run(fiber, 'feed', { fails: true }));
  await settle();
  t.is(codeAndMessage(after.exit!), 8);
  thread.hosted.close();
  await thread.rig.clock.advance(10);
  t.is(thread.rig.timers.size, 0);
});

test('runs are counted by how they ended, and each node with them', async (t) => {
  const thread = await ThreadRig.of(t, {
    'slow.yaml': 'strategy: slow\nnodes: { a: { run: ./slow.ts#run }, b: { value: a } }\noutput: b\n',
    'slow.ts': 'export const run = async (_, fiber) => { await fiber.sleep(10); return 1; };\n',
    'fails.yaml': failing,
    'fails.ts': fails,
  });
  await thread.value('slow');
  const { fiber } = thread.rig.start((root) => thread.run(root, 'slow'));
  await thread.rig.clock.advance(5);
  fiber.cancel();
  await settle();
  await t.throwsAsync(thread.value('fails'), { instanceOf: HeddleError });
  const sums = thread.ledger.sums();
  t.like(sums.get('slow')!.runs.counts, { done: 1, failed: 0, cancelled: 1, sumMs: 10 });
  t.like(sums.get('slow')!.nodes.get('a')!.counts, { done: 1, cancelled: 1, attempts: 2, critical: 1, criticalMs: 10 });
  t.like(sums.get('slow')!.nodes.get('b')!.counts, { done: 1, cancelled: 1, attempts: 0, critical: 1, criticalMs: 0 });
  t.like(sums.get('fails')!.runs.counts, { done: 0, failed: 1, cancelled: 0 });
  t.like(sums.get('fails')!.nodes.get('a')!.counts, { failed: 1, attempts: 1, critical: 1 });
});
