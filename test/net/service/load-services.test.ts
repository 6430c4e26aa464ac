// Loading services: what is right loads, what is wrong is named with its file.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { loadServices } from '../../../net/service/load-services.ts';

const netUrl = (file: string): string => JSON.stringify(new URL(`../../../net/${file}`, import.meta.url).href);
const imports = `
import { bytes } from ${netUrl('codec/bytes-codec.ts')};
import { method, service } from ${netUrl('service/contract.ts')};
import { implement } from ${netUrl('service/implement.ts')};
`;

let folder: string;
test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'heddle-load-'));
});
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

function module(file: string, source: string): string {
  const path = join(folder, file);
  writeFileSync(path, source);
  return pathToFileURL(path).href;
}

const good = (name: string): string =>
  `${imports}export default implement(service(${JSON.stringify(name)}, { a: method(bytes(), { reads: true }), b: method(bytes()) }), { a: (x) => x, b: (x) => x });`;

test('gives the methods of all modules, in order', async (t) => {
  const one = module('one.ts', good('demo.One'));
  const two = module('two.ts', good('demo.Two'));
  const processors = await loadServices([
    { name: 'demo.One', moduleUrl: one, asyncContext: true },
    { name: 'demo.Two', moduleUrl: two },
  ]);
  t.deepEqual(
    processors.map(({ service, method, reads, asyncContext }) => [service, method, reads, asyncContext]),
    [
      ['demo.One', 'a', true, true],
      ['demo.One', 'b', false, true],
      ['demo.Two', 'a', true, false],
      ['demo.Two', 'b', false, false],
    ],
  );
});

const wrong = test.macro({
  async exec(t, file: string, source: string, reason: RegExp) {
    const moduleUrl = module(file, source);
    const error = await t.throwsAsync(loadServices([{ name: 'demo.X', moduleUrl }]), { code: 'FAILED_PRECONDITION' });
    t.true(error!.message.startsWith(`${join(folder, file)}: `), error!.message);
    t.regex(error!.message, reason);
  },
  title: (title) => `names the file and ${title}`,
});

test(
  'the line of a syntax error in TypeScript',
  wrong,
  'syntax.ts',
  'const a: number = 1;\nconst b = ;',
  /does not load: SyntaxError: Expression expected \(at .*syntax\.ts:2\)/,
);
test(
  'the line of a syntax error in JavaScript',
  wrong,
  'syntax.mjs',
  'const a = 1;\nconst b = ;',
  /SyntaxError: Unexpected token ';' \(at .*syntax\.mjs:2\)/,
);
test(
  'syntax that would need a build',
  wrong,
  'enum.ts',
  'enum A { b }',
  /TypeScript enum is not supported .*enum\.ts:1/,
);
test(
  'a module that is missing',
  wrong,
  'gone.ts',
  "import './nowhere.ts';",
  /Cannot find module '.*nowhere\.ts' imported from/,
);
test(
  'a package that is missing',
  wrong,
  'package.ts',
  "import 'no-such-package';",
  /Cannot find package 'no-such-package'/,
);
test(
  'an export that is missing',
  wrong,
  'export.ts',
  `import { nothing } from ${netUrl('service/contract.ts')};`,
  /does not provide an export named 'nothing' \(at .*export\.ts:1\)/,
);
test(
  'the place of a throw',
  wrong,
  'throw.ts',
  '\nthrow new Error("no database\\nat all");',
  /does not load: Error: no database \(at .*throw\.ts:2:7\)$/,
);
test('a throw of something else', wrong, 'five.ts', 'throw 5;', /it threw 5 while it was loaded/);
test(
  'a missing default export',
  wrong,
  'none.ts',
  'export const a = 1;',
  /has no default export; write: export default implement/,
);
test(
  'a default export of something else',
  wrong,
  'other.ts',
  'export default { a() {} };',
  /was not made by implement\(\)/,
);
test(
  'a service of another name',
  wrong,
  'name.ts',
  good('demo.Y'),
  /it implements demo\.Y, but the config calls it demo\.X/,
);
test(
  'a method without a handler',
  wrong,
  'lacks.ts',
  `${imports}export default implement(service('demo.X', { a: method(bytes()) }), {});`,
  /demo\.X lacks a handler for its method a/,
);

test('names the file that does not exist', async (t) => {
  const moduleUrl = pathToFileURL(join(folder, 'absent.ts')).href;
  await t.throwsAsync(loadServices([{ name: 'demo.X', moduleUrl }]), {
    message: /absent\.ts: it does not load: Error: Cannot find module/,
  });
});

test('names all that is wrong at once', async (t) => {
  const modules = [
    { name: 'demo.One', moduleUrl: module('all-1.ts', 'export default 1;') },
    { name: 'demo.Two', moduleUrl: module('all-2.ts', good('demo.Two')) },
    { name: 'demo.Two', moduleUrl: module('all-3.ts', good('demo.Two')) },
  ];
  const error = await t.throwsAsync(loadServices(modules));
  t.deepEqual(
    error!.message.split('\n').map((line) => line.replace(folder, '')),
    [
      '/all-1.ts: its default export was not made by implement(); write: export default implement(Contract, { … })',
      '/all-3.ts: service demo.Two is listed twice; remove one of them',
    ],
  );
});
