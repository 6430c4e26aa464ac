// A thread's plugins from install to dispose, within their bounds.

import test, { type ExecutionContext } from 'ava';
import { type Clock, systemClock } from '../../../runtime/clock.ts';
import { ThreadExtensions } from '../../../runtime/plugins/extensions.ts';
import { disposeTimeoutMs, installPlugins, installTimeoutMs } from '../../../runtime/plugins/install.ts';
import { loadPlugins } from '../../../runtime/plugins/plan.ts';
import type { PluginSettings } from '../../../runtime/settings.ts';
import { settle, VirtualClock } from '../../helpers/virtual-clock.ts';
import { KeptLog, Modules } from './modules.ts';

const extensions = new ThreadExtensions();

async function install(plugins: PluginSettings[], log = new KeptLog(), clock: Clock = systemClock) {
  const plan = await loadPlugins(plugins, systemClock);
  return installPlugins(plan.io, { kind: 'io', name: 'io-1', logger: log.logger, clock }, (plugin) =>
    extensions.ioPoints(plugin),
  );
}

/** Without the notes of modules that were loaded. */
const steps = (modules: Modules): string[] => modules.notes.filter((line) => !line.startsWith('load '));

async function noted(t: ExecutionContext, modules: Modules, last: string): Promise<void> {
  for (let turns = 0; turns < 5_000 && modules.notes.at(-1) !== last; turns++) await settle();
  t.is(modules.notes.at(-1), last);
}

test('plugins are installed in order, drained, and disposed in reverse order, each step once', async (t) => {
  const modules = new Modules(t);
  const plugins = await install([modules.noting('two', ['io'], ['one']), modules.noting('one', ['io'])]);
  t.deepEqual(plugins.names, ['one', 'two']);
  plugins.drain();
  plugins.drain();
  await Promise.all([plugins.dispose(), plugins.dispose()]);
  t.deepEqual(steps(modules), [
    ...['install io-1 one', 'install io-1 two'],
    ...['drain io-1 one', 'drain io-1 two'],
    ...['dispose io-1 two', 'dispose io-1 one'],
  ]);
});

test('a throw in install names the plugin and its line, and those before it are disposed', async (t) => {
  const modules = new Modules(t);
  const fails = modules.plugin('fails', 'threads: ["io"], install() { throw new TypeError("no disk"); }');
  const error = await t.throwsAsync(install([modules.noting('one', ['io']), fails]), { code: 'FAILED_PRECONDITION' });
  t.regex(
    error!.message,
    /^plugin fails was not installed on thread io-1: it does not install: TypeError: no disk \(at .*fails\.ts:\d+:\d+\)$/,
  );
  t.is(modules.notes.at(-1), 'dispose io-1 one');
});

test("an install's own HeddleError keeps its code", async (t) => {
  const modules = new Modules(t);
  const busy = modules.plugin(
    'busy',
    'threads: ["io"], async install() { throw new HeddleError("UNAVAILABLE", "db"); }',
  );
  const error = await t.throwsAsync(install([busy]), { code: 'UNAVAILABLE' });
  t.is(error!.message, 'plugin busy was not installed on thread io-1: db');
});

test('what install returns must be a function', async (t) => {
  const modules = new Modules(t);
  const five = modules.plugin('five', 'threads: ["io"], install: () => 5 as never');
  t.regex((await t.throwsAsync(install([five])))!.message, /install must return a function that disposes, or nothing$/);
});

test('an install that does not end fails, and what it gives back late is disposed', async (t) => {
  const modules = new Modules(t);
  const clock = new VirtualClock();
  const slow = modules.plugin(
    'slow',
    'threads: ["io"], async install() { await new Promise((go) => { Object.assign(globalThis, { go }); }); return () => note("disposed late"); }',
  );
  const installing = t.throwsAsync(install([slow], new KeptLog(), clock), { code: 'DEADLINE_EXCEEDED' });
  const released = globalThis as { go?: () => void };
  while (released.go === undefined) await settle();
  await clock.advance(installTimeoutMs);
  t.regex((await installing)!.message, /^plugin slow was not installed on thread io-1: .* did not install within 20s$/);
  released.go();
  await noted(t, modules, 'disposed late');
});

test('a dispose that hangs or throws is logged with its plugin, and the others are disposed all the same', async (t) => {
  const modules = new Modules(t);
  const clock = new VirtualClock();
  const log = new KeptLog();
  const plugins = await install(
    [
      modules.plugin('first', 'threads: ["io"], install: () => () => note("first")'),
      modules.plugin('hangs', 'threads: ["io"], install: () => () => { note("hangs"); return new Promise(() => {}); }'),
      modules.plugin('throws', 'threads: ["io"], install: () => () => { note("throws"); throw new Error("x"); }'),
    ],
    log,
    clock,
  );
  let over = false;
  const disposing = plugins.dispose().then(() => {
    over = true;
  });
  await clock.advance(disposeTimeoutMs - 1);
  t.false(over);
  await clock.advance(1);
  await disposing;
  t.deepEqual(modules.notes, ['throws', 'hangs', 'first']);
  t.deepEqual(log.lines, [
    'error plugin.throws: the plugin was not disposed',
    'error plugin.hangs: the plugin was not disposed',
  ]);
  t.regex(String(log.errors[1]), /did not dispose within 500 ms/);
});

test('onDrain that throws is logged, and the others are called; one that comes late is called at once', async (t) => {
  const modules = new Modules(t);
  const log = new KeptLog();
  const throws = modules.plugin(
    'throws',
    'threads: ["io"], install(host) { host.onDrain(() => { host.onDrain(() => note("late")); throw new Error("x"); }); }',
  );
  const plugins = await install([throws, modules.noting('other', ['io'])], log);
  plugins.drain();
  t.deepEqual(steps(modules).slice(-2), ['late', 'drain io-1 other']);
  t.deepEqual(log.lines, ['error plugin.throws: onDrain of the plugin failed']);
  await plugins.dispose();
});

test('onDrain that rejects is logged, and nothing else: no thread ends of it', async (t) => {
  const modules = new Modules(t);
  const log = new KeptLog();
  const unhandled: unknown[] = [];
  const keep = (reason: unknown) => void unhandled.push(reason);
  process.on('unhandledRejection', keep);
  t.teardown(() => process.off('unhandledRejection', keep));
  const rejects = modules.plugin(
    'rejects',
    'threads: ["io"], install(host) { host.onDrain(async () => { await sleep(0); throw new Error("not flushed"); }); }',
  );
  const plugins = await install([rejects, modules.noting('other', ['io'])], log);
  plugins.drain();
  t.is(modules.notes.at(-1), 'drain io-1 other', 'nobody waits for it');
  for (let turns = 0; turns < 5_000 && log.lines.length + unhandled.length === 0; turns++) await settle();
  await settle();
  t.deepEqual(log.lines, ['error plugin.rejects: onDrain of the plugin failed']);
  t.regex(String(log.errors[0]), /not flushed/);
  t.deepEqual(unhandled, []);
  await plugins.dispose();
});

test('a plugin has its options, as its own copy, its thread and its log', async (t) => {
  const modules = new Modules(t);
  const log = new KeptLog();
  const plugin = modules.plugin(
    'told',
    `threads: ["io"], install(host) {
  note(JSON.stringify([host.thread, host.threadName, host.options]));
  (host.options.list as number[]).push(3);
  host.log.warn({}, 'hello');
}`,
  );
  const options = { list: [1, 2], deep: { yes: true } };
  await install([{ ...plugin, options }], log);
  t.deepEqual(JSON.parse(modules.notes[0]!), ['io', 'io-1', { list: [1, 2], deep: { yes: true } }]);
  t.deepEqual(options.list, [1, 2]);
  t.deepEqual(log.lines, ['warn plugin.told: hello']);
});
