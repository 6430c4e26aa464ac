// installedFrom: where the project that has this package got it from, so that a project that `heddle init` writes gets it
// from there too.

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';

/**
 * `registry`: by its version; a path: from there, which exists; any other text: what npm understands (a URL, a repository);
 * undefined: it lies in no node_modules, or nothing around says where it came from.
 */
export function installedFrom(home: string): string | undefined {
  for (const project of projectsAround(home)) {
    const found = sourceOf(fromManifest(project) ?? fromLock(project), project);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Folders whose node_modules hold the package, the nearest first: those of npm, and of linkers with folders of their own. */
function* projectsAround(home: string): Generator<string> {
  const parts = resolve(home).split(sep);
  for (let at = parts.lastIndexOf('node_modules'); at > 0; at = parts.lastIndexOf('node_modules', at - 1)) {
    yield parts.slice(0, at).join(sep) || sep;
  }
}

interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

interface Lock {
  packages?: Record<string, { resolved?: string }>;
}

function fromManifest(project: string): string | undefined {
  const { dependencies, devDependencies, optionalDependencies } = read<Manifest>(join(project, 'package.json'));
  return { ...devDependencies, ...optionalDependencies, ...dependencies }.heddle;
}

/** In a workspace the folder with the lock need not name it. */
function fromLock(project: string): string | undefined {
  return read<Lock>(join(project, 'package-lock.json')).packages?.['node_modules/heddle']?.resolved;
}

function read<T extends object>(path: string): Partial<T> {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) ?? {}) as Partial<T>;
  } catch {
    // Not there, or not npm's: another place may say it.
    return {};
  }
}

function sourceOf(written: string | undefined, project: string): string | undefined {
  if (written === undefined) return undefined;
  const local = /^(?:file|link|portal):(.*)/.exec(written)?.[1];
  if (local !== undefined) {
    const path = resolve(project, local);
    return existsSync(path) ? path : undefined;
  }
  // They stand for what another file of that project says.
  if (/^(?:workspace|catalog):/.test(written)) return undefined;
  if (/^https:\/\/registry\./.test(written)) return 'registry';
  return /[:/]/.test(written) ? written : 'registry';
}
