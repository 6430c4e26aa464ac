// The section `plugins`: paths, packages, options, and what is wrong with them.

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { readConfig } from '../../config/read-config.ts';
import { formatProblems } from '../../document/format-problems.ts';
import { least, problemsOf, settled } from './read.ts';

/** A folder with these files, and a config in its folder `app` with these plugins. */
function inFolder(t: ExecutionContext, files: Record<string, string>) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'heddle-config-')));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries({ ...files, 'app/greeter.ts': '' })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const result = (plugins: string) => {
    const text = `plugins: ${plugins}\n${least}`;
    const { settings, problems } = readConfig({ file: join(folder, 'app/heddle.yaml'), text, environment: {} });
    return {
      paths: settings?.plugins.map(({ moduleUrl }) => fileURLToPath(moduleUrl).slice(folder.length + 1)),
      problems: formatProblems(problems).replaceAll(folder, '/srv'),
    };
  };
  return {
    paths: (plugins: string) => {
      const { paths, problems } = result(plugins);
      return paths ?? problems;
    },
    problem: (plugins: string) => result(plugins).problems.split('\n')[0]!,
  };
}

test('a path is taken from the folder of the config, and options are handed on as they stand there', (t) => {
  const text = `plugins: [./audit.ts, { module: ./audit.ts, options: { a: [1, x, null, { b: true }], __proto__: 1 } }, { module: ./audit.ts, options: }]\n`;
  const { settings } = settled(t, `${text}${least}`);
  t.is(settings.plugins.length, 3);
  for (const { moduleUrl } of settings.plugins) t.regex(moduleUrl, /^file:.*\/test\/config\/fixtures\/audit\.ts$/);
  t.deepEqual(settings.plugins[0]!.options, {});
  t.is(JSON.stringify(settings.plugins[1]!.options), '{"a":[1,"x",null,{"b":true}],"__proto__":1}');
  t.deepEqual(settings.plugins[2]!.options, {});
});

test('a package is looked for as an import from the folder of the config would', (t) => {
  const { paths } = inFolder(t, {
    'app/node_modules/near/package.json': '{"exports":{"types":"./a.d.ts","import":"./a.js","require":"./a.cjs"}}',
    'app/node_modules/near/a.js': '',
    'node_modules/@acme/audit/package.json':
      '{"exports":{".":{"node":{"import":"./lib/node.js"}},"./*":"./lib/*.js","./x/*":null}}',
    'node_modules/@acme/audit/lib/node.js': '',
    'node_modules/@acme/audit/lib/more.js': '',
    'node_modules/plain/package.json': '{"main":"lib/index.js"}',
    'node_modules/plain/lib/index.js': '',
  });
  t.deepEqual(paths('[near]'), ['app/node_modules/near/a.js']);
  t.deepEqual(paths('["@acme/audit", "@acme/audit/more"]'), [
    'node_modules/@acme/audit/lib/node.js',
    'node_modules/@acme/audit/lib/more.js',
  ]);
  t.deepEqual(paths('[plain, plain/lib/index.js]'), [
    'node_modules/plain/lib/index.js',
    'node_modules/plain/lib/index.js',
  ]);
});

test('a module that is not there is a mistake with its place', (t) => {
  const { problem } = inFolder(t, {
    'app/audit.ts': '',
    'node_modules/inner/package.json': '{"exports":{"./a":"./a.js"}}',
    'node_modules/hollow/package.json': '{"exports":"./gone.js"}',
    'node_modules/broken/package.json': '{',
  });
  t.is(
    problem('[./audi.ts]'),
    '/srv/app/heddle.yaml:1:11: the module "./audi.ts" does not exist: looked at /srv/app/audi.ts; did you mean "./audit.ts"?',
  );
  t.is(
    problem('[{ module: audit.ts }]'),
    '/srv/app/heddle.yaml:1:21: no package "audit.ts" is installed: looked for node_modules/audit.ts in /srv/app and above; did you mean "./audit.ts"?',
  );
  t.is(
    problem('["@acme/no"]'),
    '/srv/app/heddle.yaml:1:11: no package "@acme/no" is installed: looked for node_modules/@acme/no in /srv/app and above',
  );
  t.regex(problem('[inner]'), /the package "inner" exports no main module: looked at \/srv\/node_modules\/inner\/pack/);
  t.regex(problem('[inner/b]'), /the package "inner" exports no "\.\/b"/);
  t.regex(problem('[hollow]'), /the package "hollow" lacks \/srv\/node_modules\/hollow\/gone\.js/);
  t.regex(problem('[broken]'), /the package "broken" exports no main module|no package "broken" is installed/);
  t.regex(problem('["@acme"]'), /"@acme" is no path and no package's name/);
});

const wrong = test.macro({
  exec(t, plugins: string, sentence: RegExp) {
    t.regex(problemsOf(`plugins: ${plugins}\n${least}`), sentence);
  },
  title: (title) => `names ${title}`,
});
test(
  'a plugin without a module',
  wrong,
  '[{ options: {} }]',
  /module is missing in an entry of plugins: it takes a path/,
);
test(
  'options that are no map',
  wrong,
  '[{ module: ./audit.ts, options: 5 }]',
  /options must be a map of anything, not 5/,
);
test('an empty module', wrong, '[""]', /must be a path or the name of a package, not an empty text/);
test(
  'plugins that are no list',
  wrong,
  './audit.ts',
  /plugins must be a list, not "\.\/audit\.ts": write it in brackets/,
);
test(
  'options that aliases blow up',
  wrong,
  `[{ module: ./audit.ts, options: { a: &a [1,1,1,1,1,1,1,1,1,1], b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a], c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b], d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c], e: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d] } }]`,
  /options holds more than 10000 values, aliases written out/,
);
