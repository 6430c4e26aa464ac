// Publishing while requests run: each is answered by one version, whole; what can't be published changes nothing.

import test from 'ava';
import { startLoad } from '../load.ts';
import { comesToRest, eventually, goingThreads } from '../rig.ts';
import { fixtures, StrategyFolder, StrategyRig } from './world.ts';

/** A new version every so often, ms. */
const publishEveryMs = 50;
const versions = 60;
/** One in so many is read anew from files, the others go back and forth. */
const readEvery = 10;

const inner = (constant: number) => `strategy: inner\nnodes: { a: { value: ${constant} } }\noutput: a\n`;
const pair = (constant: number) => `strategy: pair
request: { id: number }
nodes:
  before: { value: ${constant} }
  wait: { run: ${fixtures}/work.ts#works, input: { id: 0, ms: 6 } }
  after: { strategy: inner, needs: [wait] }
output: { id: request.id, before: before, after: after }
`;

interface Pair {
  id: number;
  before: number;
  after: number;
}

for (const deaths of [false, true]) {
  test.serial(
    `a new version every 50 ms under load: each answer is of one version, none fails${deaths ? ' but by a death' : ''}`,
    async (t) => {
      const folder = new StrategyFolder(t, { 'pair.yaml': pair(1), 'inner.yaml': inner(1) });
      await using world = await StrategyRig.start(folder, { threads: 2 });
      const runs = world.client();
      const seen = new Set<number>();
      const load = startLoad(16, 1, async (id) => {
        const result = (await runs.run({ strategy: 'pair', request: { id } })).result as Pair;
        seen.add(result.before);
        return result.id === id && result.before === result.after;
      });
      let constant = 1;
      const memory: number[] = [];
      for (let version = 2; version <= versions; version++) {
        const pause = new Promise((resolve) => setTimeout(resolve, publishEveryMs));
        if (version % readEvery === 2) {
          constant++;
          folder.write('pair.yaml', pair(constant));
          folder.write('inner.yaml', inner(constant));
          t.like(await world.ask({ ask: 'publish' }), { version, changed: true });
        } else {
          t.like(await world.ask({ ask: 'rollback', version: version - 2 }), { version });
        }
        if (deaths && version % 15 === 5) void goingThreads(world.rig.pool('main'))[0]?.worker?.terminate();
        if (version % 20 === 0) {
          globalThis.gc!();
          memory.push(process.memoryUsage().rss / 2 ** 20);
        }
        await pause;
      }
      const goodBefore = load.good;
      await eventually('answers after the last version', () => load.good > goodBefore + 32);
      await load.stop();
      t.is(load.wrong, 0);
      const failures = [...load.failures].filter(([code]) => !(deaths && code === 'UNAVAILABLE'));
      t.deepEqual(failures, []);
      t.true(seen.size >= 5, `${[...seen]}`);
      await comesToRest(t, world.rig.server);
      const report = await world.report('pair');
      t.is(report.failed + report.cancelled, 0);
      // One that died with its thread is not counted; an answer may have been lost with the thread that had counted it.
      const lost = load.failures.get('UNAVAILABLE')?.count ?? 0;
      t.true(report.done >= load.good && report.done <= load.good + lost, `${report.done} of ${load.good} + ${lost}`);
      // A thread may die when the inner run is counted and the outer one, which counts its nodes, is not.
      const innerDone = (await world.report('inner')).done;
      const after = report.nodes.find(({ name }) => name === 'after')!.done;
      t.true(innerDone >= after && innerDone <= after + lost, `${innerDone} of ${after} + ${lost}`);
      t.true((await world.ask<{ versions: unknown[] }>({ ask: 'history' })).versions.length <= 16);
      t.log(
        `${load.good} answers of ${seen.size} constants; RSS ${memory.map((one) => one.toFixed(0)).join(', ')} MiB`,
      );
      t.true(memory.at(-1)! - memory[0]! < 150, `${memory}`);
      // The last version is everywhere, also where threads were born meanwhile.
      folder.write('pair.yaml', pair(1000));
      folder.write('inner.yaml', inner(1000));
      await world.ask({ ask: 'publish' });
      const last = await Promise.all(
        Array.from({ length: 32 }, (_, id) => runs.run({ strategy: 'pair', request: { id } })),
      );
      for (const { result } of last) t.like(result, { before: 1000, after: 1000 });
    },
  );
}

test.serial(
  'what can not be published is refused with its reason, and the old version answers all the while',
  async (t) => {
    const feed = (node: string) => `strategy: feed\nnodes: { a: { ${node} } }\noutput: a\n`;
    const folder = new StrategyFolder(t, {
      'feed.yaml': feed('value: 1'),
      'waits.ts': 'await new Promise(() => {});\nexport const run = () => 2;\n',
      'exits.ts': 'process.exit(3);\nexport const run = () => 2;\n',
      'broken.ts': 'export const run = (;\n',
      // Loads where it is checked, and nowhere else.
      'picky.ts': `import { workerData } from 'node:worker_threads';
if (workerData?.sources === undefined) throw new Error('not on this thread');
export const run = () => 2;
`,
    });
    await using world = await StrategyRig.start(folder, { threads: 2 });
    const runs = world.client();
    const load = startLoad(4, 1, async () => (await runs.run({ strategy: 'feed', request: {} })).result === 1);
    for (const [text, message] of [
      ['strategy: [', /feed\.yaml:/],
      [feed('value: b'), /feed\.yaml:2:\d+: [\s\S]*\bb\b/],
      [feed('run: ./gone.ts#run'), /feed\.yaml:2:\d+: .*gone\.ts/],
      [feed('run: ./broken.ts#run'), /feed\.yaml:2:\d+: .*broken\.ts/],
      [
        feed('run: ./waits.ts#run'),
        /feed\.yaml:2:\d+: .*waits\.ts: it never ends loading; does it wait at its top level/,
      ],
      [
        feed('run: ./exits.ts#run'),
        /feed\.yaml:2:\d+: .*exits\.ts: it ended its thread while it was loaded \(exit code 3\)/,
      ],
      [feed('run: ./picky.ts#run'), /feed\/a: .*picky\.ts: .*not on this thread[\s\S]*the version before stays in use/],
    ] as const) {
      folder.write('feed.yaml', text);
      const error = await t.throwsAsync(world.ask({ ask: 'publish' }), { code: 'FAILED_PRECONDITION' });
      t.regex(error!.message, message);
      t.is(await world.versionInUse(), 1);
      const before = load.good;
      await eventually('answers', () => load.good > before + 8);
    }
    await load.stop();
    t.is(load.wrong, 0);
    t.deepEqual([...load.failures], []);
    folder.write('feed.yaml', feed('value: 2'));
    t.like(await world.ask({ ask: 'publish' }), { changed: true, before: 1 });
    t.deepEqual(await runs.run({ strategy: 'feed', request: {} }), { result: 2 });
    await comesToRest(t, world.rig.server);
    // Nothing that was counted was lost with the versions that came to nothing.
    t.is((await world.report('feed')).done, load.good + 1);
  },
);
