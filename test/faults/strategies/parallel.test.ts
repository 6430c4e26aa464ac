// Strategies in parallel: nodes of one request on several threads of a pool, and many requests to many backends.

import test from 'ava';
import { startLoad } from '../load.ts';
import { comesToRest, eventually, startRig } from '../rig.ts';
import type { Span } from './services/work.ts';
import { fixtures, StrategyFolder, StrategyRig } from './world.ts';

const computeMs = 100;

test.serial('two nodes of one request compute at the same time on two threads of their pool', async (t) => {
  const node = `run: ${fixtures}/work.ts#compute, pool: cpu, input: { ms: ${computeMs} }`;
  const folder = new StrategyFolder(t, {
    'both.yaml': `strategy: both\nnodes: { a: { ${node} }, b: { ${node} } }\noutput: [a, b]\n`,
    'alone.yaml': `strategy: alone\nnodes: { a: { ${node} } }\noutput: [a]\n`,
  });
  await using world = await StrategyRig.start(folder, { pools: 'cpu: { threads: 2 }' });
  const runs = world.client();
  const run = async (strategy: string) => {
    const startMs = performance.now();
    const { result } = await runs.run({ strategy, request: {} });
    return { spans: result as Span[], tookMs: performance.now() - startMs };
  };
  // Both threads have their modules.
  for (let warm = 0; warm < 4; warm++) await run('both');
  const overlaps: number[] = [];
  for (let round = 0; round < 5; round++) {
    const alone = await run('alone');
    const both = await run('both');
    const [a, b] = both.spans as [Span, Span];
    t.not(a.thread, b.thread);
    overlaps.push(Math.min(a.toMs, b.toMs) - Math.max(a.fromMs, b.fromMs));
    const times = `two nodes ${both.tookMs.toFixed(1)} ms, one ${alone.tookMs.toFixed(1)} ms`;
    t.log(`${times}; together for ${overlaps.at(-1)!.toFixed(1)} ms`);
  }
  t.true(Math.max(...overlaps) > 50, `${overlaps}`);
  await comesToRest(t, world.rig.server);
});

/** Requests at once. */
const inFlight = 256;
/** Answers that are measured, of each kind. */
const measured = 4_000;
const backends = [1, 2, 3, 4, 5];

test.serial(
  'five backends, asked over sockets at 256 requests in flight, give every request its own answers',
  async (t) => {
    const backend = (number: number) => `
import { implement } from ${JSON.stringify(new URL('../../../net/service/implement.ts', import.meta.url).href)};
import { Backend${number} } from ${JSON.stringify(`${fixtures}/contracts.ts`)};
export default implement(Backend${number}, {
  async get({ id }, fiber) {
    await fiber.sleep(2);
    return { backend: ${number}, id };
  },
});
`;
    const node = (number: number) =>
      `  n${number}: { call: "${fixtures}/contracts.ts#Backend${number}/get", input: { id: request.id } }\n`;
    const folder = new StrategyFolder(t, {
      ...Object.fromEntries(backends.map((number) => [`backend-${number}.ts`, backend(number)])),
      'fan.yaml': `strategy: fan
request: { id: number }
nodes:
${backends.map(node).join('')}
output: [${backends.map((number) => `n${number}`).join(', ')}]
`,
    });
    const services = backends.map((number) => {
      const module = `module: ${folder.path}/backend-${number}.ts, pool: back, listen: ["heddle://127.0.0.1:0"]`;
      return `  strategies.Backend${number}: { ${module} }\n`;
    });
    await using behind = await startRig(`
io: { threads: 1 }
pools: { back: { threads: 1, queue: 4096 } }
services:
${services.join('')}
`);
    const ports = behind.server.addresses.map(({ port }) => port);
    const clients = backends.map(
      (number, at) => `  strategies.Backend${number}: { target: "heddle://127.0.0.1:${ports[at] ?? ports[0]}" }\n`,
    );
    await using world = await StrategyRig.start(folder, { more: `clients:\n${clients.join('')}` });
    const runs = world.client();
    const right = (id: number, result: unknown): boolean =>
      JSON.stringify(result) === JSON.stringify(backends.map((number) => ({ backend: number, id })));
    const kinds = {
      strategy: async (id: number) => right(id, (await runs.run({ strategy: 'fan', request: { id } })).result),
      byHand: async (id: number) => right(id, (await runs.fanByHand({ id })).result),
    };
    const spent = { strategy: 0, byHand: 0 };
    const answers = { strategy: 0, byHand: 0 };
    let firstId = 1;
    // In turns, so that both meet the same machine.
    for (let turn = 0; turn < 4; turn++) {
      for (const kind of ['byHand', 'strategy'] as const) {
        const usage = process.cpuUsage();
        const load = startLoad(inFlight, firstId, kinds[kind], 0);
        firstId += 1_000_000;
        await eventually('answers', () => load.good >= measured / 4);
        await load.stop();
        const { user, system } = process.cpuUsage(usage);
        t.is(load.wrong, 0);
        t.deepEqual([...load.failures], []);
        // The first turn warms up.
        if (turn === 0) continue;
        spent[kind] += user + system;
        answers[kind] += load.good;
      }
    }
    const perRequest = (kind: 'strategy' | 'byHand') => (spent[kind] / answers[kind]).toFixed(0);
    t.log(
      `CPU of both servers and the client per request: strategy ${perRequest('strategy')} us, by hand ${perRequest('byHand')} us`,
    );
    const report = await world.report('fan');
    t.is(report.failed + report.cancelled, 0);
    t.is(
      report.nodes.reduce((sum, { done }) => sum + done, 0),
      5 * report.done,
    );
    await comesToRest(t, world.rig.server);
    await comesToRest(t, behind.server);
  },
);
