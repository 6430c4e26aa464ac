// codegen: `heddle codegen`. Schemas → flatc's TypeScript → JavaScript and declarations → the folder. Nothing is written
// before all of it is there, and loads.

import { relative } from 'node:path';
import { HeddleError } from '../../runtime/errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { compile } from './compile.ts';
import { isEntry, joined } from './entries.ts';
import { findFlatc } from './find-flatc.ts';
import type { Sources } from './flatc.ts';
import { schemasOf } from './schemas.ts';
import { writeMade } from './write-made.ts';

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
    const written = writeMade(made, options.out);
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
      all.set(path, joined(before, text));
    } else {
      throw new HeddleError(
        'ALREADY_EXISTS',
        `two schemas both make ${path}; give their types different names, and no type that of a namespace beside it`,
      );
    }
  }
}
