// One package.json serves the checkout, which runs its sources, and the package, which runs its build.

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import * as api from '../../index.ts';
import { heddle, root, startHeddle, temporaryFolder } from './heddle.ts';

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  files: string[];
  scripts: Record<string, string>;
  engines: { node: string };
  dependencies: Record<string, string>;
};
const tsc = createRequire(import.meta.url)
  .resolve('typescript/package.json')
  .replace(/package\.json$/, 'bin/tsc');
const node = (args: string[], cwd: string) => execFileSync(process.execPath, args, { cwd, encoding: 'utf8' });

test("'heddle' is index.ts in a checkout: the same names and the same things", async (t) => {
  const own: Record<string, unknown> = await import('heddle');
  t.deepEqual(Object.keys(own).toSorted(), Object.keys(api).toSorted());
  for (const [name, value] of Object.entries(api)) t.is(own[name], value, name);
});

test('bin/heddle.js takes the Node that package.json asks for', (t) => {
  t.true(readFileSync(join(root, 'bin/heddle.js'), 'utf8').includes(`'${manifest.engines.node}'`));
});

test('packing builds first', (t) => {
  t.is(manifest.scripts.prepack, 'npm run build');
  t.regex(manifest.scripts.build ?? '', /tsc -p tsconfig\.build\.json$/);
});

test('npm start replaces the shell, so that signals sent to npm reach the service', (t) => {
  t.regex(manifest.scripts.start ?? '', /^exec node bin\/heddle\.js start /);
});

/** What `npm pack` makes of this checkout, unpacked as a dependency of a new project; without touching dist/ here. */
function projectWithPackage(t: ExecutionContext): { project: string; heddleHome: string } {
  const folder = temporaryFolder(t);
  const staged = join(folder, 'staged');
  mkdirSync(staged);
  for (const path of ['package.json', ...manifest.files]) {
    if (path !== 'dist') cpSync(join(root, path), join(staged, path), { recursive: true });
  }
  node([tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', join(staged, 'dist')], root);
  execFileSync('npm', ['pack', '--ignore-scripts', '--silent'], { cwd: staged });
  const tarball = readdirSync(staged).find((name) => name.endsWith('.tgz'))!;
  const project = join(folder, 'project');
  const heddleHome = join(project, 'node_modules/heddle');
  mkdirSync(heddleHome, { recursive: true });
  execFileSync('tar', ['-xzf', join(staged, tarball), '--strip-components=1', '-C', heddleHome]);
  for (const name of [...Object.keys(manifest.dependencies), '@types']) {
    symlinkSync(join(root, 'node_modules', name), join(project, 'node_modules', name));
  }
  return { project, heddleHome };
}

const service = `
import { avro, connect, implement, method, service } from 'heddle';
const text = { type: 'record', name: 'Text', fields: [{ name: 'text', type: 'string' }] } as const;
export const Echo = service('demo.Echo', { echo: method(avro(text, text), { reads: true, example: { text: 'hi' } }) });
export default implement(Echo, { echo: (request) => request });
export async function lengthOf(target: string): Promise<number> {
  await using client = connect(Echo, { target });
  return (await client.echo({ text: 'four' })).text;
}
`;

test('the package has the build alone, runs from it, and carries its types', async (t) => {
  const { project, heddleHome } = projectWithPackage(t);
  t.false(existsSync(join(heddleHome, 'index.ts')));
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(project, 'echo.ts'), service);
  const listen = '["heddle://127.0.0.1:0", "http://127.0.0.1:0"]';
  const config = join(project, 'heddle.yaml');
  writeFileSync(config, `services: { demo.Echo: { module: ./echo.ts, pool: { threads: 1 }, listen: ${listen} } }\n`);
  const options = { cwd: project, script: join(heddleHome, 'bin/heddle.js') };

  t.regex((await heddle(['version'], options)).stdout, /^heddle \d/);
  t.is((await heddle(['check', '--modules'], options)).code, 0);
  const { process: running, address, url } = await startHeddle(t, [], { ...options, config });
  for (const target of [address, url]) {
    const { code, stdout } = await heddle(['call', target, 'demo.Echo/echo', '{"text":"packed"}'], options);
    t.is(code, 0);
    t.deepEqual(JSON.parse(stdout), { text: 'packed' });
  }
  running.kill('SIGTERM');
  t.is((await running.ended).code, 0);

  const embedded = `
    import { readConfig, Server, type Settings } from 'heddle';
    const { settings } = readConfig({ file: 'heddle.yaml' });
    const server = new Server(settings satisfies Settings | undefined as Settings);
    await server.start();
    console.log(server.addresses.length);
    await server.stop();
  `;
  writeFileSync(join(project, 'embedded.ts'), embedded);
  t.is(node(['embedded.ts'], project).trim().split('\n').at(-1), '2');
  // The tsconfig that docs/getting-started.md gives, and the program there.
  const guide = readFileSync(join(root, 'docs/getting-started.md'), 'utf8');
  writeFileSync(join(project, 'tsconfig.json'), /```json\n(\{\n {2}"compilerOptions"[\s\S]*?)```/.exec(guide)![1]!);
  writeFileSync(join(project, 'program.ts'), /```ts\n([\s\S]*?)```/.exec(guide)![1]!);
  writeFileSync(join(project, 'echo.ts'), service.replace('return (await', 'return +(await'));
  t.is(node([tsc, '-p', '.'], project), '');
  writeFileSync(join(project, 'echo.ts'), service);

  const flags =
    '--ignoreConfig --noEmit --strict --module nodenext --target es2024 --lib es2024,esnext.disposable --types node'.split(
      ' ',
    );
  const error = t.throws(() => node([tsc, ...flags, 'echo.ts'], project)) as unknown as { stdout: string };
  t.regex(error.stdout, /^echo\.ts\(8,3\): error TS2322: Type 'string' is not assignable to type 'number'\.\n$/);
});
