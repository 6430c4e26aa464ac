// codegen: `heddle codegen`. Schemas → flatc's TypeScript → JavaScript and declarations → the folder. Nothing is written
// before all of it is there.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { HeddleError } from '../../runtime/errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { compile } from './compile.ts';
import { findFlatc } from './find-flatc.ts';
import type { Sources } from './flatc.ts';
import { schemasOf } from './schemas.ts';

export interface CodegenOptions {
  out: string;
  genObjectApi?: true;
  include?: string[];
}

/** Resolves with the exit code. */
export async function codegen(files: readonly string[], options: CodegenOptions): Promise<number> {
  try {
    const folder = process.cwd();
    const includes = options.include ?? [];
    const schemas = schemasOf(files, includes);
    const flatc = await findFlatc(folder);
    const sources: Sources = new Map();
    for (const schema of schemas) {
      merge(sources, await flatc.typescript(schema, { schemas, includes, objectApi: options.genObjectApi === true }));
    }
    const made = compile(sources, folder);
    const written = write(made, options.out);
    process.stdout.write(
      `${made.size} files in ${options.out}, ${written} of them changed; by ${flatc.name} from ${schemas.map(({ path }) => relative(folder, path)).join(', ')}\n`,
    );
    return exitCodes.ok;
  } catch (reason) {
    if (!(reason instanceof HeddleError)) throw reason;
    process.stderr.write(`heddle: ${reason.message}\n`);
    return exitCodes.failed;
  }
}

/** Schemas of one namespace share a file that exports all of it: theirs become one. */
function merge(all: Sources, more: Sources): void {
  for (const [path, text] of more) {
    const before = all.get(path);
    if (before === undefined || before === text) {
      all.set(path, text);
    } else if (isEntry(before) && isEntry(text)) {
      all.set(path, `${[...new Set([...before.split('\n'), ...text.split('\n')])].join('\n')}\n`);
    } else {
      throw new HeddleError('ALREADY_EXISTS', `two schemas both make ${path}; give their types different names`);
    }
  }
}

function isEntry(text: string): boolean {
  return text.split('\n').every((line) => line === '' || /^(\/\/|\/\*|export (\{|\*))/.test(line));
}

/** Leaves alone what is the same, so that nobody who watches files wakes up. Returns how many were not. */
function write(files: Sources, out: string): number {
  let written = 0;
  try {
    for (const [path, text] of files) {
      const file = join(out, path);
      if (textOf(file) === text) continue;
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      written++;
    }
  } catch (error) {
    throw new HeddleError('FAILED_PRECONDITION', `--out can't be written: ${(error as Error).message}`);
  }
  return written;
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
