// init: `heddle init`, a small project that works: its own test passes before anything is changed. Says what to do next.

import { basename, relative, resolve } from 'node:path';
import { HeddleError } from '../../runtime/errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { heddleSource } from './heddle-source.ts';
import { projectNames } from './names.ts';
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
    const heddle = options.heddle === undefined ? undefined : heddleSource(options.heddle, folder);
    checkFolder(folder);
    const files = projectFiles(names, heddle);
    writeProject(folder, files);
    process.stdout.write(doneText(folder, names.service, files.length));
    return exitCodes.ok;
  } catch (reason) {
    if (!(reason instanceof HeddleError)) throw reason;
    process.stderr.write(`heddle: ${reason.message}\n`);
    return exitCodes.failed;
  }
}

function doneText(folder: string, service: string, files: number): string {
  const way = relative('', folder);
  const commands = [
    ...(way === '' ? [] : [`cd ${/^[\w./-]+$/.test(way) ? way : `'${way.replaceAll("'", "'\\''")}'`}`]),
    'npm install',
    'npm test',
    'npm start',
  ];
  return [
    `${folder} has a project with service ${service} in ${files} files; its README.md says what each is for.`,
    '',
    'Next:',
    ...commands.map((line) => `  ${line}`),
    '',
  ].join('\n');
}
