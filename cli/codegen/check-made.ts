// checkMade: whether all that was made loads. flatc takes names for files and identifiers without a look at what else has
// that name: a table's file may be overwritten by the exports of its schema or of a namespace, and a field may be a word of
// JavaScript. A Node of its own loads each file, beside a stand-in for the package flatbuffers, which need not be there yet.

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HeddleError } from '../../runtime/errors.ts';

/** `new`: a field named `constructor` stands where the class has its own. */
const loadAll = `
import { readFileSync } from 'node:fs';
const failures = [];
for (const path of JSON.parse(readFileSync(0, 'utf8'))) {
  let what = path;
  try {
    for (const made of Object.values(await import('./' + path))) {
      if (made?.prototype?.__init === undefined) continue;
      what = made.name;
      new made();
    }
  } catch (error) {
    failures.push({ path, what, message: String(error?.message) });
  }
}
process.stdout.write(JSON.stringify(failures));
`;

interface Failure {
  path: string;
  /** A class, or the path. */
  what: string;
  message: string;
}

/**
 * The files lie in `folder`, at these paths. Throws FAILED_PRECONDITION naming what is lost or does not parse, and what to
 * change in the schema.
 */
export function checkMade(folder: string, paths: readonly string[]): void {
  const standIn = join(folder, 'node_modules/flatbuffers');
  mkdirSync(standIn, { recursive: true });
  writeFileSync(join(standIn, 'package.json'), '{ "type": "module", "exports": "./index.js" }');
  writeFileSync(join(standIn, 'index.js'), '');
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', loadAll], {
    cwd: folder,
    input: JSON.stringify(paths),
    encoding: 'utf8',
  });
  if (stdout === '[]') return;
  const failures = stdout.startsWith('[') ? (JSON.parse(stdout) as Failure[]) : [];
  const sentence = unparsable(folder, failures) ?? lost(failures) ?? broken(failures);
  throw new HeddleError(
    'FAILED_PRECONDITION',
    sentence ?? `what flatc made can't be loaded: ${stderr.slice(0, 2_000)}`,
  );
}

/** Who imports a file that does not parse fails with it; so each is looked at alone. */
function unparsable(folder: string, failures: readonly Failure[]): string | undefined {
  for (const { path } of failures) {
    const { status, stderr } = spawnSync(process.execPath, ['--check', path], { cwd: folder, encoding: 'utf8' });
    if (status === 0) continue;
    const [, line = '', carets = ''] = stderr.split('\n');
    const at = carets.indexOf('^');
    const word = at < 0 ? '' : `, ${line.slice(at, carets.lastIndexOf('^') + 1)},`;
    return `${path}, as flatc writes it, is no JavaScript: a name in its schema${word} is a word of the language; rename it there`;
  }
  return undefined;
}

function lost(failures: readonly Failure[]): string | undefined {
  for (const { message } of failures) {
    const [, place, provided, cycled] =
      /requested module '\.\/(.+)' does not provide an export named '(\w+)'/.exec(message) ??
      /Detected cycle while resolving name '()(\w+)'/.exec(message) ??
      [];
    const name = provided ?? cycled;
    if (name === undefined) continue;
    return (
      `flatc writes ${name} and a list of exports into one file${place ? `, ${place}` : ''}, so ${name} would be lost; ` +
      `give the schema a namespace if it has none, and ${name} another name than its schema's file and than a namespace beside it`
    );
  }
  return undefined;
}

function broken([failure]: readonly Failure[]): string | undefined {
  if (failure === undefined) return undefined;
  return `${failure.what}, as flatc writes it, does not work (${failure.message}); a field in its schema has a name that means something else in a class, as constructor: rename it there`;
}
