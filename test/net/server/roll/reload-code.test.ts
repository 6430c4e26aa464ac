// A reload takes over code: of the pools whose files have changed and of no others, all or nothing, strategies with it.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { eager, eventually } from '../../../faults/rig.ts';
import { StrategyFolder, StrategyRig } from '../../../faults/strategies/world.ts';
import { Side, Work } from './contracts.ts';
import { RollRig, yaml } from './rig.ts';

test('a thread that dies comes back with the code of its generation, not with what was refused or is new', async (t) => {
  await using rig = await RollRig.start(t, yaml({ threads: 1 }), { restart: eager });
  const work = rig.client(Work);
  const dies = async () => {
    const { restarts } = rig.pool;
    // Another body each time, and so no quarantine.
    await t.throwsAsync(work.answer({ id: restarts, act: 'exit' }), { code: 'UNAVAILABLE' });
    await eventually('it is replaced', () => rig.pool.restarts > restarts && rig.pool.size === 1);
  };
  const reload = () => rig.server.reload(rig.settings(yaml({ threads: 1 })));
  rig.write(2, { top: 'throw new Error("no luck");' });
  rmSync(join(rig.folder, 'work-part-1.mjs'));
  await t.throwsAsync(reload(), { message: /no luck/ });
  await dies();
  t.like(await work.answer({ id: 100 }), { version: 1, part: 1 });

  rig.write(2);
  const { roller, settingsInForce: settings } = rig.server;
  const canary = await roller.canary({ settings, pools: ['work'], percent: 50 });
  await canary.rollBack();
  await eventually('it has ended', () => rig.pool.generations.length === 1);
  await dies();
  t.like(await work.answer({ id: 100 }), { version: 1, part: 1 });
  t.deepEqual(
    (await reload()).rolled.map(({ files }) => files),
    [['work-part-1.mjs', 'work.mjs']],
    'what it runs is still not what lies there',
  );
  t.like(await work.answer({ id: 100 }), { version: 2, part: 2 });
});

test('a reload rolls the pools whose code has changed, also of a module that theirs imports, and no others', async (t) => {
  await using rig = await RollRig.start(t, yaml({ threads: 1 }));
  const { server } = rig;
  const work = rig.client(Work);
  const side = rig.client(Side);
  const reload = (text = yaml({ threads: 1 }), request = {}) => server.reload(rig.settings(text), request);
  t.deepEqual(await reload(), { changed: [], needsRestart: [], rolled: [], ioCode: [] });

  writeFileSync(join(rig.folder, 'work-part-1.mjs'), 'export const part = 2; // other\n');
  t.deepEqual((await reload(undefined, { code: false })).rolled, [], 'when code is not asked for');
  const { rolled } = await reload();
  t.deepEqual(
    rolled.map(({ pool, generation, files, settings }) => [pool, generation, files, settings]),
    [['work', 2, ['work-part-1.mjs'], []]],
  );
  t.like(await work.answer({ id: 1 }), { version: 1, part: 2 });
  t.like(await side.answer({ id: 1 }), { version: 1, part: 1 });

  // Settings and code that does not load: neither is taken.
  writeFileSync(join(rig.folder, 'side.mjs'), 'export default 1;');
  const other = yaml({ threads: 2, more: 'limits: { requests: 77 }' });
  await t.throwsAsync(reload(other), { message: /side\.mjs: its default export was not made by implement\(\)/ });
  t.not(server.settingsInForce.limits.requests, 77);
  t.deepEqual(
    [...server.cpuPools].map(({ inUse }) => inUse.number),
    [2, 1],
  );
  rig.write(3, {}, 'Side');
  const both = await reload(other);
  t.deepEqual(both.changed.sort(), ['limits.requests', 'pools.work.threads']);
  t.deepEqual(
    both.rolled.map(({ pool, threads, files, settings }) => [pool, threads, files, settings]),
    [
      ['work', 2, [], ['pools.work.threads']],
      ['side', 1, ['side.mjs'], []],
    ],
  );
  t.like(await side.answer({ id: 1 }), { version: 3, part: 3 });
  const needsRestart = `${other}\nclients: { roll.Far: { target: "heddle://127.0.0.1:1" } }\n`;
  await t.throwsAsync(reload(needsRestart, { pools: 'all', strict: true }), {
    message: 'nothing was taken over, since a part needs a restart: clients.roll.Far',
  });
  const anyway = await reload(other, { pools: 'all', strict: true });
  t.deepEqual(
    anyway.rolled.map(({ pool, files, settings }) => [pool, files, settings]),
    [
      ['work', [], []],
      ['side', [], []],
    ],
  );
  await t.throwsAsync(reload(other, { pools: ['io'] }), { code: 'INVALID_ARGUMENT', message: /can not be rolled/ });
});

test('code of pool io needs a restart, which is said', async (t) => {
  const text = yaml().replace('pool: side', 'pool: io').replace(', side: { threads: 1 }', '');
  await using rig = await RollRig.start(t, text);
  rig.write(2, {}, 'Side');
  const { rolled, ioCode } = await rig.server.reload(rig.settings(text));
  t.deepEqual([rolled, ioCode], [[], ['side.mjs']]);
  t.like(await rig.client(Side).answer({ id: 1 }), { version: 1 });
});

const strategyUrl = JSON.stringify(new URL('../../../../index.ts', import.meta.url).href);
/** Its functions and its graph go together: an answer is never made of two versions. */
const inTypeScript = (version: number) => `import { strategy } from ${strategyUrl};
const double = ({ value }: { value: number }) => ({ value, code: ${version} });
export const pair = strategy('pair', {
  nodes: { constant: { value: ${version} }, doubled: { run: double, input: { value: 'constant' } } },
  output: { graph: 'doubled.value', code: 'doubled.code' },
});
`;

class ModuleFolder extends StrategyFolder {
  override get yaml(): string {
    return `strategies: "${this.path}/pair.ts"`;
  }
}

test('a strategy in TypeScript that has changed comes with new threads: its graph and its code together', async (t) => {
  const folder = new ModuleFolder(t, { 'pair.ts': inTypeScript(1) });
  await using world = await StrategyRig.start(folder);
  const runs = world.client();
  const run = async () => (await runs.run({ strategy: 'pair', request: {} })).result;
  const { server } = world.rig;
  t.deepEqual(await run(), { graph: 1, code: 1 });
  folder.write('pair.ts', inTypeScript(2));
  await t.throwsAsync(world.ask({ ask: 'publish' }), {
    message: /pair has changed in .*`heddle reload` starts new threads/,
  });
  t.deepEqual(await run(), { graph: 1, code: 1 });
  const { rolled, strategies } = await server.reload(server.settingsInForce);
  t.deepEqual([rolled.map(({ pool }) => pool), await world.versionInUse()], [['main'], strategies]);
  t.deepEqual(await run(), { graph: 2, code: 2 });
  // A thread that dies is replaced by one with the same.
  await [...world.rig.pool('main').threads][0]!.worker!.terminate();
  folder.write('pair.ts', inTypeScript(3).replace('output', 'outputs'));
  await t.throwsAsync(server.reload(server.settingsInForce), { message: /outputs/ });
  t.is(await world.versionInUse(), strategies!);
});

test('the log of a roll says who asked for it, and for which files and settings', async (t) => {
  const text = (threads: number) => `${yaml({ threads })}\nlog: { level: info, file: ./heddle.log }\n`;
  await using rig = await RollRig.start(t, text(1));
  rig.write(2);
  await rig.server.reload(rig.settings(text(2)), { by: 'SIGHUP' });
  await rig.server.stop();
  const lines = readFileSync(join(rig.folder, 'heddle.log'), 'utf8').trim().split('\n');
  const line = lines.map((one) => JSON.parse(one)).find(({ msg }) => msg === 'a new generation of a pool serves');
  t.like(line, { pool: 'work', by: 'SIGHUP', files: ['work.mjs'], settings: ['pools.work.threads'] });
});
