// What definePlugin accepts and refuses, and what the compiler knows of a host.

import test from 'ava';
import { HeddleError } from '../../../runtime/errors.ts';
import { definePlugin, type PluginDefinition, type ThreadKind } from '../../../runtime/plugin.ts';

test('a definition becomes a plugin with its threads once each, in one order', (t) => {
  const plugin = definePlugin({ name: 'audit', threads: ['admin', 'io', 'io'], after: ['b', 'b'], install() {} });
  t.is(plugin.name, 'audit');
  t.deepEqual(plugin.threads, ['io', 'admin']);
  t.deepEqual(plugin.after, ['b']);
});

const refused = test.macro({
  exec(t, part: object, reason: RegExp) {
    const definition = { name: 'audit', threads: ['io'], install: () => undefined, ...part };
    const error = t.throws(() => definePlugin(definition as PluginDefinition<ThreadKind>), {
      instanceOf: HeddleError,
      code: 'INVALID_ARGUMENT',
    });
    t.regex(error!.message, reason);
  },
  title: (title) => `refuses ${title}`,
});

test('a name that log.levels could not name', refused, { name: 'a b' }, /^"a b" can not name a plugin: letters/);
test('no name', refused, { name: undefined }, /^undefined can not name a plugin/);
test(
  'an unknown kind of thread',
  refused,
  { threads: ['io', 'gpu'] },
  /main, io, cpu, admin, log; "gpu" is none of them$/,
);
test('no thread', refused, { threads: [] }, /must be a list of main, io, cpu, admin, log, at least one of them$/);
test('an after that is no list', refused, { after: 'other' }, /^after of plugin audit must be a list of names/);
test('no install', refused, { install: undefined }, /^plugin audit has no install\(host\)$/);

test('the compiler knows the extension points of each thread', (t) => {
  const command = { path: '/x', verb: 'GET', summary: 'x', run: () => '' } as const;
  definePlugin({
    name: 'one',
    threads: ['admin'],
    install(host) {
      host.adminCommand(command);
    },
  });
  definePlugin({
    name: 'two',
    threads: ['admin', 'cpu'],
    async install(host) {
      // @ts-expect-error CPU threads have no admin commands
      t.is(typeof host.adminCommand, 'function');
      // @ts-expect-error it does not live on IO threads
      if (host.thread === 'io') return undefined;
      if (host.thread === 'cpu') return () => host.log.info({}, 'gone');
      host.adminCommand(command);
      return undefined;
    },
  });
  // @ts-expect-error there is no such kind of thread
  t.throws(() => definePlugin({ name: 'three', threads: ['gpu'], install() {} }));
  // @ts-expect-error what install returns is called
  definePlugin({ name: 'four', threads: ['io'], install: () => 5 });
});
