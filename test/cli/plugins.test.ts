// What `heddle check --modules` and `heddle start` say of plugins.

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { echoConfig, heddle, root, temporaryFolder } from './heddle.ts';

const index = JSON.stringify(pathToFileURL(join(root, 'index.ts')).href);
const plugin = (name: string, rest: string) =>
  `import { definePlugin } from ${index};\nexport default definePlugin({ name: '${name}', threads: ['main'], ${rest} });\n`;

/** The echo service with these plugins. */
function folderWith(t: ExecutionContext, plugins: Record<string, string>): string {
  const folder = temporaryFolder(t);
  const echo = join(dirname(echoConfig), 'echo.ts');
  const config = readFileSync(echoConfig, 'utf8').replace('./echo.ts', echo);
  const list = Object.keys(plugins).map((file) => `./${file}`);
  writeFileSync(join(folder, 'heddle.yaml'), `plugins: [${list.join(', ')}]\n${config}`);
  for (const [file, source] of Object.entries(plugins)) writeFileSync(join(folder, file), source);
  return folder;
}

test('check --modules counts the plugins of a right config', async (t) => {
  const cwd = folderWith(t, { 'a.ts': plugin('a', 'install() {}') });
  const { code, stdout } = await heddle(['check', '--modules'], { cwd });
  t.is(stdout, 'heddle.yaml: ok (1 service with 4 methods, 1 pool, 2 listeners, 1 plugin)\n');
  t.is(code, 0);
});

test('check --modules names what is wrong with plugins: modules, names, circles', async (t) => {
  const cwd = folderWith(t, {
    'a.ts': plugin('a', "after: ['b'], install() {}"),
    'b.ts': plugin('b', "after: ['a'], install() {}"),
    'none.ts': 'export const a = 1;',
    'exits.ts': 'process.exit(3);',
  });
  const { code, stdout } = await heddle(['check', '--modules'], { cwd });
  t.is(code, 1);
  t.true(stdout.includes(`${join(cwd, 'none.ts')}: it has no default export; write: export default definePlugin`));
  t.true(stdout.includes(`${join(cwd, 'exits.ts')}: it ended its thread while it was loaded (exit code 3)`), stdout);
  t.true(stdout.includes('plugins want to be installed after each other: a → b → a'), stdout);
});

test('start with a plugin that does not install says which and where: exit code 1', async (t) => {
  const fails = plugin('fails', "install() { throw new Error('no disk'); }");
  const cwd = folderWith(t, { 'fails.ts': fails });
  const { code, stderr } = await heddle(['start', '--set', 'guardian.enabled=false'], { cwd });
  t.is(code, 1);
  t.regex(
    stderr,
    /heddle: it did not start: plugin fails was not installed on thread main: it does not install: Error: no disk \(at .*fails\.ts:2:/,
  );
});

test('start with a plugin that ends its thread names the modules that were being loaded', async (t) => {
  const ends = plugin('ends', 'install() { process.exit(3); }').replace("'main'", "'cpu'");
  const cwd = folderWith(t, { 'ends.ts': ends });
  const { code, stderr } = await heddle(['start', '--set', 'guardian.enabled=false'], { cwd });
  t.is(code, 1);
  t.true(stderr.includes('ended before its modules had loaded'), stderr);
  t.true(stderr.includes(`ends  ${join(cwd, 'ends.ts')}`), stderr);
});
