// The key `strategies`: paths and globs, and what is wrong with them.

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { readConfig } from '../../config/read-config.ts';
import { formatProblems } from '../../document/format-problems.ts';
import { least, settled } from './read.ts';

/** A folder with these empty files, and what `strategies` of a config in it comes to. */
function inFolder(t: ExecutionContext, names: string[], file = 'heddle.yaml') {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'heddle-config-')));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of [...names, 'greeter.ts']) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), '');
  }
  return (strategies: string, overrides: string[] = []) => {
    const text = `strategies: ${strategies}\n${least}`;
    const { settings, problems } = readConfig({ file: join(folder, file), text, overrides });
    if (settings === undefined) return formatProblems(problems).replaceAll(folder, '/srv');
    return settings.strategies.sources.map((source) => {
      const path = source.kind === 'file' ? source.path : fileURLToPath(source.moduleUrl);
      t.is(source.shown, path, 'shown in the folder of the config, as the config itself is');
      return `${source.kind} ${path.slice(folder.length + 1)}`;
    });
  };
}

test('without any there are no sources, and the modules of dag are named by URL', (t) => {
  const { strategies } = settled(t, least).settings;
  t.deepEqual(strategies.sources, []);
  t.regex(strategies.processUrl, /^file:.*\/dag\/host\/process-strategies\.ts$/);
  t.regex(strategies.threadUrl, /^file:.*\/dag\/host\/thread-strategies\.ts$/);
});

test('problems name a strategy file as they name the config', (t) => {
  const { strategies } = settled(t, `strategies: strategies/*.yaml\n${least}`).settings;
  t.deepEqual(
    strategies.sources.map(({ shown }) => shown),
    ['test/config/fixtures/strategies/feed.yaml'],
  );
});

test('paths stay in their order, what a glob matches is sorted, and what comes twice counts once', (t) => {
  const files = ['s/b.yaml', 's/a.yml', 's/deep/c.yaml', 'feed.ts', 'feed.mjs', 's/readme.md', 's/types.d.ts'];
  const sources = inFolder(t, [...files, 's/node_modules/x/y.yaml']);
  t.deepEqual(sources('./feed.ts'), ['module feed.ts']);
  t.deepEqual(sources('[ ./feed.ts, ./s/*, s/b.yaml, "*.{mjs,yaml}" ]'), [
    'module feed.ts',
    'file s/a.yml',
    'file s/b.yaml',
    'module feed.mjs',
  ]);
  t.deepEqual(sources('"**/*.yaml"'), ['file s/b.yaml', 'file s/deep/c.yaml']);
  t.deepEqual(sources(''), []);
  t.deepEqual(sources('[]', ['strategies=./feed.ts']), ['module feed.ts']);
  t.deepEqual(sources('[]', ['strategies=[./feed.ts, ./s/b.yaml]']), ['module feed.ts', 'file s/b.yaml']);
});

test('a path is that file, whatever signs are in it', (t) => {
  const sources = inFolder(t, ['[a].yaml', 'a.yaml']);
  t.deepEqual(sources('"[a].yaml"'), ['file [a].yaml']);
});

test('what names no file is a problem at its place', (t) => {
  const sources = inFolder(t, ['s/feed.yaml', 'notes.txt']);
  t.is(
    sources('[ ./s/fed.yaml, ./s, ./s/*.yml, ./notes.txt, "", 7 ]'),
    `/srv/heddle.yaml:1:15: no such file: looked at /srv/s/fed.yaml; did you mean "./s/feed.yaml"?
  strategies: [ ./s/fed.yaml, ./s, ./s/*.yml, ./notes.txt, "", 7 ]
                ^^^^^^^^^^^^

/srv/heddle.yaml:1:29: "./s" is a folder; did you mean "./s/*.yaml"?
  strategies: [ ./s/fed.yaml, ./s, ./s/*.yml, ./notes.txt, "", 7 ]
                              ^^^

/srv/heddle.yaml:1:34: "./s/*.yml" matches no file: looked in /srv
  strategies: [ ./s/fed.yaml, ./s, ./s/*.yml, ./notes.txt, "", 7 ]
                                   ^^^^^^^^^

/srv/heddle.yaml:1:45: "./notes.txt" is neither a strategy file nor a module: .yaml, .yml, .ts, .js, .mjs, .mts
  strategies: [ ./s/fed.yaml, ./s, ./s/*.yml, ./notes.txt, "", 7 ]
                                              ^^^^^^^^^^^

/srv/heddle.yaml:1:58: an entry of strategies must be a path or a glob, not an empty text
  strategies: [ ./s/fed.yaml, ./s, ./s/*.yml, ./notes.txt, "", 7 ]
                                                           ^^

/srv/heddle.yaml:1:62: an entry of strategies must be a path or a glob such as ./strategies/*.yaml, not 7
  strategies: [ ./s/fed.yaml, ./s, ./s/*.yml, ./notes.txt, "", 7 ]
                                                               ^`,
  );
  t.regex(String(sources('{ a: 1 }')), /strategies must be a path or a glob .*, or a list of them, not a map/);
});
