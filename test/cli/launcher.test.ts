import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { bin, heddle, temporaryFolder } from './heddle.ts';

const oldNode = fileURLToPath(new URL('./fixtures/old-node.cjs', import.meta.url));

test('an unsupported Node gets one line that says what is needed, what runs and what to do, and exit code 5', async (t) => {
  const { code, stdout, stderr } = await heddle(['start'], { flags: ['-r', oldNode] });
  t.is(code, 5);
  t.is(stdout, '');
  t.regex(stderr, /^heddle: Node v20\.20\.2 \(.+\) is not supported, Heddle needs \^24\.20\.0 \|\| >=26\.6\.0; .+\n$/);
});

test('a package without a build says so in one line, exit code 5', async (t) => {
  const home = join(temporaryFolder(t), 'node_modules/heddle');
  mkdirSync(join(home, 'cli'), { recursive: true });
  cpSync(join(bin, '..'), join(home, 'bin'), { recursive: true });
  const { code, stderr } = await heddle(['version'], { script: join(home, 'bin/heddle.js') });
  t.is(code, 5);
  t.regex(stderr, /^heddle: there is no build \(.+main\.js\): run `npm run build` in a checkout.+\n$/);
});

test('a checkout without its dependencies says what is missing in one line, exit code 5', async (t) => {
  const home = temporaryFolder(t);
  for (const folder of ['bin', 'cli', 'runtime'])
    cpSync(join(bin, '../..', folder), join(home, folder), { recursive: true });
  cpSync(join(bin, '../../package.json'), join(home, 'package.json'));
  const { code, stderr } = await heddle(['version'], { script: join(home, 'bin/heddle.js') });
  t.is(code, 5);
  t.regex(stderr, /^heddle: Cannot find package 'commander'.+npm ci.+\n$/);
});
