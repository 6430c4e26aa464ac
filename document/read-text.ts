// readText: the text of a file that people write, or a sentence on why there is none. For heddle.yaml and strategy files,
// on whichever thread reads them, before anything is served.

import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { formatBytes } from '../runtime/units.ts';
import { textMax } from './parse-yaml.ts';
import type { ProblemList } from './problem.ts';

/** `shown`: what problems call the file. Undefined: it can't be read, and that was added. Never throws. */
export function readText(path: string, problems: ProblemList, shown = path): string | undefined {
  try {
    const stats = statSync(path);
    if (stats.isFile() && stats.size > textMax) {
      problems.addForFile(shown, `is ${formatBytes(stats.size)} long; at most ${formatBytes(textMax)} are read`);
      return undefined;
    }
    // A byte order mark is no part of the text, and would shift the first column; the decoder drops it.
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    problems.addForFile(shown, reason(error, resolve(path)));
    return undefined;
  }
}

function reason(error: unknown, path: string): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') return `no such file: looked at ${path}`;
  if (code === 'EISDIR') return `is a folder, not a file: ${path}`;
  if (code === 'EACCES' || code === 'EPERM') return `may not be read by this user: ${path}`;
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'is not UTF-8 text';
  return `can not be read: ${error instanceof Error ? error.message : String(error)}`;
}
