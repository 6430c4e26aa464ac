// docs/strategies.md and README's part on strategies are true: what they show is what the examples are, complete files are
// checked and run, pictures are current, links lead somewhere.

import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { loadStrategies } from '../../../dag/load/load-strategies.ts';
import { runInlineTests } from '../../../dag/simulate/inline-tests.ts';
import { folderOf } from '../load/folder.ts';
import { makePictures, picturesFolder } from './pictures.ts';

const root = new URL('../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const guide = read('docs/strategies.md');
const readme = read('README.md');

interface Snippet {
  /** `runs`, `from examples/…`; undefined: nothing is said. */
  marker: string | undefined;
  text: string;
}

/** Blocks of one language, with the marker before each. */
function snippets(page: string, language: string): Snippet[] {
  const found = page.matchAll(new RegExp(`(?:<!-- (.+) -->\\n)?^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'));
  return [...found].map(([, marker, text]) => ({ marker, text: text! }));
}

/** Without the indent that all lines share. */
function dedented(text: string): string {
  const lines = text.trimEnd().split('\n');
  const indents = lines.filter((line) => line !== '').map((line) => /^ */.exec(line)![0].length);
  return lines.map((line) => line.slice(Math.min(...indents))).join('\n');
}

test('each YAML and TypeScript of the guide says where it is from, or runs', (t) => {
  const all = ['yaml', 'ts'].flatMap((language) => snippets(guide, language));
  t.true(all.length > 15);
  for (const { marker, text } of all) t.regex(marker ?? '', /^(runs|from examples\/\S+)$/, text);
});

test('what is shown of a file stands in it, line by line', (t) => {
  for (const page of [guide, readme]) {
    for (const { marker, text } of ['yaml', 'ts'].flatMap((language) => snippets(page, language))) {
      const file = /^from (\S+)$/.exec(marker ?? '')?.[1];
      if (file === undefined) continue;
      const indented = read(file).includes(text);
      t.true(indented || dedented(read(file)).includes(dedented(text)), `${file} has not:\n${text}`);
    }
  }
});

/** The files of the examples beside it. */
function folderWith(t: ExecutionContext, text: string) {
  const folder = folderOf(t, { 'strategy.yaml': text });
  for (const name of ['contract.ts', 'work.ts']) {
    symlinkSync(fileURLToPath(new URL(`examples/strategies/${name}`, root)), join(folder.path, name));
  }
  return folder;
}

test('complete files of the guide have no mistakes, and their tests pass', async (t) => {
  const complete = snippets(guide, 'yaml').filter(({ marker }) => marker === 'runs');
  t.true(complete.length > 0);
  for (const { text } of complete) {
    const folder = folderWith(t, text);
    const loaded = await loadStrategies([folder.source('strategy.yaml')], { pools: new Set(['cpu']) });
    t.is(folder.printed(loaded), '');
    for (const definition of loaded.definitions) {
      for (const { name, problems } of runInlineTests(definition)) t.deepEqual(problems, [], name);
    }
  }
});

test('pictures are what the examples are (node test/dag/guide/write-pictures.ts)', async (t) => {
  for (const [name, svg] of await makePictures()) {
    t.is(readFileSync(new URL(name, picturesFolder), 'utf8'), svg, name);
  }
});

test('links and pictures of the guide lead somewhere', (t) => {
  const headings = [...guide.matchAll(/^## (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^a-z0-9 -]/g, '')
      .replaceAll(' ', '-'),
  );
  for (const [, target] of guide.matchAll(/\]\(([^)]+)\)/g)) {
    const [path, anchor] = target!.split('#');
    if (path === '') t.true(headings.includes(anchor!), target);
    else t.true(existsSync(new URL(`docs/${path}`, root)), target);
  }
  for (const name of ['page.svg', 'optional.svg', 'light-run.svg', 'search-run.svg']) t.true(guide.includes(name));
  t.true(readme.includes('docs/pictures/search.svg'));
});
