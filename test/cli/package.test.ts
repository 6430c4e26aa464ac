// One package.json serves the checkout, which runs its sources, and the package, which runs its build. The build is packed
// and installed once, for all tests here.

import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { apiNames, apiReference } from '../../build/api-reference.ts';
import * as client from '../../client.ts';
import * as api from '../../index.ts';
import * as plugin from '../../plugin.ts';
import * as testing from '../../testing.ts';
import { sourceFiles } from '../helpers/import-graph.ts';
import { heddle, root, startHeddle } from './heddle.ts';
import { binOf, bytesUnder, manifest, node, Packed, packedEnv, run } from './packed.ts';

const files = new Map(sourceFiles().map((file) => [file.path, file]));
const entries: Record<string, object> = {
  heddle: api,
  'heddle/client': client,
  'heddle/plugin': plugin,
  'heddle/testing': testing,
};

test("'heddle' and its subpaths are the sources in a checkout: the same names and the same things", async (t) => {
  for (const [specifier, source] of Object.entries(entries)) {
    const own: Record<string, unknown> = await import(specifier);
    t.deepEqual(Object.keys(own).toSorted(), Object.keys(source).toSorted(), specifier);
    for (const [name, value] of Object.entries(source)) t.is(own[name], value, name);
  }
});

/** What a module exports by name from others, types included, as `name of path`. */
function exportsOf(path: string, from: RegExp): string[] {
  return files
    .get(path)!
    .imports.filter(({ target }) => from.test(target))
    .flatMap(({ target, names }) => names.map((name) => `${name} of ${target}`));
}

test('what heddle has for callers is in heddle/client, the same things', (t) => {
  const all: Record<string, unknown> = { ...api };
  for (const [name, value] of Object.entries(client)) t.is(all[name], value, name);
  const forCallers = /^net\/(?:client\/|codec\/|compression\/|contract\.ts)|^runtime\/errors\.ts/;
  t.deepEqual(exportsOf('client.ts', forCallers).toSorted(), exportsOf('index.ts', forCallers).toSorted());
});

test('heddle/plugin has the point and the definition of every extension point', (t) => {
  t.is(plugin.definePlugin, api.definePlugin);
  const points = [...files.values()].filter(({ path }) => path.startsWith('runtime/plugins/'));
  const needed = points.flatMap(({ path, text }) =>
    [...text.matchAll(/^export (?:interface|type) (\w+(?:Point|Definition))\b/gm)].map(
      ([, name]) => `${name} of ${path}`,
    ),
  );
  const own = new Set(exportsOf('plugin.ts', /^runtime\/plugins\//));
  t.true(needed.length >= 14);
  t.deepEqual(
    needed.filter((name) => !own.has(name)),
    [],
  );
  t.deepEqual(
    exportsOf('index.ts', /^runtime\/plugins\//).filter((name) => !own.has(name)),
    [],
  );
});

test('heddle/client and heddle/plugin load nothing of a server', (t) => {
  const loaded = new Set(['client.ts', 'plugin.ts']);
  for (const path of loaded) {
    for (const { target, typeOnly } of files.get(path)?.imports ?? []) if (!typeOnly) loaded.add(target);
  }
  // What threads, shared memory, logs, configs and servers are made of.
  const ofServer =
    /^(?:admin|cli|config|dag|document|plugins|scheduler|runtime\/(?:shared|log)|net\/protocol\/http)\/|^net\/(?!contract)[\w-]+\.ts$/;
  const packages = [...loaded].filter((path) => !path.startsWith('node:') && !path.endsWith('.ts'));
  t.deepEqual(packages.toSorted(), ['avsc', 'flatbuffers']);
  t.false(loaded.has('node:worker_threads'));
  t.deepEqual(
    [...loaded].filter((path) => ofServer.test(path)),
    [],
  );
});

test('bin/heddle.js takes the Node that package.json asks for', (t) => {
  t.true(readFileSync(join(root, 'bin/heddle.js'), 'utf8').includes(`'${manifest.engines.node}'`));
});

test('packing builds first', (t) => {
  t.is(manifest.scripts.prepack, 'npm run build');
  t.regex(manifest.scripts.build ?? '', /tsc -p tsconfig\.build\.json && node build\/prune-declarations\.ts dist$/);
});

test('links of the packed documents lead to what is packed, or to what the guide says is in the repository alone', (t) => {
  const guide = readFileSync(join(root, 'docs/getting-started.md'), 'utf8');
  const [, said] = /Links of README\.md and of these documents ([\s\S]*?) lead into the repository/.exec(guide)!;
  const elsewhere = Array.from(said!.matchAll(/`([^`]+)`/g), ([, place]) => place!);
  const packedFiles = new Set(globSync([...manifest.files, 'README.md', 'LICENSE'], { cwd: root }));
  const documents = ['README.md', ...globSync('docs/*.md', { cwd: root })];
  const lost = documents.flatMap((document) => {
    const links = readFileSync(join(root, document), 'utf8').matchAll(/\]\(([^)#\s]+)[^)]*\)/g);
    const targets = Array.from(links, ([, link]) => link!).filter((link) => !/^https?:/.test(link));
    return targets
      .map((link) => join(dirname(document), link))
      .filter((target) => !existsSync(join(root, target)) || !isIn(target))
      .map((target) => `${document}: ${target}`);
  });
  function isIn(target: string): boolean {
    return packedFiles.has(target) || elsewhere.some((place) => target === place || target.startsWith(place));
  }
  t.deepEqual(lost, []);
});

test('npm start replaces the shell, so that signals sent to npm reach the service', (t) => {
  t.regex(manifest.scripts.start ?? '', /^exec node bin\/heddle\.js start /);
});

const folder = mkdtempSync(join(tmpdir(), 'heddle-packed-'));
let packed: Packed;
test.before('pack, install, init, install', () => {
  packed = new Packed(folder);
});
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

test.serial('publint and are-the-types-wrong find nothing in the package', (t) => {
  t.regex(node([binOf('publint'), packed.tarball, '--strict'], folder), /All good!/);
  // The profile leaves out what can't be for ES modules alone: the resolution of Node 10, and types for require().
  const attw = [binOf('attw'), packed.tarball, '--profile', 'esm-only', '--format', 'json'];
  const { analysis } = JSON.parse(node(attw, folder)) as { analysis: { entrypoints: object } };
  t.deepEqual(Object.keys(analysis.entrypoints), Object.keys(manifest.exports));
});

test.serial('the package has the build alone, and is small', (t) => {
  const names = globSync('**', { cwd: packed.home, withFileTypes: true }).filter((entry) => entry.isFile());
  const endings = new Set(names.map(({ name }) => name.replace(/^[^.]*/, '')));
  t.deepEqual(
    [...endings].filter((ending) => /\.map$|test|svg|tsbuildinfo/.test(ending)),
    ['.test.ts'],
  );
  const sources = names.filter(({ name }) => /\.ts$/.test(name) && !name.endsWith('.d.ts'));
  t.true(sources.every(({ parentPath }) => parentPath.includes('cli/init/template')));
  t.false(existsSync(join(packed.home, 'dist/cli/main.d.ts')));
  t.true(bytesUnder(packed.home) < 4.5e6, `${bytesUnder(packed.home)} bytes unpacked`);
  t.true(packed.installedBytes < 14e6, `${packed.installedBytes} bytes with all dependencies`);
});

test.serial('docs/api.md is what the types and docstrings say (node build/generate-api.ts)', (t) => {
  const dist = join(packed.home, 'dist');
  const page = readFileSync(join(root, 'docs/api.md'), 'utf8');
  t.is(page, apiReference(dist));
  const names = apiNames(dist);
  const headings = new Set(Array.from(page.matchAll(/^### (.*)$/gm), ([, name]) => name));
  const values = Object.values(entries).flatMap((entry) => Object.keys(entry));
  t.deepEqual(
    [...names.map(({ name }) => name), ...values].filter((name) => !headings.has(name)),
    [],
  );
  const silent = names.filter(({ declarations }) => declarations.every(({ doc }) => doc === ''));
  t.deepEqual(
    silent.map(({ name, source }) => `${name} of ${source} has no docstring`),
    [],
  );
});

test.serial('what heddle init writes passes its own test, its types and its check', (t) => {
  const { project, said } = packed;
  t.regex(said, /has a project with service FilmSearch in 8 files/);
  t.regex(run('npm', ['test'], project), /pass 2\n/);
  run('npm', ['run', 'types'], project);
  t.regex(run('npm', ['run', 'check'], project), /heddle\.yaml: ok \(1 service with 1 method, 1 pool, 2 listeners\)/);
  const [, schema] = /\$schema=(\S+)/.exec(readFileSync(join(project, 'heddle.yaml'), 'utf8'))!;
  const schemaText =
    'import schema from "heddle/schema.json" with { type: "json" }; console.log(JSON.stringify(schema))';
  t.deepEqual(
    JSON.parse(node(['--input-type=module', '-e', schemaText], project)),
    JSON.parse(readFileSync(join(project, schema!), 'utf8')),
  );
});

test.serial('it starts, is called, and ends by SIGINT', async (t) => {
  const { project, bin } = packed;
  const options = { cwd: project, script: bin, env: packedEnv };
  t.regex((await heddle(['version'], options)).stdout, new RegExp(`^heddle ${manifest.version} `));
  const listen = 'services.*.listen=["heddle://127.0.0.1:0", "http://127.0.0.1:0"]';
  const started = await startHeddle(t, ['--set', listen], { ...options, config: 'heddle.yaml' });
  for (const target of [started.address, started.url]) {
    const { code, stdout, stderr } = await heddle(['call', target, 'FilmSearch/greet', '{"name":"Ada"}'], options);
    t.is(code, 0, stderr);
    t.deepEqual(JSON.parse(stdout), { text: 'Hello, Ada!' });
  }
  const caller = `
    import { connect } from 'heddle/client';
    import { FilmSearch } from './contract.ts';
    await using films = connect(FilmSearch, { target: process.argv[2] });
    console.log((await films.greet({ name: 'Grace' })).text);
  `;
  writeFileSync(join(project, 'caller.ts'), caller);
  t.is(node(['caller.ts', started.address], project), 'Hello, Grace!\n');
  // As bundlers resolve it.
  t.is(node(['--conditions=module', 'caller.ts', started.address], project), 'Hello, Grace!\n');
  started.process.kill('SIGINT');
  t.is((await started.process.ended).code, 0);
});

test.serial('its services are simulated in its tests', (t) => {
  const { project } = packed;
  const simulated = `
    import { everySeed, type SimulatedProcess } from 'heddle/testing';
    import { FilmSearch } from './contract.ts';
    const greet = async (sim: SimulatedProcess) => {
      const { text } = await sim.client(FilmSearch).greet({ name: 'Ada' });
      console.log(text satisfies string);
    };
    await everySeed({ seeds: 2, config: new URL('heddle.yaml', import.meta.url), faults: 'random' }, greet);
  `;
  writeFileSync(join(project, 'simulated.ts'), simulated);
  t.is(node(['simulated.ts'], project), 'Hello, Ada!\nHello, Ada!\n');
});

test.serial('a program of its own starts services, and their types reach its code', (t) => {
  const { project } = packed;
  // The tsconfig that docs/getting-started.md gives, and the program there.
  const guide = readFileSync(join(root, 'docs/getting-started.md'), 'utf8');
  const tsconfig = JSON.parse(/```json\n(\{\n {2}"compilerOptions"[\s\S]*?)```/.exec(guide)![1]!) as object;
  writeFileSync(join(project, 'guide.json'), JSON.stringify({ ...tsconfig, files: ['program.ts', 'plug.ts'] }));
  writeFileSync(join(project, 'program.ts'), /```ts\n([\s\S]*?)```/.exec(guide)![1]!);
  const plug = `
    import { definePlugin, emptyCallHead } from 'heddle/plugin';
    export const priority: number = emptyCallHead().priority;
    export default definePlugin({ name: 'plug', threads: ['io'], install: (host) => host.log.info({}, host.thread satisfies 'io') as undefined });
  `;
  writeFileSync(join(project, 'plug.ts'), plug);
  t.is(node([binOf('tsc'), '-p', 'guide.json'], project), '');

  const embedded = `
    import { connect, readConfig, Server, type Settings } from 'heddle';
    import { FilmSearch } from './contract.ts';
    const overrides = ['services.*.listen=["heddle://127.0.0.1:0"]', 'admin.address=none', 'log.level=error', 'plugins=["./plug.ts"]'];
    const { settings } = readConfig({ file: 'heddle.yaml', overrides });
    const server = new Server(settings satisfies Settings | undefined as Settings);
    await server.start();
    await using films = connect(FilmSearch, { target: 'heddle://127.0.0.1:' + server.addresses[0]!.port });
    console.log((await films.greet({ name: 'Alan' })).text satisfies string);
    const wrong: number = (await films.greet({ name: 'Alan' })).text;
    await server.stop();
  `;
  writeFileSync(join(project, 'embedded.ts'), embedded);
  t.is(node(['embedded.ts'], project), 'Hello, Alan!\n');
  writeFileSync(join(project, 'guide.json'), JSON.stringify({ ...tsconfig, files: ['embedded.ts'] }));
  const error = t.throws(() => node([binOf('tsc'), '-p', 'guide.json'], project));
  t.regex(
    error.message,
    /: embedded\.ts\(10,11\): error TS2322: Type 'string' is not assignable to type 'number'\.\n$/,
  );
});
