// Plugins on the real threads of a server: where they live, when they are installed and disposed, what their faults do.

import test, { type ExecutionContext } from 'ava';
import { Server } from '../../../net/server/server.ts';
import type { PluginSettings, Settings } from '../../../runtime/settings.ts';
import { eager, eventually, goingThreads, settingsOf } from '../../faults/rig.ts';
import { Modules } from './modules.ts';

const yaml = `
io: { threads: 1, stallWarning: 100ms, stallLimit: 300ms }
pools: { work: { threads: 2 } }
admin: { address: none }
services:
  faults.Work: { module: ./work.ts, pool: work, listen: ["heddle://127.0.0.1:0"] }
`;

const settingsWith = (...plugins: PluginSettings[]): Settings => ({ ...settingsOf(yaml), plugins });
const counted = (modules: Modules, line: string): number => modules.notes.filter((one) => one === line).length;

async function started(t: ExecutionContext, ...plugins: PluginSettings[]): Promise<Server> {
  const server = new Server(settingsWith(...plugins), { restart: eager });
  t.teardown(() => server.stop());
  await server.start();
  return server;
}

test.serial(
  'each thread of a kind installs the plugins of that kind once, and disposes them when it stops',
  async (t) => {
    const modules = new Modules(t);
    const server = await started(
      t,
      modules.noting('late', ['main', 'io', 'cpu'], ['early']),
      modules.noting('early', ['io', 'cpu']),
    );
    for (const thread of ['io-1', 'work-1', 'work-2']) {
      const own = modules.notes.filter((line) => line.includes(` ${thread} `));
      t.deepEqual(own, [`install ${thread} early`, `install ${thread} late`]);
    }
    t.is(counted(modules, 'install main late'), 1);
    t.true(await server.stop());
    for (const thread of ['io-1', 'work-1', 'work-2']) {
      const own = modules.notes.filter((line) => line.includes(` ${thread} `)).slice(2);
      t.deepEqual(own, [
        ...[`drain ${thread} early`, `drain ${thread} late`],
        ...[`dispose ${thread} late`, `dispose ${thread} early`],
      ]);
    }
    t.deepEqual(modules.notes.filter((line) => line.includes(' main ')).slice(1), [
      'drain main late',
      'dispose main late',
    ]);
    t.is(modules.notes.at(-1), 'dispose main late');
  },
);

test.serial('a thread does not load the module of a plugin that does not live on it', async (t) => {
  const modules = new Modules(t);
  const server = await started(t, modules.noting('pool', ['cpu']), modules.noting('sockets', ['io']));
  // Main, and the threads of the kind.
  t.is(counted(modules, 'load pool'), 1 + 2);
  t.is(counted(modules, 'load sockets'), 1 + 1);
  await server.stop();
});

test.serial('a thread that takes the place of another installs its plugins again', async (t) => {
  const modules = new Modules(t);
  const server = await started(t, modules.noting('pool', ['cpu', 'io']));
  for (const pool of [server.cpuPools[0]!, server.ioPool]) {
    const [thread] = goingThreads(pool);
    await thread!.worker!.terminate();
    await eventually('a second install', () => counted(modules, `install ${thread!.name} pool`) === 2);
  }
  const [retired] = goingThreads(server.cpuPools[0]!);
  await eventually('a replacement', () => server.cpuPools[0]!.replace(retired!.number));
  await eventually('its dispose', () => counted(modules, `dispose ${retired!.name} pool`) === 1);
  t.is(counted(modules, `drain ${retired!.name} pool`), 0);
  await server.stop();
});

for (const kind of ['main', 'io', 'cpu']) {
  test.serial(
    `a throw in install on ${kind} fails the start with the plugin's name, and main's plugins are disposed`,
    async (t) => {
      const modules = new Modules(t);
      const fails = modules.plugin('fails', `threads: ["${kind}"], install() { throw new Error("no disk"); }`);
      const server = new Server(settingsWith(modules.noting('first', ['main']), fails));
      const error = await t.throwsAsync(server.start(), { code: 'FAILED_PRECONDITION' });
      t.regex(error!.message, /^plugin fails was not installed on thread (main|io-1|work-\d): .*Error: no disk/);
      t.is(counted(modules, 'dispose main first'), 1);
    },
  );
}

test.serial('services that do not load have the plugins of their thread disposed', async (t) => {
  const modules = new Modules(t);
  const settings = settingsWith(modules.noting('pool', ['cpu']));
  const broken = modules.write('broken.ts', 'export default 5;');
  settings.services[0]!.moduleUrl = broken.moduleUrl;
  // Another that still loads would be ended as it is.
  settings.pools[0]!.threads = 1;
  await t.throwsAsync(new Server(settings).start(), { message: /broken\.ts: its default export was not made/ });
  t.is(counted(modules, 'install work-1 pool'), 1);
  t.is(counted(modules, 'dispose work-1 pool'), 1);
});

test.serial('plugins that want to be after each other fail the start with their path', async (t) => {
  const modules = new Modules(t);
  const server = new Server(settingsWith(modules.noting('a', ['io'], ['b']), modules.noting('b', ['cpu'], ['a'])));
  await t.throwsAsync(server.start(), { message: /after each other: a → b → a;/ });
});

test.serial('a plugin that keeps its IO thread is ended with it by the watchdog', async (t) => {
  const modules = new Modules(t);
  const stuck = modules.plugin(
    'stuck',
    'threads: ["io"], install() { if (first()) setTimeout(() => { for (;;); }, 50); note("install"); }',
    `import { existsSync, writeFileSync } from 'node:fs';
const first = () => { const seen = existsSync(${JSON.stringify(modules.path('seen'))}); writeFileSync(${JSON.stringify(modules.path('seen'))}, ''); return !seen; };`,
  );
  const server = await started(t, stuck);
  await eventually('another IO thread', () => server.ioPool.restarts === 1 && server.ioPool.size === 1);
  t.is(counted(modules, 'install'), 2);
  t.is(server.poolCounters.get(0, 'death-stalled'), 1);
});

test.serial('the admin thread installs its plugins, again when it is replaced, and disposes them', async (t) => {
  const modules = new Modules(t);
  const settings = settingsOf(yaml.replace('none', 'http://127.0.0.1:0'));
  const server = new Server({ ...settings, plugins: [modules.noting('tells', ['admin'])] });
  t.teardown(() => server.stop());
  await server.start();
  t.deepEqual(modules.notes, ['load tells', 'load tells', 'install admin tells']);
  await server.admin!.thread!.terminate();
  await eventually('a second install', () => counted(modules, 'install admin tells') === 2);
  await eventually(
    'it listens',
    async () => (await fetch(`${server.admin!.address}/version`).catch(() => undefined))?.ok,
  );
  await server.stop();
  t.deepEqual(modules.notes.slice(-2), ['drain admin tells', 'dispose admin tells']);
});

test.serial("a command on one of Heddle's own paths fails the start with the plugin's name", async (t) => {
  const modules = new Modules(t);
  const settings = settingsOf(yaml.replace('none', 'http://127.0.0.1:0'));
  const taken = modules.plugin(
    'taken',
    `threads: ["admin"], install(host) {
  host.adminCommand({ path: '/threads', verb: 'GET', summary: 'mine', run: () => '' });
}`,
  );
  const server = new Server({ ...settings, plugins: [taken] });
  await t.throwsAsync(server.start(), {
    code: 'ALREADY_EXISTS',
    message: /^plugin taken was not installed on thread admin: the admin has a GET \/threads already/,
  });
});

test.serial('a dispose that hangs holds a stop for its bound, no longer', async (t) => {
  const modules = new Modules(t);
  const hangs = modules.plugin('hangs', 'threads: ["main", "io", "cpu"], install: () => () => new Promise(() => {})');
  const fine = modules.plugin(
    'fine',
    'threads: ["io", "cpu"], install: ({ threadName }) => () => note("dispose " + threadName + " fine")',
  );
  const server = await started(t, fine, hangs);
  t.true(await server.stop());
  for (const thread of ['io-1', 'work-1', 'work-2']) t.is(counted(modules, `dispose ${thread} fine`), 1, thread);
});
