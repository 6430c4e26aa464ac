import test from 'ava';
import { moduleFactory, type Namespace } from '../../../testing/sim/module-factory.ts';
import { SourceModules, sourceUrl } from '../../../testing/sim/modules.ts';
import { Simulation } from '../../../testing/sim/simulation.ts';
import type * as counter from './fixtures/counter.ts';

const counterUrl = new URL('./fixtures/counter.ts', import.meta.url).href;

function evaluate(source: string, imports: readonly Namespace[] = []): Namespace {
  const { evaluate: run } = moduleFactory(source, 'file:///m.js', ['process']);
  return run({
    imports,
    globals: ['own process'],
    meta: { url: 'file:///m.js' },
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

test('refuses an export that changes later', (t) => {
  t.throws(() => evaluate('\nexport let v = 1;'), { message: /m\.js:2 can't be simulated: export let/ });
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
