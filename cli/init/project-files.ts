// projectFiles: the files of a new project. All but package.json are those of template/, a project that works under the
// names it has there, with other names put in their place.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProjectNames } from './names.ts';
import { ownManifest, packageHome } from './package-home.ts';

export interface ProjectFile {
  /** From the project's folder, with `/`. */
  path: string;
  text: string;
}

const templateFolder = join(packageHome, 'cli/init/template');
/** npm packs no file with the name on the right. */
const packedNames: ReadonlyMap<string, string> = new Map([['gitignore', '.gitignore']]);
const placeholders = /demo\.MyService|MyService|my-service|NODE_VERSIONS/g;

/** `heddle`: what stands for it in package.json; undefined: the version that makes the project. */
export function projectFiles(names: ProjectNames, heddle: string | undefined): ProjectFile[] {
  const own = ownManifest();
  const values: Record<string, string> = {
    'demo.MyService': names.service,
    MyService: names.constant,
    'my-service': names.file,
    NODE_VERSIONS: own.engines.node,
  };
  const named = (text: string): string => text.replace(placeholders, (found) => values[found]!);
  const manifest = {
    name: names.package,
    version: '0.1.0',
    private: true,
    type: 'module',
    engines: own.engines,
    scripts: {
      // The shell steps aside, so that the signals that npm passes on reach the service.
      start: 'exec heddle start',
      test: 'node --test',
      types: 'tsc',
      check: 'heddle check --modules',
    },
    dependencies: { heddle: heddle ?? own.version },
    devDependencies: Object.fromEntries(
      ['@types/node', 'typescript'].map((name) => [name, own.devDependencies[name] ?? 'latest']),
    ),
  };
  return [
    { path: 'package.json', text: `${JSON.stringify(manifest, undefined, 2)}\n` },
    ...templatePaths().map((path) => ({
      path: named(packedNames.get(path) ?? path),
      text: named(readFileSync(join(templateFolder, path), 'utf8')),
    })),
  ];
}

function templatePaths(): string[] {
  return readdirSync(templateFolder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(templateFolder.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
}
