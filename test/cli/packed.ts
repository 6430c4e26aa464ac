// The package as its users get it: what `npm pack` makes of this checkout, installed by npm outside of it, and a project
// that `heddle init` has written there. Nothing in the checkout is touched, its dist/ neither.

import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { ownEnvironment, root } from './heddle.ts';

export const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string;
  files: string[];
  scripts: Record<string, string>;
  allowScripts?: Record<string, boolean>;
  engines: { node: string };
  exports: Record<string, unknown>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
};

/** What is compiled of a package that will be gone is kept nowhere. */
export const packedEnv = { NODE_DISABLE_COMPILE_CACHE: '1' };

/** npm scripts and `#!/usr/bin/env node` find the Node that runs the tests first. */
function env(): NodeJS.ProcessEnv {
  const own = ownEnvironment();
  return { ...own, ...packedEnv, PATH: `${dirname(process.execPath)}${delimiter}${own.PATH}` };
}

/** Runs a command to its end; standard output. Throws with what it printed when it fails. */
export function run(command: string, args: readonly string[], cwd: string): string {
  try {
    return execFileSync(command, args, { cwd, env: env(), encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (reason) {
    const { stdout, stderr } = reason as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`, { cause: reason });
  }
}

export const node = (args: readonly string[], cwd: string): string => run(process.execPath, args, cwd);

/** The script of a command that the checkout depends on. */
export const binOf = (command: string): string => join(root, 'node_modules/.bin', command);

export class Packed {
  readonly tarball: string;
  /** `heddle init film-search` wrote it, npm installed what it needs. */
  readonly project: string;
  /** The package in it. */
  readonly home: string;
  /** Its `heddle` command. */
  readonly bin: string;
  /** What init printed. */
  readonly said: string;
  /** What installing the package brings, dependencies included. */
  readonly installedBytes: number;

  /** `folder` is empty, outside of the checkout. */
  constructor(folder: string) {
    this.project = join(folder, 'film-search');
    this.home = join(this.project, 'node_modules/heddle');
    this.bin = join(this.project, 'node_modules/.bin/heddle');
    const staged = join(folder, 'staged');
    mkdirSync(staged);
    // What package.json says is packed, but for the build, which is made here.
    for (const path of globSync([...manifest.files.filter((one) => one !== 'dist'), 'package.json'], { cwd: root })) {
      cpSync(join(root, path), join(staged, path), { recursive: true });
    }
    node([binOf('tsc'), '-p', join(root, 'tsconfig.build.json'), '--outDir', join(staged, 'dist')], root);
    node([join(root, 'build/prune-declarations.ts'), join(staged, 'dist')], root);
    run('npm', ['pack', '--ignore-scripts', '--silent'], staged);
    this.tarball = join(staged, readdirSync(staged).find((name) => name.endsWith('.tgz'))!);

    const empty = join(folder, 'empty');
    mkdirSync(empty);
    writeFileSync(join(empty, 'package.json'), '{ "private": true }\n');
    install(empty, this.tarball);
    const first = join(empty, 'node_modules/.bin/heddle');
    // It takes the tarball that the folder's package.json names.
    this.said = run(first, ['init', 'film-search'], folder);
    this.installedBytes = bytesUnder(join(empty, 'node_modules'));
    install(this.project);
  }
}

function install(folder: string, ...what: string[]): void {
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--silent', ...what], folder);
}

export function bytesUnder(folder: string): number {
  return globSync('**', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((bytes, entry) => bytes + readFileSync(join(entry.parentPath, entry.name)).length, 0);
}
