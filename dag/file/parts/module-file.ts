// moduleUrl: the file behind `./rank.ts#rank`, relative to the folder of the strategy file, or a sentence on why there is
// none. Main thread only, since it looks at the disk.

import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { quote } from '../../../document/quote.ts';
import { nearest } from '../../../runtime/nearest.ts';
import type { Reading } from './reading.ts';

/** Files of a folder that are looked at for "did you mean". */
const neighboursMax = 1000;

/** The file URL of the module written at `where`. One that is not there is reported, at the characters of its path. */
export function moduleUrl(path: string, where: string, { folder, checksModules, report }: Reading): string {
  const absolute = resolve(folder ?? '/', path);
  const missing = checksModules ? whatIsWrong(absolute) : undefined;
  if (missing !== undefined) {
    const message = `the module ${quote(path)} ${missing}: looked at ${absolute}`;
    report.addWithin(where, path, 0, path.length, message, { suggestion: neighbourOf(absolute, path) });
  }
  return pathToFileURL(absolute).href;
}

function whatIsWrong(path: string): string | undefined {
  try {
    return statSync(path).isFile() ? undefined : 'is not a file';
  } catch {
    // Not there, or on a way that may not be walked: for this process there is nothing.
    return 'does not exist';
  }
}

function neighbourOf(absolute: string, path: string): string | undefined {
  const wanted = basename(absolute);
  const files = filesOf(dirname(absolute));
  const withEnding = files.find((name) => name.startsWith(wanted) && /^\.[cm]?[jt]s$/.test(name.slice(wanted.length)));
  const name = withEnding ?? nearest(wanted, files);
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
