// compile: flatc's TypeScript as JavaScript and declarations, by the project's own tsc. Node's type stripping can't run
// it (enums are no types), and nothing but a compiler writes declarations.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { HeddleError } from '../../runtime/errors.ts';
import { checkMade } from './check-made.ts';
import { mark } from './entries.ts';
import { installedPackage } from './find-flatc.ts';
import type { Sources } from './flatc.ts';

/** The types of the package `flatbuffers` are named in the declarations, not looked at: it need not be there yet. */
const compilerOptions = {
  target: 'es2022',
  module: 'esnext',
  moduleResolution: 'bundler',
  types: [],
  declaration: true,
  noCheck: true,
  newLine: 'lf',
  rootDir: 'in',
  outDir: 'out',
};

/** Throws FAILED_PRECONDITION when the project has no TypeScript or one that can't, and when what it makes does not load. */
export function compile(sources: Sources, folder: string): Sources {
  const tsc = findTsc(folder);
  const work = mkdtempSync(join(tmpdir(), 'heddle-codegen-'));
  try {
    for (const [path, text] of sources) {
      const file = join(work, 'in', path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, withExtensions(text));
    }
    writeFileSync(join(work, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['in'] }));
    const { stdout, stderr, error } = spawnSync(process.execPath, [tsc, '-p', work], { encoding: 'utf8' });
    const made: Sources = new Map();
    for (const entry of readdirSync(work, { recursive: true, encoding: 'utf8' }).sort()) {
      const path = entry.replaceAll('\\', '/');
      if (/^out\/.*\.(js|d\.ts)$/.test(path)) made.set(path.slice(4), marked(readFileSync(join(work, entry), 'utf8')));
    }
    // What tsc does not like about types, without checking them, does not keep it from writing.
    if (made.size === 2 * sources.size) {
      checkMade(
        join(work, 'out'),
        [...made.keys()].filter((path) => path.endsWith('.js')),
      );
      return made;
    }
    throw new HeddleError(
      'FAILED_PRECONDITION',
      `${tsc} made ${made.size} of ${2 * sources.size} files; it must be TypeScript 5.6 or later: ${error ?? `${stdout}${stderr}`.slice(0, 2_000)}`,
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function findTsc(folder: string): string {
  const packageFolder = installedPackage('typescript', folder);
  if (packageFolder === undefined) {
    throw new HeddleError(
      'FAILED_PRECONDITION',
      'the package typescript is not installed here, which compiles what flatc writes: npm install --save-dev typescript',
    );
  }
  const { bin } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { bin: { tsc: string } };
  return join(packageFolder, bin.tsc);
}

/** Declarations lose flatc's first line. */
function marked(text: string): string {
  return text.startsWith(mark) ? text : `${mark}\n\n${text}`;
}

/** Old versions of flatc import `../film`, which Node does not find. */
function withExtensions(text: string): string {
  return text.replace(/(\bfrom ')(\.\.?\/[^']+?)(\.js)?(';)/g, '$1$2.js$4');
}
