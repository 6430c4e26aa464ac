// init: `heddle init`, a small project that works: its own test passes before anything is changed. Says what to do next.

import { basename, relative, resolve } from 'node:path';
import { HeddleError } from '../../runtime/errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { heddleSource } from './heddle-source.ts';
import { installedFrom } from './installed-from.ts';
import { projectNames } from './names.ts';
import { npmsNodeRunsHeddle } from './npms-node.ts';
import { ownManifest, packageHome } from './package-home.ts';
import { projectFiles } from './project-files.ts';
import { checkFolder, writeProject } from './write-project.ts';

export interface InitOptions {
  /** As `--service` says it. */
  service?: string;
  /** As `--heddle` says it. */
  heddle?: string;
}

/** Writes all or, when anything is wrong, nothing. Returns the exit code. */
export function init(where: string, options: InitOptions): number {
  const folder = resolve(where);
  try {
    const names = projectNames(basename(folder), options.service);
    const { version } = ownManifest();
    const source = options.heddle ?? installedFrom(packageHome);
    const heddle = source === undefined || source === 'registry' ? version : heddleSource(source, folder);
    checkFolder(folder);
    const ownNode = !npmsNodeRunsHeddle();
    const files = projectFiles(names, { heddle, ownNode });
    writeProject(folder, files);
    const notes = [...(source === undefined ? [unknownSource(version)] : []), ...(ownNode ? [bringsNode] : [])];
    process.stdout.write(doneText(folder, names.service, files.length, notes));
    return exitCodes.ok;
  } catch (reason) {
    if (!(reason instanceof HeddleError)) throw reason;
    process.stderr.write(`heddle: ${reason.message}\n`);
    return exitCodes.failed;
  }
}

const bringsNode =
  'npm runs here on a Node that Heddle does not support, so the project brings its own: node, among devDependencies.';

function unknownSource(version: string): string {
  return [
    `Its package.json asks npm for heddle ${version}, since nothing here says where this heddle came from. If npm does not`,
    "find it (404): 'npm install <path of a tarball of heddle>' in the project, or heddle init with --heddle.",
  ].join('\n');
}

function doneText(folder: string, service: string, files: number, notes: readonly string[]): string {
  const way = relative('', folder);
  const commands = [
    ...(way === '' ? [] : [`cd ${/^[\w./-]+$/.test(way) ? way : `'${way.replaceAll("'", "'\\''")}'`}`]),
    'npm install',
    'npm test',
    'npm start',
  ];
  return [
    `${folder} has a project with service ${service} in ${files} files; its README.md says what each is for.`,
    ...notes.flatMap((note) => ['', note]),
    '',
    'Next:',
    ...commands.map((line) => `  ${line}`),
    '',
  ].join('\n');
}
