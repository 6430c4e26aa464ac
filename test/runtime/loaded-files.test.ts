// Which files a thread tells that it has loaded: users' own, whichever way they are loaded, each once, as it was before.

import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import { absent, changedAtMs, stampOf } from '../../runtime/file-stamp.ts';
import { isHeddles, LoadedFiles, type LoadedMessage } from '../../runtime/loaded-files.ts';
import { VirtualClock } from '../helpers/virtual-clock.ts';

function folderOf(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-loaded-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const loadedFilesUrl = new URL('../../runtime/loaded-files.ts', import.meta.url).href;
const clockUrl = new URL('../../runtime/clock.ts', import.meta.url).href;
const heddleUrl = new URL('../../runtime/errors.ts', import.meta.url).href;

test('a thread tells files loaded by import and require, JSON too, and none of packages or of Heddle', async (t) => {
  const folder = folderOf(t);
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  mkdirSync(join(folder, 'node_modules/pack'), { recursive: true });
  write('node_modules/pack/index.js', 'module.exports = 1;');
  const at = (name: string) => JSON.stringify(`./${name}`);
  write(
    'main.ts',
    `import ${at('b.ts?v=1')}; import data from ${at('c.json')} with { type: 'json' }; import 'pack'; import 'node:os';
import { createRequire } from 'node:module'; import ${JSON.stringify(heddleUrl)};
createRequire(import.meta.url)(${at('d.cjs')});
export const late = () => import(${at('late.ts')}); export const twice = () => import(${at('b.ts')});
export const gone = () => import(${at('gone.ts')}).catch(() => data);`,
  );
  write('b.ts', 'export const b: number = 1;');
  write('c.json', '{}');
  write('d.cjs', `require(${at('e.cjs')});`);
  write('e.cjs', '');
  write('late.ts', '');
  write(
    'worker.mjs',
    `import { parentPort } from 'node:worker_threads';
import { LoadedFiles } from ${JSON.stringify(loadedFilesUrl)};
import { systemClock } from ${JSON.stringify(clockUrl)};
const loads = new LoadedFiles({ tell: (message) => parentPort.postMessage(message), clock: systemClock });
loads.watch();
const main = await import(${at('main.ts')});
loads.flush();
for (let turn = 0; turn < 5; turn++) { await main.late(); await main.twice(); loads.flush(); }
await main.gone();`,
  );
  const messages: LoadedMessage[] = [];
  const worker = new Worker(pathToFileURL(join(folder, 'worker.mjs')));
  worker.on('message', (message: LoadedMessage) => messages.push(message));
  await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
  const [first, ...rest] = messages.map(({ files }) => files.map(({ path }) => path.slice(folder.length + 1)).sort());
  t.deepEqual(first, ['b.ts', 'c.json', 'd.cjs', 'e.cjs', 'main.ts']);
  t.deepEqual(rest.flat().sort(), ['gone.ts', 'late.ts']);
  const told = messages.flatMap(({ files }) => files);
  const keys = messages.flatMap(({ resolutions = [] }) => resolutions.map(({ key }) => key));
  t.deepEqual(keys, [...new Set(keys)], 'an import that is asked for again is not told again');
  t.is(messages.length, 3, 'and costs no message');
  t.is(told.find(({ path }) => path.endsWith('gone.ts'))?.stamp, absent);
});

test('the stamp is of before the load, and one of this very moment equals no later one', (t) => {
  const folder = folderOf(t);
  const path = join(folder, 'a.ts');
  writeFileSync(path, '1');
  const told: LoadedMessage[] = [];
  const changedMs = changedAtMs(stampOf(path));
  const note = (clock: VirtualClock) => {
    const loads = new LoadedFiles({ tell: (message) => told.push(message), clock });
    loads.note(pathToFileURL(path).href);
    loads.flush();
    return told.at(-1)!.files[0]!.stamp;
  };
  t.is(note(new VirtualClock(0, changedMs + 1000)), stampOf(path));
  t.not(note(new VirtualClock(0, changedMs + 1)), stampOf(path));
  const before = stampOf(path);
  utimesSync(path, 1, 1);
  t.not(stampOf(path), before);
  // As tools do that copy a file with its time.
  const { size } = statSync(path);
  writeFileSync(join(folder, 'other'), '2');
  utimesSync(join(folder, 'other'), 1, 1);
  const copied = stampOf(path);
  renameSync(join(folder, 'other'), path);
  t.is(statSync(path).size, size);
  t.not(stampOf(path), copied);
  t.is(stampOf(join(folder, 'none')), absent);
  t.is(stampOf(join(path, 'below-a-file')), absent);
});

test('there is a bound on the files that a thread tells, and it says that there were more', (t) => {
  const told: LoadedMessage[] = [];
  const loads = new LoadedFiles({ tell: (message) => told.push(message), clock: new VirtualClock(), max: 2 });
  for (const name of ['a', 'b', 'c', 'd']) loads.note(`file:///nowhere/${name}.ts`);
  loads.flush();
  t.deepEqual(told, [
    {
      type: 'loaded',
      files: [
        { path: '/nowhere/a.ts', stamp: absent },
        { path: '/nowhere/b.ts', stamp: absent },
      ],
      isOver: true,
    },
  ]);
});

test('in a checkout all of Heddle is its own, and whatever somebody puts beside it is theirs', (t) => {
  const root = new URL('../../', import.meta.url);
  const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => /^(?!node_modules|dist|\.)[^.]*\.(?:js|ts)$/.test(path))
    .map((path) => ({ path, own: isHeddles(new URL(path, root).href) }));
  const users = /^(?:bench|examples|test)\//;
  t.deepEqual(
    sources.filter(({ path, own }) => own === users.test(path)),
    [],
  );
  t.false(isHeddles(new URL('mine/service.ts', root).href));
  t.false(isHeddles(new URL('service.ts', root).href));
  t.false(isHeddles(new URL('node_modules/some/index.js', root).href));
});
