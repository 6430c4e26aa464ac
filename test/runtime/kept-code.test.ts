// Code that a generation has loaded is what its later threads load too, whatever lies on the disk by then.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import { LoadedCode } from '../../net/server/loaded-code.ts';
import type { KeptCode } from '../../runtime/kept-code.ts';
import type { LoadedMessage } from '../../runtime/loaded-files.ts';

const of = { pool: 'work', generation: 1 };
const url = (path: string): string => JSON.stringify(new URL(`../../runtime/${path}`, import.meta.url).href);
const at = (name: string): string => JSON.stringify(`./${name}`);

/** Modules of all kinds, and a thread that loads them and says what they come to. */
class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), 'heddle-kept-'));

  constructor(t: ExecutionContext) {
    t.teardown(() => rmSync(this.folder, { recursive: true, force: true }));
    this.write(
      'worker.mjs',
      `import { parentPort, workerData } from 'node:worker_threads';
import { LoadedFiles } from ${url('loaded-files.ts')};
import { systemClock } from ${url('clock.ts')};
const loads = new LoadedFiles({ tell: (told) => parentPort.postMessage({ told }), clock: systemClock, kept: workerData });
loads.watch();
const { all, late } = await import(${at('main.ts')});
const value = await late(all);
loads.flush();
parentPort.postMessage({ value });`,
    );
    this.write(
      'main.ts',
      `import { b } from ${at('b.ts?v=1')}; import data from ${at('c.json')} with { type: 'json' }; import d from ${at('d.cjs')};
import { createRequire } from 'node:module'; import e from ${at('e.cts')}; import pack from 'pack';
export const all: unknown[] = [b, data, d, e, pack, createRequire(import.meta.url)(${at('f')})];
export const late = (all: unknown[]) => import(${at('late.mjs')}).then(({ late }) => [...all, late]);`,
    );
    mkdirSync(join(this.folder, 'node_modules/pack'), { recursive: true });
    this.write('node_modules/pack/index.js', 'module.exports = "pack 1";');
    this.write('b.ts', 'export const b: string = "b";');
    this.write('c.json', '{ "c": 1 }');
    this.write('d.cjs', `module.exports = require(${at('g.json')});`);
    this.write('e.cts', 'const e: string = "e"; module.exports = e;');
    this.write('f.js', 'exports.f = 1;');
    this.write('g.json', '{ "g": 1 }');
    this.write('late.mjs', 'export const late = "late";');
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  async load(kept?: KeptCode): Promise<{ value: unknown; told: LoadedMessage[] }> {
    const told: LoadedMessage[] = [];
    let value: unknown;
    const worker = new Worker(pathToFileURL(join(this.folder, 'worker.mjs')), { workerData: kept });
    worker.on('message', (message: { told?: LoadedMessage; value?: unknown }) => {
      if (message.told !== undefined) told.push(message.told);
      else value = message.value;
    });
    await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
    return { value, told };
  }
}

test('a later thread of a generation loads what the first has loaded: TypeScript, CommonJS, JSON, changed or gone', async (t) => {
  const stage = new Stage(t);
  const first = await stage.load();
  t.deepEqual(first.value, ['b', { c: 1 }, { g: 1 }, 'e', 'pack 1', { f: 1 }, 'late']);
  const code = new LoadedCode();
  for (const message of first.told) t.deepEqual(code.told(of, message), []);
  const kept = code.kept(of)!;
  t.is(kept.files.size, 8);
  const unchanged = await stage.load(kept);
  t.deepEqual([unchanged.value, unchanged.told], [first.value, []], 'and there is nothing to tell of it');

  for (const name of ['d.cjs', 'e.cts']) stage.write(name, 'new wrong(');
  stage.write('b.ts', 'export const b = "another";');
  for (const name of ['main.ts', 'c.json', 'f.js', 'g.json', 'late.mjs']) rmSync(join(stage.folder, name));
  t.deepEqual((await stage.load(kept)).value, first.value);
  rmSync(join(stage.folder, 'node_modules/pack/index.js'));
  stage.write('node_modules/pack/package.json', '{ "main": "other.js" }');
  stage.write('node_modules/pack/other.js', 'module.exports = "pack 2";');
  const packed = (await stage.load(kept)).value;
  t.deepEqual(packed, (first.value as string[]).with(4, 'pack 2'), 'packages are not kept');
  const other = await stage.load().catch(String);
  t.regex(String(other), /Cannot find module .*main\.ts/, 'a thread of another generation sees what is there');
});

test('more code than is kept is not kept in part, and that is said', (t) => {
  const text = (name: string, length: number) => ({
    url: `file:///${name}.ts`,
    format: 'module-typescript',
    text: 'x'.repeat(length),
  });
  const code = new LoadedCode(10, 1_000);
  const told = (...texts: ReturnType<typeof text>[]) =>
    code.told(of, { type: 'loaded', files: [], isOver: false, texts, resolutions: [] });
  told(text('a', 500));
  told(text('a', 500), text('a', 500));
  t.false(code.isUnkept(of), 'what each thread tells counts once');
  told(text('b', 500));
  t.deepEqual([code.isUnkept(of), code.kept(of)], [true, undefined]);
  told(text('c', 1));
  t.is(code.kept(of), undefined);
  const other = { pool: 'work', generation: 2 };
  code.told(other, { type: 'loaded', files: [], isOver: true });
  t.true(code.isUnkept(other), 'nor what has more files than are told');
});
