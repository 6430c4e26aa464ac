// writeProject: all files of a new project, or none: what can be known is checked first, and a write that fails takes back
// those before it.

import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { HeddleError } from '../../runtime/errors.ts';
import type { ProjectFile } from './project-files.ts';

/** Names that an error lists of a folder that is not empty. */
const shownMax = 5;

/** Throws FAILED_PRECONDITION for a folder that can't be one. It may exist if nothing but `.git` is in it. */
export function checkFolder(folder: string): void {
  if (folder.split(sep).includes('node_modules')) {
    throw refusal(`${folder} lies in node_modules, where Node runs no TypeScript; choose a folder outside`);
  }
  const found = namesIn(folder).filter((name) => name !== '.git');
  if (found.length === 0) return;
  const shown = found.slice(0, shownMax).join(', ');
  const more = found.length > shownMax ? ` and ${found.length - shownMax} more` : '';
  throw refusal(`${folder} is not empty: it has ${shown}${more}; name a new folder, or empty this one`);
}

/** Throws FAILED_PRECONDITION when one can't be written; nothing is left behind then. */
export function writeProject(folder: string, files: readonly ProjectFile[]): void {
  /** What to take back, in the order in which it came. */
  const made: string[] = [];
  const makeFolder = (path: string): void => {
    const first = mkdirSync(path, { recursive: true });
    if (first !== undefined) made.push(first);
  };
  try {
    makeFolder(folder);
    for (const { path, text } of files) {
      const file = join(folder, path);
      makeFolder(dirname(file));
      // It must be new: nothing of somebody else's is overwritten or taken back.
      writeFileSync(file, text, { flag: 'wx' });
      made.push(file);
    }
  } catch (reason) {
    for (const path of made.reverse()) rmSync(path, { recursive: true, force: true });
    throw refusal(`${folder} could not be written: ${(reason as Error).message}; nothing of it was kept`);
  }
}

function namesIn(folder: string): string[] {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return [];
  if (!found.isDirectory()) throw refusal(`${folder} is a file; name a folder that is new or empty`);
  return readdirSync(folder).sort();
}

function refusal(what: string): HeddleError {
  return new HeddleError('FAILED_PRECONDITION', what);
}
