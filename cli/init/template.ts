// The template of new projects: a project that works under the names it has there.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageHome } from './package-home.ts';

/** Stands for the service: as a file's and a package's name, and in code. */
export const templateService = { file: 'my-service', constant: 'MyService' } as const;

/** Sorted by path, which is from the template's folder, with `/`. */
export function templateFiles(): { path: string; text: string }[] {
  const folder = join(packageHome, 'cli/init/template');
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => ({ path: file.slice(folder.length + 1).replaceAll('\\', '/'), text: readFileSync(file, 'utf8') }));
}
