// Paths in a document: relative to the folder of the file they are written in.

import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nearest } from '../runtime/nearest.ts';
import { quote } from './quote.ts';

/** Files of a folder that are looked at for "did you mean". */
const neighboursMax = 1000;

export function resolvePath(baseDir: string, path: string): string {
  return resolve(baseDir, path);
}

/** The file URL of a module, or a sentence that says which path was looked at. */
export function resolveModule(
  baseDir: string,
  path: string,
): { url: string } | { message: string; suggestion: string | undefined } {
  const absolute = resolve(baseDir, path);
  const found = kindOf(absolute);
  if (found === 'file') return { url: pathToFileURL(absolute).href };
  const what = found === 'nothing' ? 'does not exist' : 'is not a file';
  return { message: `the module ${quote(path)} ${what}: looked at ${absolute}`, suggestion: neighbour(absolute, path) };
}

function kindOf(path: string): 'file' | 'other' | 'nothing' {
  try {
    return statSync(path).isFile() ? 'file' : 'other';
  } catch {
    // Not there, or on a way that may not be walked: for this process there is nothing.
    return 'nothing';
  }
}

/** The file that whoever wrote `path` likely meant, written as they write. */
export function neighbour(absolute: string, path: string): string | undefined {
  const wanted = basename(absolute);
  const files = filesOf(dirname(absolute));
  const file = files.find((name) => /^\.[cm]?[jt]s$/.test(name.slice(wanted.length)) && name.startsWith(wanted));
  const name = file ?? nearest(wanted, files);
  if (name === undefined) return undefined;
  const written = join(dirname(path), name);
  return path.startsWith('./') ? `./${written}` : written;
}

function filesOf(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true }).slice(0, neighboursMax);
    return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  } catch {
    // The folder is not there either: the message names the path, and there is nothing to suggest.
    return [];
  }
}
