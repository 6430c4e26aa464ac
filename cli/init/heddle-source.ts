// heddleSource: what stands for heddle in the package.json of a new project: a version, or what `--heddle` says.

import { existsSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import { HeddleError } from '../../runtime/errors.ts';

const fileScheme = 'file:';

/**
 * A path (`../heddle-0.1.0.tgz`, `file:../heddle`) is taken from the current folder and written as one from the project's;
 * anything else goes as it is, since npm knows more forms than this. Throws INVALID_ARGUMENT for a path with nothing there.
 */
export function heddleSource(text: string, projectFolder: string): string {
  const written = text.trim();
  if (written === '') throw new HeddleError('INVALID_ARGUMENT', '--heddle is empty; give a version, a URL or a path');
  if (!isPath(written)) return written;
  const path = resolve(written.startsWith(fileScheme) ? written.slice(fileScheme.length) : written);
  if (!existsSync(path)) {
    throw new HeddleError(
      'INVALID_ARGUMENT',
      `--heddle ${written}: there is no ${path}; a path is taken from the current folder, ${process.cwd()}`,
    );
  }
  return fileScheme + relative(projectFolder, path).replaceAll('\\', '/');
}

function isPath(text: string): boolean {
  if (text.startsWith(fileScheme) || text.startsWith('.') || isAbsolute(text)) return true;
  return /\.(?:tgz|tar\.gz)$/.test(text) && !text.includes('://');
}
