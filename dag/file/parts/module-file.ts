// moduleUrl: the file behind `./rank.ts#rank`, relative to the folder of the strategy file; one that is not there is a
// mistake. Main thread only, since it looks at the disk.

import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { resolveModule } from '../../../document/resolve-module.ts';
import type { Reading } from './reading.ts';

/** The file URL of the module written at `where`. One that is not there is reported, at the characters of its path. */
export function moduleUrl(path: string, where: string, { folder = '/', checksModules, report }: Reading): string {
  if (checksModules) {
    const found = resolveModule(folder, path);
    if ('url' in found) return found.url;
    report.addWithin(where, path, 0, path.length, found.message, { suggestion: found.suggestion });
  }
  return pathToFileURL(resolve(folder, path)).href;
}
