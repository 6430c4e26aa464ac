import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { loadInThread } from '../../../dag/load/load-in-thread.ts';
import { folderOf, heddleIndex } from './folder.ts';

const one = (name: string) => `strategy: ${name}
nodes:
  a: { run: ./${name}.ts#run }
output: a
`;

test('a load sees code that has changed since the one before', async (t) => {
  const { path, source } = folderOf(t, { 'feed.yaml': one('feed'), 'feed.ts': 'export const ran = 1;\n' });
  const before = await loadInThread([source('feed.yaml')]);
  t.regex(before.problems[0]!.message, /exports no run/);
  writeFileSync(join(path, 'feed.ts'), 'export const run = () => 1;\n');
  const after = await loadInThread([source('feed.yaml')]);
  t.deepEqual(after.problems, []);
  t.is(after.definitions[0]!.name, 'feed');
});

test('modules that exit, throw for nobody or hang are problems at their nodes, beside all others', async (t) => {
  const { source, printed } = folderOf(t, {
    'exits.yaml': one('exits'),
    'exits.ts': 'process.exit(3);\n',
    'throws.yaml': one('throws'),
    'throws.ts': 'void Promise.reject(new Error("later"));\nexport const run = 1;\n',
    'waits.ts': 'await new Promise(() => {});\n',
    'wrong.yaml': 'strategy: wrong\nnodes: { a: { value: b } }\noutput: a\n',
  });
  const sources = ['exits.yaml', 'throws.yaml', 'waits.ts', 'wrong.yaml'].map(source);
  const text = printed(await loadInThread(sources));
  t.regex(text, /^exits\.yaml:3:13: \/srv\/exits\.ts: it ended its thread while it was loaded \(exit code 3\)$/m);
  t.regex(
    text,
    /^throws\.yaml:3:13: \/srv\/throws\.ts: an error that nobody caught.*Error: later \(at \/srv\/throws\.ts:1:/m,
  );
  t.regex(text, /^waits\.ts: it never ends loading; does it wait/m);
  t.regex(text, /^wrong\.yaml:2:\d+: there is no .*b/m);
});

test('a module that never turns is ended in time', async (t) => {
  const { source, printed } = folderOf(t, { 'spins.ts': 'for (;;);\n' });
  const text = printed(await loadInThread([source('spins.ts')], {}, { timeoutMs: 300 }));
  t.regex(text, /^spins\.ts: it did not load within 0\.3 s/);
});

test('a program is loaded with its functions as names', async (t) => {
  const { source } = folderOf(t, {
    'feed.ts': `import { strategy } from ${heddleIndex};
export const feed = strategy('feed', { nodes: { a: { run: (input) => input } }, output: 'a' });
`,
  });
  const { definitions, problems } = await loadInThread([source('feed.ts')]);
  t.deepEqual(problems, []);
  const { kind } = definitions[0]!.nodes[0]!.work;
  t.is(kind, 'function');
});

test('after four modules that broke their threads no more are tried', async (t) => {
  const names = ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}.ts`);
  const { source, printed } = folderOf(t, Object.fromEntries(names.map((name) => [name, 'process.exit(1);\n'])));
  const text = printed(await loadInThread(names.map(source)));
  t.is(text.match(/it ended its thread while it was loaded/g)?.length, 4);
  t.regex(text, /^\/srv\/d\.ts: is module 4 that breaks its thread/m);
  t.notRegex(text, /e\.ts/);
});
