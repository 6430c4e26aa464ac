// schemasOf: the schema files that are named, and all that they include, each once. flatc makes code of a file's own types
// only, and refers to that of the others.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { HeddleError } from '../../runtime/errors.ts';

export interface Schema {
  /** Absolute. */
  path: string;
  text: string;
}

/** Included ones come after those that include them. Throws NOT_FOUND naming the file that is not there and who wants it. */
export function schemasOf(files: readonly string[], includes: readonly string[]): Schema[] {
  const schemas = new Map<string, Schema>();
  const waiting = files.map((file) => ({ path: resolve(file), wantedBy: 'the command' }));
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { path, wantedBy } = next;
    if (schemas.has(path)) continue;
    const text = read(path, wantedBy);
    schemas.set(path, { path, text });
    for (const name of includedIn(text)) waiting.push({ path: found(name, path, includes), wantedBy: path });
  }
  return [...schemas.values()];
}

function read(path: string, wantedBy: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new HeddleError('NOT_FOUND', `the schema ${path} can't be read, which ${wantedBy} names: ${String(error)}`);
  }
}

function found(name: string, includedBy: string, includes: readonly string[]): string {
  const places = [dirname(includedBy), ...includes].map((folder) => resolve(folder, name));
  const place = places.find((path) => existsSync(path));
  if (place !== undefined) return place;
  throw new HeddleError(
    'NOT_FOUND',
    `${includedBy} includes ${JSON.stringify(name)}, which is not at ${places.join(' or ')}; name its folder by --include`,
  );
}

/** Comments and texts are passed over by matching them first. */
const includePattern = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|\binclude\s+"([^"\n]+)"\s*;|"(?:[^"\\\n]|\\.)*"/g;

function includedIn(text: string): string[] {
  return Array.from(text.matchAll(includePattern), ([, name]) => name).filter((name) => name !== undefined);
}
