// The second step of `npm run build`: of the declarations that tsc wrote it keeps those that the package's entries lead to.
// Nobody can import the others, and they are four in five. The argument is the folder of the build, `dist`.

import { globSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { argv } from 'node:process';

const folder = argv[2] ?? 'dist';
/** `from './x.ts'` and `import("./x.ts")`: declarations name the sources. */
const imported = /(?:\bfrom |\bimport\()["'](\.[^"']+)\.ts["']/g;

function reachable(entries: readonly string[]): Set<string> {
  const kept = new Set(entries);
  // A Set may grow while it is walked.
  for (const path of kept) {
    const text = readFileSync(join(folder, path), 'utf8');
    for (const [, target] of text.matchAll(imported)) kept.add(join(dirname(path), `${target}.d.ts`));
  }
  return kept;
}

const kept = reachable(globSync('*.d.ts', { cwd: folder }).map(normalize));
for (const path of globSync('**/*.d.ts', { cwd: folder })) if (!kept.has(normalize(path))) rmSync(join(folder, path));
