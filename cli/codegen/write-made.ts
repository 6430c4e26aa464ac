// writeMade: what was made, into the folder, after a look at what lies there: exports of earlier runs stay, nothing that
// others wrote is overwritten, and nothing at all is written when something is in the way.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HeddleError } from '../../runtime/errors.ts';
import { isEntry, joinedWithEarlier, mark } from './entries.ts';
import type { Sources } from './flatc.ts';

/**
 * Leaves alone what is the same, so that nobody who watches files wakes up. Returns how many were not. Throws
 * ALREADY_EXISTS naming the file that is in the way, FAILED_PRECONDITION when the folder can't be written.
 */
export function writeMade(made: Sources, out: string): number {
  const changed: Sources = new Map();
  for (const [path, fresh] of made) {
    const file = join(out, path);
    const earlier = textOf(file);
    const text = earlier === undefined ? fresh : replacing(earlier, fresh, file);
    if (text !== earlier) changed.set(file, text);
  }
  try {
    for (const [file, text] of changed) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  } catch (error) {
    throw new HeddleError('FAILED_PRECONDITION', `--out can't be written: ${(error as Error).message}`);
  }
  return changed.size;
}

function replacing(earlier: string, fresh: string, file: string): string {
  if (!earlier.startsWith(mark)) {
    throw new HeddleError('ALREADY_EXISTS', `${file} was not made by flatc; move it away, or give another --out`);
  }
  if (isEntry(earlier) !== isEntry(fresh)) {
    const [was, is] = isEntry(fresh) ? ['a type', 'what a namespace exports'] : ['what a namespace exports', 'a type'];
    throw new HeddleError(
      'ALREADY_EXISTS',
      `${file} has ${was} of an earlier run, and now would have ${is}: give one of them another name; or delete the folder, if what is there is no longer needed`,
    );
  }
  if (!isEntry(fresh)) return fresh;
  return joinedWithEarlier(earlier, fresh, (target) => existsSync(join(dirname(file), target)));
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
