// projectFiles: the files of a new project. All but package.json are those of template/, a project that works under the
// names it has there, with other names put in their place.

import type { ProjectNames } from './names.ts';
import { ownManifest } from './package-home.ts';
import { templateFiles, templateService } from './template.ts';

export interface ProjectFile {
  /** From the project's folder, with `/`. */
  path: string;
  text: string;
}

/** npm packs no file with the name on the right. */
const packedNames: ReadonlyMap<string, string> = new Map([['gitignore', '.gitignore']]);
const placeholders = /demo\.MyService|MyService|my-service|NODE_VERSIONS/g;

export interface ProjectNeeds {
  /** What stands for heddle in package.json. */
  heddle: string;
  /** The project brings the Node that this package is made with, since the machine's can't run it. */
  ownNode: boolean;
}

export function projectFiles(names: ProjectNames, { heddle, ownNode }: ProjectNeeds): ProjectFile[] {
  const own = ownManifest();
  const values: Record<string, string> = {
    'demo.MyService': names.service,
    [templateService.constant]: names.constant,
    [templateService.file]: names.file,
    NODE_VERSIONS: own.engines.node,
  };
  const named = (text: string): string => text.replace(placeholders, (found) => values[found]!);
  const manifest = {
    name: names.package,
    version: '0.1.0',
    private: true,
    type: 'module',
    engines: own.engines,
    // A package that brings Node does so by a script, and npm wants to be told that it may run.
    ...(ownNode ? { allowScripts: { node: true } } : {}),
    scripts: {
      // The shell steps aside, so that the signals that npm passes on reach the service.
      start: 'exec heddle start',
      // A Node that is too old finds no test in .ts files and calls that success; `heddle` refuses it.
      test: 'heddle check && node --test',
      types: 'tsc',
      check: 'heddle check --modules',
    },
    dependencies: { heddle },
    devDependencies: Object.fromEntries(
      ['@types/node', ...(ownNode ? ['node'] : []), 'typescript'].map((name) => [
        name,
        own.devDependencies[name] ?? 'latest',
      ]),
    ),
  };
  return [
    { path: 'package.json', text: `${JSON.stringify(manifest, undefined, 2)}\n` },
    ...templateFiles().map(({ path, text }) => ({ path: named(packedNames.get(path) ?? path), text: named(text) })),
  ];
}
