// Reloads inside a process: what plugins' config sources say, and what a reload leaves alone.

import test, { type ExecutionContext } from 'ava';
import type { ReadSettings } from '../../../net/server/reloader.ts';
import { Server } from '../../../net/server/server.ts';
import { changedPaths, pathsMax, shownChanges, shownPaths } from '../../../net/server/settings-diff.ts';
import type { Settings } from '../../../runtime/settings.ts';
import { eventually, settingsOf } from '../../faults/rig.ts';
import { Modules } from '../../runtime/plugins/modules.ts';

const yaml = `
io: { threads: 1 }
services:
  faults.Work: { module: ./work.ts, pool: io, listen: ["heddle://127.0.0.1:0"] }
degraders: { light: { count: 5 } }
samplers: { audit: { percent: 1 } }
`;

async function started(t: ExecutionContext, settings: Settings, readSettings?: ReadSettings) {
  const server = new Server(settings, readSettings === undefined ? {} : { readSettings });
  t.teardown(() => server.stop());
  await server.start();
  return server;
}

test('a reload takes over what may change, and names what needs a restart', async (t) => {
  const server = await started(t, settingsOf(yaml));
  const other = `${yaml}compression: { gzipLevel: 6 }\nmetrics: { log: 1m }\n`;
  const next = settingsOf(other.replace('count: 5', 'count: 6').replace('threads: 1', 'threads: 2, maxFibers: 7'));
  t.deepEqual(await server.reload(next), {
    changed: ['degraders.light.count', 'io.maxFibers'],
    needsRestart: ['io.threads', 'compression.gzipLevel', 'metrics.log'],
    rolled: [],
    ioCode: [],
  });
  t.deepEqual((await server.reload(next)).changed, []);
  await t.throwsAsync(server.reloadFile(), { code: 'FAILED_PRECONDITION', message: /came from no file/ });
});

test('what config sources say lies over the file from the start on, and again when they say that it has changed', async (t) => {
  const modules = new Modules(t);
  const source = modules.plugin(
    'store',
    `threads: ['main'], install(host) {
  let value = 10;
  host.configSource({
    name: 'store',
    read: () => value > 30 ? Promise.reject(new Error('gone')) : { 'samplers.audit.percent': value },
    watch: (changed) => {
      const channel = new BroadcastChannel('store-test');
      channel.onmessage = (event) => { value = event.data; changed(); };
      return () => { channel.close(); note('watch ended'); };
    },
  });
}`,
  );
  const asked: string[][] = [];
  const settings = { ...settingsOf(yaml), plugins: [source] };
  const server = await started(t, settings, (sources) => {
    asked.push(sources.map(({ text }) => text));
    const percent = sources[0]?.text.split('=')[1] ?? '1';
    return { ...settingsOf(yaml.replace('percent: 1', `percent: ${percent}`)), plugins: [source] };
  });
  t.deepEqual(asked, [['samplers.audit.percent=10']]);
  const store = new BroadcastChannel('store-test');
  t.teardown(() => store.close());
  store.postMessage(20);
  await eventually('the changed value', () => asked.at(-1)?.[0] === 'samplers.audit.percent=20');
  const reads = asked.length;
  store.postMessage(40);
  await eventually('a reload with what it said before', () => asked.length > reads);
  t.deepEqual(asked.at(-1), ['samplers.audit.percent=20']);
  await server.stop();
  t.deepEqual(
    modules.notes.filter((line) => line.startsWith('watch')),
    ['watch ended'],
  );
});

test('things that came or went are told from those that are different', (t) => {
  const before = { degraders: [{ name: 'a.b', count: 1 }, { name: 'c' }] };
  const after = { degraders: [{ name: 'c' }, { name: 'd' }] };
  const paths = ['degraders.a.b', 'degraders.c', 'degraders.d', 'degraders.a.b.count', 'stop.timeout'];
  t.deepEqual(shownChanges(paths, before, after), [
    'degraders.a.b (gone)',
    'degraders.c',
    'degraders.d (new)',
    'degraders.a.b.count',
    'stop.timeout',
  ]);
});

test('paths name things, not places in lists, and there is a bound on them', (t) => {
  const pool = (name: string, threads: number) => ({ name, threads });
  const left = { pools: [pool('a', 1), pool('b', 2)], stop: { timeoutMs: 1 }, list: [1, 2] };
  const right = { pools: [pool('b', 3), pool('c', 1)], stop: { timeoutMs: 2 }, list: [1, 3] };
  t.deepEqual(changedPaths(left, right), ['pools.a', 'pools.b.threads', 'pools.c', 'stop.timeout', 'list.2']);
  const gap = (gapMs: number) => ({ degraders: [{ name: 'light', gapMs }] });
  t.deepEqual(changedPaths(gap(1), gap(2)), ['degraders.light.every'], 'as it is written');
  t.deepEqual(changedPaths({ pools: [pool('a', 1), pool('b', 1)] }, { pools: [pool('b', 1), pool('a', 1)] }), [
    'pools (their order)',
  ]);
  const many = Object.fromEntries(Array.from({ length: pathsMax + 3 }, (_, at) => [`k${at}`, at]));
  t.is(shownPaths(changedPaths(many, {})).at(-1), 'and 3 more');
});
