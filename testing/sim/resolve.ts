// packageUrl: where the module of a package lies that simulated code imports by name, by the rules of `import`: Node resolves
// for another file than its own only as `require` would, which finds other files in packages with both. Called once for each
// import of a source file.

import { readFileSync, realpathSync } from 'node:fs';
import { createRequire, findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const conditions: ReadonlySet<string> = new Set(['node', 'import', 'module-sync', 'default']);

/** A file URL. `specifier`: `zod`, `@acme/films/contract`, `#clock`; `from`: the URL of the file that imports it. Throws as `require` would. */
export function packageUrl(specifier: string, from: string): string {
  const isOwn = specifier.startsWith('#');
  const manifestPath = isOwn ? findPackageJSON(from) : findPackageJSON(specifier, from);
  const manifest = manifestPath === undefined ? {} : (JSON.parse(readFileSync(manifestPath, 'utf8')) as Manifest);
  const [, name = specifier] = /^((?:@[^/]+\/)?[^/]+)/.exec(specifier) ?? [];
  const target = isOwn
    ? find(manifest.imports, specifier)
    : find(subpaths(manifest.exports), `.${specifier.slice(name.length)}`);
  if (target === undefined) return pathToFileURL(createRequire(from).resolve(specifier)).href;
  // `#clock` may stand for another package.
  if (!target.startsWith('.')) return packageUrl(target, from);
  return pathToFileURL(realpathSync(join(dirname(manifestPath!), target))).href;
}

interface Manifest {
  exports?: Target;
  imports?: Record<string, Target>;
}

type Target = string | null | Target[] | { [condition: string]: Target };

/** `exports: './index.js'` and `exports: { import: … }` stand for `.` alone. */
function subpaths(exports: Target | undefined): Record<string, Target> | undefined {
  if (exports === undefined || exports === null) return undefined;
  const isMap = typeof exports === 'object' && !Array.isArray(exports);
  if (isMap && Object.keys(exports).every((key) => key.startsWith('.'))) return exports;
  return { '.': exports };
}

function find(targets: Record<string, Target> | undefined, key: string): string | undefined {
  if (targets === undefined) return undefined;
  if (Object.hasOwn(targets, key)) return chosen(targets[key]!, '');
  let best: { pattern: string; star: string } | undefined;
  for (const pattern of Object.keys(targets)) {
    const [before = '', after] = pattern.split('*');
    if (after === undefined || key.length < pattern.length) continue;
    if (!key.startsWith(before) || !key.endsWith(after)) continue;
    if (best !== undefined && best.pattern.indexOf('*') >= before.length) continue;
    best = { pattern, star: key.slice(before.length, key.length - after.length) };
  }
  return best === undefined ? undefined : chosen(targets[best.pattern]!, best.star);
}

function chosen(target: Target, star: string): string | undefined {
  if (target === null) return undefined;
  if (typeof target === 'string') return target.replaceAll('*', star);
  const choices = Array.isArray(target)
    ? target
    : Object.entries(target).flatMap(([condition, one]) => (conditions.has(condition) ? [one] : []));
  for (const choice of choices) {
    const found = chosen(choice, star);
    if (found !== undefined) return found;
  }
  return undefined;
}
