import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { exitCodes } from '../../cli/exit-codes.ts';
import { installedFrom } from '../../cli/init/installed-from.ts';
import { projectNames } from '../../cli/init/names.ts';
import { npmsNodeRunsHeddle } from '../../cli/init/npms-node.ts';
import { type ProjectFile, projectFiles } from '../../cli/init/project-files.ts';
import { writeProject } from '../../cli/init/write-project.ts';
import { heddle, temporaryFolder } from './heddle.ts';
import { manifest } from './packed.ts';

const names = test.macro((t, folder: string, service: string | undefined, expected: string) => {
  const { package: name, service: onWire, constant, file } = projectNames(folder, service);
  t.is([name, onWire, constant, file].join(' '), expected);
});

test(
  'the folder names package, service, contract and file',
  names,
  'my-service',
  undefined,
  'my-service MyService MyService my-service',
);
test(
  'so it does with underscores and dots',
  names,
  'film_search.v2',
  undefined,
  'film-search-v2 FilmSearchV2 FilmSearchV2 film-search-v2',
);
test('so it does in camel case', names, 'FilmSearch', undefined, 'film-search FilmSearch FilmSearch film-search');
test(
  'a global of JavaScript gets a word more',
  names,
  'map',
  undefined,
  'map-service MapService MapService map-service',
);
test(
  'so does what the project uses itself',
  names,
  'server',
  undefined,
  'server-service ServerService ServerService server-service',
);
test(
  '--service names the service, the folder the package',
  names,
  'films',
  'shop.Film_Search',
  'films shop.Film_Search FilmSearch film-search',
);
test('--service names all where the folder can not', names, '2026 (new)', 'shop.Films', 'films shop.Films Films films');
test('what is left of a name without letters begins with my', names, 'x', '_2', 'x _2 My2 my-2');

test('no service is called as what the project imports, has a file for or depends on', (t) => {
  const project = projectFiles(projectNames('films'), { heddle: '1.2.3', ownNode: true });
  const imported = project.flatMap(({ path, text }) =>
    path.endsWith('.ts') ? [...text.matchAll(/^import \{([^}]*)\} from/gm)].flatMap(([, all]) => all!.split(',')) : [],
  );
  const constants = imported.map((name) => name.replace(' type ', '').trim());
  t.true(constants.includes('HeddleError') && constants.includes('Client'));
  for (const name of constants.filter((constant) => constant !== 'Films')) t.not(projectNames(name).constant, name);
  t.is(projectNames('heddle-error').constant, 'HeddleErrorService');
  const { dependencies, devDependencies } = JSON.parse(textOf(project, 'package.json')) as typeof manifest;
  for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
    if (!name.startsWith('@')) t.not(projectNames(name).package, name);
  }
  t.is(projectNames('contract').file, 'contract-service');
});

for (const folder of ['9lives', 'a b', '-x', 'x-', 'é', '', 'x'.repeat(101)]) {
  test(`folder ${JSON.stringify(folder.slice(0, 10))} names nothing, and the error says what would`, (t) => {
    t.throws(() => projectNames(folder), {
      code: 'INVALID_ARGUMENT',
      message: /use letters, digits and -.*--service shop\.Films$/,
    });
  });
}

const plain = { heddle: '1.2.3', ownNode: false };
const textOf = (files: readonly ProjectFile[], path: string): string => files.find((file) => file.path === path)!.text;

test('no name of the template is left in a project', (t) => {
  const files = projectFiles(projectNames('films', 'shop.Cinema'), plain);
  t.deepEqual(files.map(({ path }) => path).toSorted(), [
    '.gitignore',
    'README.md',
    'cinema.ts',
    'contract.ts',
    'heddle.yaml',
    'package.json',
    'test/cinema.test.ts',
    'tsconfig.json',
  ]);
  for (const { text } of files) t.notRegex(text, /my-?service|NODE_VERSIONS|\bdemo\./i);
  t.regex(textOf(files, 'contract.ts'), /export const Cinema = service\('shop\.Cinema'/);
  t.regex(textOf(files, 'heddle.yaml'), /^ {2}shop\.Cinema:\n {4}module: \.\/cinema\.ts$/m);
});

test('package.json asks for this heddle, its Node, and the compiler it is made with', (t) => {
  const written = JSON.parse(textOf(projectFiles(projectNames('films'), plain), 'package.json')) as typeof manifest;
  t.deepEqual(written.engines, manifest.engines);
  t.deepEqual(written.dependencies, { heddle: plain.heddle });
  t.regex(written.scripts.test ?? '', /^heddle check && /);
  const { typescript, '@types/node': types } = manifest.devDependencies;
  t.deepEqual(written.devDependencies, { '@types/node': types!, typescript: typescript! });
});

/** What init writes and says where npm runs on a Node that ends like this when it is given the launcher. */
async function initOn(t: ExecutionContext, exitCode: number): Promise<{ written: typeof manifest; stdout: string }> {
  const cwd = temporaryFolder(t);
  const node = join(cwd, 'node');
  writeFileSync(node, `#!/bin/sh\nexit ${exitCode}\n`, { mode: 0o755 });
  const { stdout } = await heddle(['init', 'films'], { cwd, env: { npm_node_execpath: node } });
  return { written: JSON.parse(readFileSync(join(cwd, 'films/package.json'), 'utf8')) as typeof manifest, stdout };
}

test('a project brings its Node where npm runs on one that is not supported, and npm lets it', async (t) => {
  const { written, stdout } = await initOn(t, exitCodes.unusable);
  t.is(written.devDependencies.node, manifest.devDependencies.node);
  t.deepEqual(written.allowScripts, manifest.allowScripts);
  t.regex(stdout, /the project brings its own: node/);
});

test('it brings none where npm runs on a supported one; init says when it knows no source of heddle', async (t) => {
  const { written, stdout } = await initOn(t, exitCodes.ok);
  t.false('node' in written.devDependencies || 'allowScripts' in written);
  t.is(written.dependencies.heddle, manifest.version);
  t.regex(stdout, /asks npm for heddle [\s\S]+ \(404\)/);
});

test('the Node of npm is the first that is of no project', (t) => {
  const folder = temporaryFolder(t);
  const refusing = join(folder, 'node_modules/.bin');
  mkdirSync(refusing, { recursive: true });
  writeFileSync(join(refusing, 'node'), '#!/bin/sh\nexit 5\n', { mode: 0o755 });
  t.true(npmsNodeRunsHeddle({ PATH: [refusing, dirname(process.execPath)].join(delimiter) }));
  t.false(npmsNodeRunsHeddle({ PATH: refusing }));
});

/** A project with this package.json and package-lock.json, and a tarball beside it. */
const comesFrom = test.macro((t, manifestText: string, lockText: string, expected: string | undefined) => {
  const project = join(temporaryFolder(t), 'project');
  mkdirSync(project);
  writeFileSync(join(project, '../heddle.tgz'), '');
  writeFileSync(join(project, 'package.json'), manifestText);
  writeFileSync(join(project, 'package-lock.json'), lockText);
  const found = installedFrom(join(project, 'node_modules/.store/heddle@1/node_modules/heddle/'));
  t.is(found, expected === 'heddle.tgz' ? join(project, '..', expected) : expected);
});
const dependsOn = (heddle: string): string => JSON.stringify({ devDependencies: { heddle } });
const lockedTo = (resolved: string): string => JSON.stringify({ packages: { 'node_modules/heddle': { resolved } } });

test(
  'heddle comes from the file that package.json names',
  comesFrom,
  dependsOn('file:../heddle.tgz'),
  '',
  'heddle.tgz',
);
test('from no file that is gone', comesFrom, dependsOn('file:../gone.tgz'), '', undefined);
test('from the repository it names', comesFrom, dependsOn('github:ada/heddle'), '', 'github:ada/heddle');
test('from the registry, for a range', comesFrom, dependsOn('^0.1.0'), '', 'registry');
test('else the lock says it', comesFrom, '{}', lockedTo('file:../heddle.tgz'), 'heddle.tgz');
test('or nothing does', comesFrom, 'null', '{}', undefined);

test('it says what to do next; a folder with .git in it is empty', async (t) => {
  const cwd = temporaryFolder(t);
  const folder = join(cwd, 'my films');
  mkdirSync(join(folder, '.git'), { recursive: true });
  writeFileSync(join(cwd, 'heddle.tgz'), '');
  const { code, stdout } = await heddle(['init', 'my films', '--service', 'Films', '--heddle', 'heddle.tgz'], { cwd });
  t.is(code, 0);
  t.true(stdout.endsWith("\nNext:\n  cd 'my films'\n  npm install\n  npm test\n  npm start\n"), stdout);
  t.regex(readFileSync(join(folder, 'package.json'), 'utf8'), /"heddle": "file:\.\.\/heddle\.tgz"/);
});

test('a folder that is not empty is refused with what is in it, and nothing is written', async (t) => {
  const cwd = temporaryFolder(t);
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) writeFileSync(join(cwd, name), '');
  const { code, stdout, stderr } = await heddle(['init', '.', '--service', 'Films'], { cwd });
  t.is(code, 1);
  t.is(stdout, '');
  t.regex(stderr, /^heddle: .+ is not empty: it has a, b, c, d, e and 2 more; name a new folder, or empty this one\n$/);
  t.is(readdirSync(cwd).length, 7);
});

const refused = test.macro(async (t, args: string[], sentence: RegExp) => {
  const cwd = temporaryFolder(t);
  const { code, stderr } = await heddle(['init', ...args], { cwd });
  t.is(code, 1);
  t.regex(stderr, sentence);
  t.deepEqual(readdirSync(cwd), []);
});

test(
  'a tarball that is not there is refused',
  refused,
  ['films', '--heddle', './heddle.tgz'],
  /^heddle: --heddle \.\/heddle\.tgz: there is no \/.+heddle\.tgz; a path is taken from/,
);
test(
  'a wrong name of a service is refused',
  refused,
  ['films', '--service', 'no-dash'],
  /^heddle: "no-dash" can't name a service: use letters, digits and _/,
);
test(
  'a folder under node_modules is refused',
  refused,
  ['node_modules/films'],
  /^heddle: .+ lies in node_modules, where Node runs no TypeScript/,
);

test('what is no path stands for heddle as it is', async (t) => {
  const cwd = temporaryFolder(t);
  const source = 'https://example.org/heddle-0.1.0.tgz';
  t.is((await heddle(['init', 'films', '--heddle', source], { cwd })).code, 0);
  t.true(readFileSync(join(cwd, 'films/package.json'), 'utf8').includes(`"heddle": "${source}"`));
});

test('a write that fails takes back those before it', (t) => {
  const folder = join(temporaryFolder(t), 'new/films');
  const files = [
    { path: 'test/a.ts', text: '' },
    { path: `${'x'.repeat(300)}.ts`, text: '' },
  ];
  t.throws(() => writeProject(folder, files), {
    code: 'FAILED_PRECONDITION',
    message: /ENAMETOOLONG.+nothing of it was kept$/,
  });
  t.false(existsSync(join(folder, '..')));
  mkdirSync(folder, { recursive: true });
  t.throws(() => writeProject(folder, files));
  t.deepEqual(readdirSync(folder), []);
});
