// resolvePlugin: the module of a plugin, a path or a package. A package is looked for as Node would from the config's
// folder: in its node_modules and those of the folders above, by the package's `exports` for `import`.

import { readFileSync, statSync } from 'node:fs';
import { createRequire, findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { quote } from '../document/quote.ts';
import { resolveModule } from '../document/resolve-module.ts';

type Resolved = { url: string } | { message: string; suggestion: string | undefined };

/** Conditions of `exports` that hold for a module that is imported. */
const conditions = new Set(['node', 'import', 'module-sync', 'default']);
/** A package's name, and what stands behind it. */
const packagePattern = /^((?:@[^/\\]+\/)?[^@./\\][^/\\]*)(\/.*)?$/;

/** The file URL of the module, or a sentence that says where it was looked for. */
export function resolvePlugin(baseDir: string, written: string): Resolved {
  if (/^(\.{0,2}[/\\]|[A-Za-z]:[/\\])/.test(written)) return resolveModule(baseDir, written);
  const [, name, rest = ''] = packagePattern.exec(written) ?? [];
  if (name === undefined)
    return { message: `${quote(written)} is no path and no package's name`, suggestion: undefined };
  const base = join(baseDir, 'heddle.yaml');
  const manifest = manifestOf(name, base);
  if (manifest === undefined) {
    // `audit.ts` names a package, as it would in an import.
    const file = resolveModule(baseDir, `./${written}`);
    return {
      message: `no package ${quote(name)} is installed: looked for node_modules/${name} in ${baseDir} and above`,
      suggestion: 'url' in file ? `./${written}` : undefined,
    };
  }
  const path = targetOf(manifest, rest, written, base);
  if (path !== undefined && isFile(path)) return { url: pathToFileURL(path).href };
  const what = path === undefined ? `exports no ${rest === '' ? 'main module' : quote(`.${rest}`)}` : `lacks ${path}`;
  return { message: `the package ${quote(name)} ${what}: looked at ${manifest}`, suggestion: undefined };
}

function manifestOf(name: string, base: string): string | undefined {
  try {
    return findPackageJSON(name, pathToFileURL(base));
  } catch {
    // Node throws where it finds none.
    return undefined;
  }
}

function targetOf(manifest: string, rest: string, written: string, base: string): string | undefined {
  const { exports } = readManifest(manifest);
  if (exports === undefined || exports === null) {
    try {
      return createRequire(base).resolve(written);
    } catch {
      // Neither main nor index.js nor that file.
      return undefined;
    }
  }
  const target = exported(exports, `.${rest}`);
  return target === undefined ? undefined : join(dirname(manifest), target);
}

function readManifest(path: string): { exports?: unknown } {
  try {
    const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof manifest === 'object' && manifest !== null ? manifest : {};
  } catch {
    // Broken, or not for this user: as if nothing stood in it.
    return {};
  }
}

/** What `exports` has for a subpath: by its name, or by the longest pattern. */
function exported(exports: unknown, subpath: string): string | undefined {
  if (typeof exports !== 'object' || exports === null || !Object.keys(exports).some((key) => key.startsWith('.'))) {
    return subpath === '.' ? chosen(exports) : undefined;
  }
  const bySubpath = exports as Record<string, unknown>;
  if (Object.hasOwn(bySubpath, subpath)) return chosen(bySubpath[subpath]);
  let found: { before: string; part: string; target: unknown } | undefined;
  for (const [pattern, target] of Object.entries(bySubpath)) {
    const [before = '', after, more] = pattern.split('*');
    if (after === undefined || more !== undefined) continue;
    const fits = subpath.startsWith(before) && subpath.endsWith(after) && subpath.length > before.length + after.length;
    if (!fits || (found !== undefined && before.length <= found.before.length)) continue;
    found = { before, part: subpath.slice(before.length, subpath.length - after.length), target };
  }
  const { part } = found ?? {};
  return part === undefined ? undefined : chosen(found?.target)?.replaceAll('*', () => part);
}

/** The first target whose condition holds. */
function chosen(target: unknown): string | undefined {
  if (typeof target === 'string') return target;
  if (typeof target !== 'object' || target === null) return undefined;
  const options = Array.isArray(target)
    ? target
    : Object.entries(target)
        .filter(([name]) => conditions.has(name))
        .map(([, one]) => one);
  for (const option of options) {
    const path = chosen(option);
    if (path !== undefined) return path;
  }
  return undefined;
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    // Not there.
    return false;
  }
}
