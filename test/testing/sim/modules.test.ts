import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { moduleFactory, type Namespace } from '../../../testing/sim/module-factory.ts';
import { SourceModules, sourceUrl } from '../../../testing/sim/modules.ts';
import { Simulation } from '../../../testing/sim/simulation.ts';
import type * as counter from './fixtures/counter.ts';
import type * as liveReader from './fixtures/live-reader.ts';
import type * as tricks from './fixtures/tricks.ts';

const fixture = (name: string): string => new URL(`./fixtures/${name}`, import.meta.url).href;
const counterUrl = fixture('counter.ts');

interface OwnCommonJs {
  other: { seen: string[] };
  process: unknown;
  load(): Promise<unknown>;
}

function evaluate(source: string, imports: readonly Namespace[] = []): Namespace {
  const { evaluate: run } = moduleFactory(source, 'file:///m.js', ['process']);
  return run({
    imports,
    globals: ['own process'],
    meta: { url: 'file:///m.js', filename: '/m.js', dirname: '/', main: false, resolve: (name) => `at ${name}` },
    load: async (name) => `loaded ${name}`,
  });
}

test('gives a module its imports in every form of the language', (t) => {
  const from = { default: 1, a: 2, b: 3 };
  const read = (source: string) => evaluate(source, [from]).v;
  t.is(read("import { a } from 'x'; export const v = a;"), 2);
  t.is(read("import {\n  a,\n  b as c,\n} from 'x';\nexport const v = a + c;"), 5);
  t.is(read("import d from 'x'; export const v = d;"), 1);
  t.is(read("import d, { b } from 'x'; export const v = d + b;"), 4);
  t.deepEqual(read("import * as all from 'x'; export const v = all;"), from);
  t.is(read("import 'x'; export const v = 0;"), 0);
});

test('returns what a module exports, in every form of the language', (t) => {
  const names = (source: string, imports: readonly Namespace[] = []) => Object.keys(evaluate(source, imports)).sort();
  t.deepEqual(names('export const a = 1; export class B {} export function c() {} export async function* d() {}'), [
    'B',
    'a',
    'c',
    'd',
  ]);
  t.deepEqual(names('const a = 1; export { a, a as b };'), ['a', 'b']);
  t.deepEqual(names('export const { a, b: c } = { a: 1, b: 2 };'), ['a', 'c']);
  t.deepEqual(names("export { a as z } from 'x';", [{ a: 1 }]), ['z']);
  t.deepEqual(names("export * from 'x'; export const b = 2;", [{ a: 1, default: 3 }]), ['a', 'b']);
  t.deepEqual(names("export * as all from 'x';", [{ a: 1 }]), ['all']);
  t.is(evaluate('export default 7;').default, 7);
  t.is((evaluate('export default function g() { return 8; }').default as () => number)(), 8);
});

test('leaves words alone that only look like imports and exports', (t) => {
  const source = [
    '// import { a } from "x";',
    'const text = `export const q = 1`;',
    'const o = { import: 1, export: 2 };',
    'const r = /import\\/"export/;',
    'export const v = [text, o.import, o.export, r.source, process, import.meta.url];',
  ].join('\n');
  t.deepEqual(evaluate(source).v, ['export const q = 1', 1, 2, 'import\\/"export', 'own process', 'file:///m.js']);
});

test('calls back for a dynamic import', async (t) => {
  t.is(await (evaluate("export const v = import('./y.js');").v as Promise<string>), 'loaded ./y.js');
});

test('an export that changes is seen to change, by whoever imports it in whatever way', (t) => {
  const reader = new Simulation({ seed: 1 }).thread('one').load<typeof liveReader>(fixture('live-reader.ts'));
  t.deepEqual(reader.read(), [1, 1, 1, 1, 1]);
  t.deepEqual(reader.read(), [2, 2, 3, 2, 2]);
  t.is(reader.shadowed(), 9);
});

test('refuses what it does not understand, with the line', (t) => {
  t.throws(() => evaluate("\nimport { 'a-b' as c } from 'x';"), { message: /m\.js:2 can't be simulated: a string as/ });
  const sources = new SourceModules([
    { file: 'runtime/shared/inflight.ts', find: 'export const allRequests = 0;', replace: '= 9' },
  ]);
  t.throws(() => sources.source(sourceUrl('runtime/shared/inflight')), {
    message: /inflight\.ts:\d+ can't be simulated: Unexpected token/,
  });
});

test('a module that throws is evaluated once, and says the same to all who import it', (t) => {
  const thread = new Simulation({ seed: 1 }).thread('one');
  t.throws(() => thread.load(fixture('thrower.ts')), { message: 'try 1' });
  t.throws(() => thread.load(fixture('thrower.ts')), { message: 'try 1' });
});

test('CommonJS and JSON of the project are each thread’s own, in circles too', async (t) => {
  const thread = new Simulation({ seed: 1 }).thread('one');
  const { default: own } = thread.load<{ default: OwnCommonJs }>(fixture('own.cjs'));
  t.deepEqual(own.other.seen, ['count', 'process']);
  t.not(own.process, process);
  t.is(await own.load(), thread.load(counterUrl));
});

test('a module knows where it is', (t) => {
  const url = fixture('tricks.ts');
  const { where } = new Simulation({ seed: 1 }).thread('one').load<typeof tricks>(url);
  const path = fileURLToPath(url);
  t.deepEqual(where(), [url, path, dirname(path), fixture('own.cjs'), true]);
});

test('evaluates a module anew for each thread', (t) => {
  const simulation = new Simulation({ seed: 1 });
  const [one, two] = [simulation.thread('one'), simulation.thread('two')];
  const first = one.load<typeof counter>(counterUrl);
  t.is(first.count(), 1);
  t.is(first.count(), 2);
  t.is(one.load<typeof counter>(counterUrl), first);
  t.is(two.load<typeof counter>(counterUrl).count(), 1);
});

test('puts an edit into the sources of its own simulation alone', (t) => {
  const file = 'runtime/shared/inflight.ts';
  const edits = [{ file, find: 'export const allRequests = 0;', replace: 'export const allRequests = 9;' }];
  const load = (simulation: Simulation) =>
    simulation.thread('a').load<{ allRequests: number }>(sourceUrl('runtime/shared/inflight')).allRequests;
  t.is(load(new Simulation({ seed: 1, edits })), 9);
  t.is(load(new Simulation({ seed: 1 })), 0);
});

test('refuses an edit whose text is not there exactly once', (t) => {
  const edits = [{ file: 'runtime/shared/inflight.ts', find: 'no such text', replace: '' }];
  t.throws(() => new SourceModules(edits).source(sourceUrl('runtime/shared/inflight')), {
    message: /runtime\/shared\/inflight\.ts: the text to replace is there 0 times/,
  });
});
