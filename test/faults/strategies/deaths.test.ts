// What strategies need goes away in mid-run: a thread of a node's pool, a backend, the service's own thread, the client.

import { request as httpRequest } from 'node:http';
import test from 'ava';
import { HeddleError } from '../../../runtime/errors.ts';
import { comesToRest, eventually, goingThreads, startRig } from '../rig.ts';
import { runsOf, shareRuns } from '../services/runs.ts';
import { fixtures, StrategyFolder, StrategyRig } from './world.ts';

test.serial('a pool thread that dies in mid-graph fails its nodes UNAVAILABLE; their fallbacks answer', async (t) => {
  shareRuns();
  const request = 'request: { id: number, how: string }\n';
  const doomed = `run: ${fixtures}/work.ts#dies, pool: cpu, input: { id: request.id, how: request.how }`;
  const beside = `beside: { run: ${fixtures}/work.ts#works, input: { id: 0, ms: 4 } }`;
  const folder = new StrategyFolder(t, {
    'saved.yaml': `strategy: saved
${request}nodes:
  doomed: { ${doomed}, fallback: [{ value: "'stood in'" }] }
  ${beside}
output: [doomed, beside]
report: [degraded]
`,
    'lost.yaml': `strategy: lost\n${request}nodes:\n  doomed: { ${doomed} }\n  ${beside}\noutput: [doomed, beside]\n`,
  });
  await using world = await StrategyRig.start(folder, { pools: 'cpu: { threads: 2 }' });
  const runs = world.client();
  let id = 1;
  for (const how of ['exit', 'throw', 'reject']) {
    const both = goingThreads(world.rig.pool('cpu')).length === 2;
    t.true(both);
    t.deepEqual(await runs.run({ strategy: 'saved', request: { id, how } }), { result: ['stood in', 'done'] });
    t.is(runsOf(id++).began, 1, 'not tried again');
    await eventually('the pool is whole', () => goingThreads(world.rig.pool('cpu')).length === 2);
    const error = await t.throwsAsync(runs.run({ strategy: 'lost', request: { id: id++, how } }), {
      instanceOf: HeddleError,
    });
    t.is(error!.code, 'UNAVAILABLE');
    t.regex(error!.message, /^lost failed at doomed: .*died/);
    await eventually('the pool is whole', () => goingThreads(world.rig.pool('cpu')).length === 2);
  }
  const saved = await world.report('saved');
  t.like(saved, { done: 3, failed: 0, degraded: 3 });
  t.like(await world.report('lost'), { done: 0, failed: 3 });
  await comesToRest(t, world.rig.server);
});

test.serial(
  'a backend that goes down fails its nodes by name, those under way at once; fallbacks answer',
  async (t) => {
    const call = `call: "${fixtures}/contracts.ts#Backend1/get", input: { id: request.id }, timeout: 10s`;
    const folder = new StrategyFolder(t, {
      'saved.yaml': `strategy: saved\nrequest: { id: number }\nnodes: { user: { ${call}, fallback: [{ value: "'nobody'" }] } }\noutput: user\n`,
      'lost.yaml': `strategy: lost\nrequest: { id: number }\nnodes: { user: { ${call} } }\noutput: user\n`,
    });
    await using behind = await startRig(`
io: { threads: 1 }
pools: { back: { threads: 1 } }
stop: { timeout: 100ms }
services:
  strategies.Backend1: { module: ../strategies/services/slow-backend.ts, pool: back, listen: ["heddle://127.0.0.1:0"] }
`);
    const target = `heddle://127.0.0.1:${behind.port('heddle')}`;
    await using world = await StrategyRig.start(folder, {
      more: `clients:\n  strategies.Backend1: { target: "${target}" }\n`,
    });
    const runs = world.client();
    const run = (strategy: string, id: number) => runs.run({ strategy, request: { id } });
    t.deepEqual(await run('lost', 0), { result: { backend: 1, id: 0 } });
    const underWay = [run('saved', 1), run('lost', 1)];
    const outcomes = Promise.allSettled(underWay);
    await eventually('both run there', () => behind.server.stats().fibers === 2);
    const startMs = performance.now();
    const stopped = behind.server.stop();
    for (const outcome of await outcomes) {
      if (outcome.status === 'fulfilled') t.deepEqual(outcome.value, { result: 'nobody' });
      else t.regex(String(outcome.reason.message), /^lost failed at user: /);
    }
    t.deepEqual(
      (await outcomes).map(({ status }) => status),
      ['fulfilled', 'rejected'],
    );
    t.true(performance.now() - startMs < 8_000, 'long before their deadline');
    await stopped;
    // Nobody listens any more.
    t.deepEqual(await run('saved', 2), { result: 'nobody' });
    const error = await t.throwsAsync(run('lost', 2), { code: 'UNAVAILABLE' });
    t.regex(error!.message, /^lost failed at user: /);
    await comesToRest(t, world.rig.server);
  },
);

const slow = `strategy: slow
request: { id: number, ms: number }
nodes:
  a: { run: ${fixtures}/work.ts#works, input: { id: request.id, ms: request.ms } }
  b: { run: ${fixtures}/work.ts#works, pool: cpu, input: { id: request.id + 1, ms: request.ms } }
  c: { value: a, needs: [b] }
output: c
`;

test.serial('a client that leaves in mid-run ends the work of all nodes, here and on another pool', async (t) => {
  shareRuns();
  const folder = new StrategyFolder(t, { 'slow.yaml': slow });
  await using world = await StrategyRig.start(folder, { pools: 'cpu: { threads: 1 }' });
  const runs = world.client();
  t.deepEqual(await runs.run({ strategy: 'slow', request: { id: 1, ms: 2 } }), { result: 'done' });
  const leaving = httpRequest({
    port: world.rig.port('http'),
    path: '/strategies.Runs/run',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
  });
  leaving.on('error', () => {});
  leaving.end(JSON.stringify({ strategy: 'slow', request: { id: 10, ms: 600_000 } }));
  await eventually('both nodes work', () => runsOf(10).began > 3 && runsOf(11).began > 3);
  leaving.destroy();
  await comesToRest(t, world.rig.server);
  const [here, there] = [runsOf(10), runsOf(11)];
  // As long as those took to work.
  await runs.run({ strategy: 'slow', request: { id: 20, ms: 20 } });
  t.deepEqual([runsOf(10), runsOf(11)], [here, there]);
  t.deepEqual([here.ended, there.ended], [0, 0]);
  const report = await world.report('slow');
  t.like(report, { done: 2, failed: 0, cancelled: 1 });
  t.deepEqual(
    report.nodes.map(({ cancelled }) => cancelled),
    [1, 1, 1],
  );
});

test.serial(
  'a dead thread of the service is replaced with the published version and the levels set by hand',
  async (t) => {
    shareRuns();
    const feed = (constant: number) => `strategy: feed
nodes: { a: { value: ${constant} }, b: { value: "'light'" }, c: { value: ${constant} } }
output: [a, c]
degrade: { levels: { 1: { replace: { a: b } } } }
`;
    const folder = new StrategyFolder(t, { 'slow.yaml': slow, 'feed.yaml': feed(1) });
    await using world = await StrategyRig.start(folder, { pools: 'cpu: { threads: 1 }' });
    const runs = world.client();
    const feedNow = async () => (await runs.run({ strategy: 'feed', request: {} })).result;
    t.deepEqual(await feedNow(), [1, 1]);
    folder.write('feed.yaml', feed(2));
    t.like(await world.ask({ ask: 'publish' }), { version: 2, changed: true });
    await world.ask({ ask: 'level', strategy: 'feed', level: 1 });
    for (let death = 1; death <= 3; death++) {
      const id = 100 * death;
      const underWay = t.throwsAsync(runs.run({ strategy: 'slow', request: { id, ms: 600_000 } }), {
        instanceOf: HeddleError,
      });
      await eventually('it runs', () => runsOf(id + 1).began > 1);
      void goingThreads(world.rig.pool('main'))[0]!.worker!.terminate();
      t.is((await underWay)!.code, 'UNAVAILABLE');
      t.deepEqual(await feedNow(), ['light', 2]);
      await eventually('it goes', () => goingThreads(world.rig.pool('main')).length === 1);
      const { why, manualLevel } = await world.report('feed');
      t.is(manualLevel, 1);
      t.is(Object.keys(why).length, 1, JSON.stringify(why));
    }
    // What dead threads have counted counts.
    t.is((await world.report('feed')).done, 4);
    // A version after deaths reaches those who came since, whatever their numbers.
    folder.write('feed.yaml', feed(3));
    t.like(await world.ask({ ask: 'publish' }), { version: 3 });
    t.deepEqual(await feedNow(), ['light', 3]);
    await world.ask({ ask: 'level', strategy: 'feed', level: undefined });
    t.deepEqual(await feedNow(), [3, 3]);
    await comesToRest(t, world.rig.server);
  },
);
