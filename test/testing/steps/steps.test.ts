// The step harness itself: it must see every operation, and refuse what it cannot see through.

import { readFileSync } from 'node:fs';
import test from 'ava';
import { Driver, run, runNow, undrivenSteps } from '../../../testing/steps/step-runtime.ts';
import { loadStepping, stepSources } from '../../../testing/steps/steps.ts';

const modules = await loadStepping();
const stepping = (source: string): string => stepSources(new Map([['x.ts', source]])).get('x.ts')!;
const atomics = "import { load } from './atomics.ts';\n";

test('stops before every operation of a put and a take', (t) => {
  const { RunQueue } = modules.runQueue;
  const queue = new RunQueue(RunQueue.allocate(1), 1, 7);
  const kinds: string[] = [];
  const driver = new Driver(run(queue.claim(0)));
  for (let op = driver.next(undefined); op !== undefined; op = driver.next(op.kind === 'swapIf' ? true : 0))
    kinds.push(op.kind);
  t.deepEqual(kinds, ['load', 'load', 'swapIf', 'swapIf', 'record']);
});

test('runs to the same end as the shipped code when nobody interferes', (t) => {
  const { RunQueue } = modules.runQueue;
  const queue = new RunQueue(RunQueue.allocate(2), 2, 7);
  const at = runNow(queue.claim(1));
  runNow(queue.commit(at));
  t.true(runNow(queue.hasWork(1)));
  t.is(runNow(queue.take(1)), at);
  runNow(queue.release(at));
  t.is(runNow(queue.size(1)), 0);
  t.is(undrivenSteps(), 0);
});

test('leaves no call of a shared operation unstepped', (t) => {
  const file = 'runtime/shared/run-queue.ts';
  const text = stepSources(new Map([[file, readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8')]])).get(
    file,
  )!;
  t.deepEqual(text.match(/(?<!\$op\('|\.)\b(load|store|swapIf)\((?!\))(?=words|this)/g), null);
});

const refused = test.macro({
  exec: (t, source: string, why: RegExp) => void t.throws(() => stepping(atomics + source), { message: why }),
  title: (name) => `refuses ${name}`,
});

test(
  'a closure that something else would call',
  refused,
  'const f = (w) => w.map((i) => load(w, i));',
  /closure that steps/,
);
test('an async function that steps', refused, 'async function f(w) { load(w, 0); }', /async/);
test('a step at the top of a module', refused, 'load(words, 0);', /outside a function/);
test(
  'a constructor that calls what steps',
  refused,
  'class A { constructor(w) { this.f(w); } f(w) { return load(w, 0); } }',
  /constructor/,
);
test(
  'a getter that steps and is destructured',
  refused,
  'class A { get f() { return load(this.w, 0); } g(a) { const { f } = a; return f + load(this.w, 0); } }',
  /destructured/,
);
test('an operation under another name', refused, "import { store as put } from './atomics.ts';", /keep their names/);
test(
  'a step after `?.` in the middle of a chain',
  refused,
  'const o = { f: (w) => load(w, 0), g: (o) => o?.f(1).h };',
  /chain/,
);
