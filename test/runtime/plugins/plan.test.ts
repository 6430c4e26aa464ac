// Which plugins are installed where, in which order, and what is wrong with a set of them.

import test from 'ava';
import fc from 'fast-check';
import { systemClock } from '../../../runtime/clock.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import { loadPlugins, loadTimeoutMs, type PluginNote, planPlugins } from '../../../runtime/plugins/plan.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';
import { Modules } from './modules.ts';

const note = (name: string, after: string[] = [], threads: PluginNote['threads'] = ['io']): PluginNote => {
  return { name, after, threads, moduleUrl: `file:///srv/${name}.ts`, options: {} };
};
const order = (...notes: PluginNote[]): string[] => planPlugins(notes).io.map(({ name }) => name);
const refusal = (...notes: PluginNote[]): string => {
  try {
    planPlugins(notes);
  } catch (reason) {
    if (reason instanceof HeddleError) return `${reason.code}: ${reason.message}`;
  }
  return '';
};

test('the order is that of the config, but each after those that it names', (t) => {
  t.deepEqual(order(note('a'), note('b'), note('c')), ['a', 'b', 'c']);
  t.deepEqual(order(note('a', ['c']), note('b'), note('c')), ['c', 'a', 'b']);
  t.deepEqual(order(note('a', ['b']), note('b', ['c']), note('c')), ['c', 'b', 'a']);
});

test('each kind of thread gets those that live on it', (t) => {
  const plan = planPlugins([note('a', ['b'], ['io', 'admin']), note('b', [], ['cpu', 'admin'])]);
  const names = Object.entries(plan).map(([kind, modules]) => [kind, ...modules.map(({ name }) => name)]);
  t.deepEqual(names, [['main'], ['io', 'a'], ['cpu', 'b'], ['admin', 'b', 'a'], ['log']]);
});

test('an after that names nobody is no mistake', (t) => {
  t.deepEqual(order(note('a', ['tracing']), note('b')), ['a', 'b']);
});

test('a circle is refused with its path', (t) => {
  t.regex(refusal(note('a', ['b']), note('b', ['a'])), /^FAILED_PRECONDITION: .* each other: a → b → a; take one/);
  t.regex(refusal(note('x', ['a']), note('a', ['b']), note('b', ['c']), note('c', ['a'])), /other: a → b → c → a;/);
  t.regex(refusal(note('a', ['a'])), /other: a → a;/);
});

test('two plugins of one name are refused with both modules', (t) => {
  const other = { ...note('a'), moduleUrl: 'file:///srv/other.ts' };
  t.regex(refusal(note('a'), other), /two plugins are named a: \/srv\/a\.ts and \/srv\/other\.ts; remove or rename/);
  t.regex(refusal(note('a'), note('a')), /the plugin a \(\/srv\/a\.ts\) is listed twice; remove one/);
});

test('any order without a circle is kept, and installs each once', (t) => {
  const some = fc.uniqueArray(fc.tuple(fc.constantFrom(...'abcdefgh'), fc.subarray([...'abcdefgh'])), {
    selector: ([name]) => name,
  });
  fc.assert(
    fc.property(some, (drawn) => {
      // After only smaller names: no circle.
      const notes = drawn.map(([name, others]) =>
        note(
          name,
          others.filter((other) => other < name),
        ),
      );
      const names = order(...notes);
      t.deepEqual([...names].sort(), notes.map(({ name }) => name).sort());
      for (const { name, after } of notes) {
        for (const before of after) if (names.includes(before)) t.true(names.indexOf(before) < names.indexOf(name));
      }
    }),
  );
});

test('modules that are no plugins are all named at once, each with why', async (t) => {
  const modules = new Modules(t);
  const wrong = [
    modules.write('none.ts', 'export const a = 1;'),
    modules.write('other.ts', 'export default { name: "other", threads: ["io"], install() {} };'),
    modules.write('syntax.ts', 'const a = 1;\nconst b = ;'),
    modules.plugin('kinds', 'threads: ["gpu"] as never, install() {}'),
    modules.noting('right', ['io']),
  ];
  const error = await t.throwsAsync(loadPlugins(wrong, systemClock), { code: 'FAILED_PRECONDITION' });
  const lines = error!.message.split('\n');
  t.is(lines.length, 4);
  t.regex(lines[0]!, /none\.ts: it has no default export; write: export default definePlugin/);
  t.regex(lines[1]!, /other\.ts: its default export was not made by definePlugin/);
  t.regex(lines[2]!, /syntax\.ts: it does not load: SyntaxError: .* \(at .*syntax\.ts:2\)$/);
  t.regex(lines[3]!, /kinds\.ts: threads of plugin kinds must be .* "gpu" is none of them$/);
});

test('a module that waits for ever at its top level is named', async (t) => {
  const modules = new Modules(t);
  const clock = new VirtualClock();
  const waiting = modules.plugin(
    'waits',
    'threads: ["io"], install() {}',
    'await new Promise(() => setInterval(() => {}, 1e9).unref());',
  );
  const loading = t.throwsAsync(loadPlugins([waiting], clock), { code: 'FAILED_PRECONDITION' });
  await clock.advance(loadTimeoutMs);
  t.regex((await loading)!.message, /waits\.ts: it did not load within 20s; does it wait at its top level/);
});
