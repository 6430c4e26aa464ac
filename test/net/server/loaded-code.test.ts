// Whose code is no longer what lies on the disk.

import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { LoadedCode } from '../../../net/server/loaded-code.ts';
import { stampOf } from '../../../runtime/file-stamp.ts';
import { resolutionKey } from '../../../runtime/kept-code.ts';
import type { LoadedMessage } from '../../../runtime/loaded-files.ts';

test('a pool has changed code when one of its files is another, gone, or was loaded in two versions', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-code-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = (name: string) => join(folder, name);
  const write = (name: string, text: string) => writeFileSync(path(name), text);
  const loads = (...names: string[]): LoadedMessage => {
    return {
      type: 'loaded',
      isOver: false,
      files: names.map((name) => ({ path: path(name), stamp: stampOf(path(name)) })),
    };
  };
  for (const name of ['a', 'b', 'shared']) write(name, '1');
  const code = new LoadedCode();
  const one = { pool: 'one', generation: 1 };
  const two = { pool: 'two', generation: 1 };
  const all = [one, two, { pool: 'no threads yet', generation: 1 }];
  code.told(one, loads('a', 'shared'));
  code.told(one, loads('a', 'shared'));
  code.told(two, loads('b', 'shared'));
  t.deepEqual(code.changed(all), []);
  write('new a', '22');
  renameSync(path('new a'), path('a'));
  t.deepEqual(code.changed(all), [{ pool: 'one', files: [path('a')] }]);
  t.deepEqual(code.changed([two]), []);
  rmSync(path('shared'));
  t.deepEqual(code.changed(all), [
    { pool: 'one', files: [path('a'), path('shared')] },
    { pool: 'two', files: [path('shared')] },
  ]);
  write('shared', '1');
  // A thread of `one` that died is replaced by one that loads the new file: now its threads differ.
  code.told(one, loads('a', 'shared'));
  t.deepEqual(code.changed([one]), [{ pool: 'one', files: [path('a'), path('shared')] }]);
  const next = { pool: 'one', generation: 2 };
  code.told(next, loads('a', 'shared'));
  t.deepEqual(code.changed([next]), []);
  t.deepEqual([...code.files.keys()].sort(), [path('a'), path('b'), path('shared')]);
  code.keepOnly([two, { pool: 'three', generation: 1 }]);
  t.deepEqual([...code.files.keys()].sort(), [path('b'), path('shared')]);
  code.keepOnly([]);
  t.is(code.files.size, 0);
});

test('a pool has changed code when a link on the way to one of its files leads elsewhere', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-code-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = (name: string) => join(realpathSync(folder), name);
  const url = (name: string) => pathToFileURL(path(name)).href;
  for (const release of ['one', 'two']) {
    mkdirSync(path(release));
    for (const name of ['a.ts', 'b.ts']) writeFileSync(path(`${release}/${name}`), release);
  }
  symlinkSync('one', path('current'));
  const of = { pool: 'one', generation: 1 };
  const files = ['one/a.ts', 'one/b.ts'].map((name) => ({ path: path(name), stamp: stampOf(path(name)) }));
  const of1 = (parent: string | undefined, specifier: string, name: string) => {
    return { key: resolutionKey(parent, specifier, false), url: url(name), format: undefined };
  };
  const resolutions = [
    of1('file:///heddle.ts', url('current/a.ts'), 'one/a.ts'),
    of1(url('one/a.ts'), './b.ts', 'one/b.ts'),
    of1(url('one/a.ts'), 'some-package', 'one/b.ts'),
    of1(url('one/a.ts'), './b', 'one/b.ts'),
  ];
  const code = new LoadedCode();
  code.told(of, { type: 'loaded', isOver: false, files, texts: [], resolutions });
  t.deepEqual(code.changed([of]), []);
  rmSync(path('current'));
  symlinkSync('two', path('current'));
  t.deepEqual(code.changed([of]), [{ pool: 'one', files: [path('current/a.ts')] }]);
});

test('what require finds by adding to a name is no moved link; a link on the way to it is one', (t) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'heddle-links-')));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = (name: string) => join(folder, name);
  for (const release of ['one', 'two']) {
    mkdirSync(path(`${release}/lib`), { recursive: true });
    for (const name of ['x.js', 'lib/index.js', 'lib.js']) writeFileSync(path(`${release}/${name}`), release);
  }
  symlinkSync('one', path('current'));
  const of = { pool: 'one', generation: 1 };
  const required = (base: string, specifier: string, name: string) => ({
    key: resolutionKey(pathToFileURL(path(`${base}/main.js`)).href, specifier, true),
    url: pathToFileURL(path(`one/${name}`)).href,
    format: undefined,
  });
  const told = (base: string) => {
    const code = new LoadedCode(100, 10);
    const resolutions = [
      required(base, './x', 'x.js'),
      required(base, './lib/', 'lib/index.js'),
      required(base, './lib', 'lib.js'),
      required(base, './x.ts', 'x.js'),
    ];
    code.told(of, { type: 'loaded', isOver: false, files: [], texts: [], resolutions });
    return code;
  };
  const [plain, linked] = [told('one'), told('current')];
  t.true(linked.isUnkept(of), 'too much to be kept: links are looked at all the same');
  t.deepEqual([plain.changed([of]), linked.changed([of])], [[], []]);
  rmSync(path('current'));
  symlinkSync('two', path('current'));
  t.deepEqual(plain.changed([of]), []);
  const files = ['current/lib.js', 'current/lib/', 'current/x.js'].map(path);
  t.deepEqual(linked.changed([of]), [{ pool: 'one', files }]);
});

test('what is beyond the bound of a generation is said to be', (t) => {
  const code = new LoadedCode(1);
  const of = { pool: 'one', generation: 1 };
  const file = (name: string) => ({ path: `/nowhere/${name}`, stamp: 'absent' });
  code.told(of, { type: 'loaded', isOver: false, files: [file('a')] });
  t.deepEqual(code.over, []);
  code.told(of, { type: 'loaded', isOver: false, files: [file('b')] });
  t.deepEqual(code.over, ['one']);
  t.deepEqual([...code.files], [['/nowhere/a', 'absent']]);
});

test('a generation whose threads have loaded different versions is not whole; one loaded just after a change is', (t) => {
  const code = new LoadedCode();
  const of = { pool: 'one', generation: 2 };
  const told = (stamp: string) =>
    code.told(of, { type: 'loaded', isOver: false, files: [{ path: '/nowhere/a', stamp }] });
  t.deepEqual([told('1 1'), told('1 1 just now'), told('1 1')], [[], [], []]);
  t.notThrows(() => code.checkWhole([of]));
  t.deepEqual(code.changed([of]), [{ pool: 'one', files: ['/nowhere/a'] }]);
  t.deepEqual(told('1 2'), ['/nowhere/a']);
  t.throws(() => code.checkWhole([of]), {
    code: 'ABORTED',
    message: /one have loaded different versions of \/nowhere\/a/,
  });
});
