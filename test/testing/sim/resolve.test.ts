// Where simulated code finds the packages that it imports.

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { packageUrl } from '../../../testing/sim/resolve.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'heddle-resolve-')));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text = ''): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

test.before(() => {
  write('package.json', JSON.stringify({ name: 'app', imports: { '#clock': './own/clock.js', '#both': 'both' } }));
  const both = { '.': { require: './both.cjs', import: './both.js' }, './parts/*': './lib/*.js', './none': null };
  write('node_modules/both/package.json', JSON.stringify({ name: 'both', exports: both }));
  write('node_modules/@a/plain/package.json', JSON.stringify({ name: '@a/plain', main: './main.js' }));
  for (const path of ['both/both.js', 'both/both.cjs', 'both/lib/one.js', '@a/plain/main.js', '@a/plain/deep/two.js']) {
    write(`node_modules/${path}`);
  }
  write('own/clock.js');
  write('service.ts');
});

const resolves = test.macro({
  exec: (t, specifier: string, path: string) => {
    const from = pathToFileURL(join(folder, 'service.ts')).href;
    t.is(packageUrl(specifier, from), pathToFileURL(join(folder, path)).href);
  },
  title: (_title, specifier, path) => `${specifier} is ${path}, as import has it`,
});

test(resolves, 'both', 'node_modules/both/both.js');
test(resolves, 'both/parts/one', 'node_modules/both/lib/one.js');
test(resolves, '@a/plain', 'node_modules/@a/plain/main.js');
test(resolves, '@a/plain/deep/two.js', 'node_modules/@a/plain/deep/two.js');
test(resolves, '#clock', 'own/clock.js');
test(resolves, '#both', 'node_modules/both/both.js');

test('what a package does not export is not found', (t) => {
  const from = pathToFileURL(join(folder, 'service.ts')).href;
  t.throws(() => packageUrl('both/none', from), { message: /not defined|not exported/i });
  t.throws(() => packageUrl('missing', from), { message: /missing/ });
});
