// What the READMEs and the docs tell people to type works as it stands, as far as that can be seen without running it: on
// the machine's own Node and curl.

import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Typed {
  where: string;
  command: string;
}

/** What stands behind `$` in the consoles of a page, with the lines that go on from `\` or `|`. */
function typed(page: string): Typed[] {
  const text = readFileSync(root + page, 'utf8').replaceAll(/(?:\\|(?<=\|))\n[ \t]+/g, ' ');
  const consoles = [...text.matchAll(/^```console\n([\s\S]*?)^```/gm)].map(([, lines]) => lines!);
  return consoles.flatMap((lines) =>
    [...lines.matchAll(/^\$ (.+)$/gm)].map(([, command]) => ({ where: page, command: command! })),
  );
}

const pages = globSync(['README.md', 'docs/*.md', 'examples/*/README.md'], { cwd: root });
const commands = pages.flatMap(typed);
/** Of a pipe each part, since a curl may be the second. */
const curls = commands.flatMap(({ where, command }) =>
  command.split(' | ').flatMap((part) => (/^curl\b/.test(part.trim()) ? [{ where, command: part.trim() }] : [])),
);

test('each page whose consoles have a curl is looked at', (t) => {
  t.true(curls.some(({ where, command }) => where === 'examples/jobs/README.md' && command.includes("--json '{}'")));
  // One that goes on over two lines, and one behind a pipe.
  t.true(
    curls.some(({ where, command }) => where === 'examples/proxy/README.md' && / -d hello .*method: /.test(command)),
  );
  t.true(curls.some(({ where }) => where === 'examples/custom-codec/README.md'));
});

test("README's documents are all that there are", (t) => {
  const readme = readFileSync(`${root}README.md`, 'utf8');
  const documents = globSync('docs/*.md', { cwd: root });
  t.deepEqual(
    documents.filter((page) => !readme.includes(`](${page})`)),
    [],
  );
});

test('a curl that sends a body says what it is: else curl calls it a form, and the answer is 415', (t) => {
  const mute = curls.filter(({ command }) => {
    const sends = /\s(?:-d|--data(?:-\w+)*|-T|--upload-file)\b/.test(command);
    return sends && !/\s-H '?content-type: /i.test(command);
  });
  t.deepEqual(mute, []);
});

test('a program is run by the Node of the project, since the one of the machine may not run TypeScript', (t) => {
  t.deepEqual(
    commands.filter(({ command }) => /(?:^|&& |\| )node /.test(command)),
    [],
  );
});
