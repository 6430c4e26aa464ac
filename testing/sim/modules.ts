// SourceModules: the sources that simulated threads run, read, stripped and compiled once for a process. ThreadModules
// (thread-modules.ts), one for each life of a thread, evaluates them anew.

import { readFileSync } from 'node:fs';
import { findPackageJSON, isBuiltin, stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import {
  type CommonJsFactory,
  commonJsFactory,
  type ModuleFactory,
  moduleFactory,
  type Namespace,
} from './module-factory.ts';
import { packageUrl } from './resolve.ts';
import { globalNames } from './thread-globals.ts';

/** A change to a source file, for a run that shows that the simulation sees it. */
export interface SourceEdit {
  /** From the root of the sources: `runtime/shared/asker.ts`. */
  file: string;
  /** Stands in the file exactly once. As it is without types: `(a: number)` reads `(a        )`. */
  find: string;
  replace: string;
}

/** What a thread has in the place of a module; `key` is a file URL or the name of a Node module with `node:`; a function makes it when it is first loaded. */
export type Substitutes = ReadonlyMap<string, Namespace | (() => Namespace)>;

const root = new URL('../../', import.meta.url);
/** Of source files: other ones in the built package. */
export const sourceEnding: string = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

/** The URL of a source file of Heddle, given as it is named from the root, without its ending. */
export function sourceUrl(path: string): string {
  return new URL(`${path}${sourceEnding}`, root).href;
}

export type Source = EcmaSource | CommonJsSource | JsonSource;

interface EcmaSource {
  kind: 'module';
  factory: ModuleFactory;
  /** What `imports` resolve to. */
  targets: readonly string[];
  /** Everything that it imports has been found there. */
  isWhole: boolean;
}

interface CommonJsSource {
  kind: 'commonjs';
  factory: CommonJsFactory;
}

interface JsonSource {
  kind: 'json';
  text: string;
}

export class SourceModules {
  readonly #edits: ReadonlyMap<string, readonly SourceEdit[]>;

  constructor(edits: readonly SourceEdit[] = []) {
    this.#edits = Map.groupBy(edits, ({ file }) => sourceUrl(file.replace(/\.ts$/, '')));
  }

  source(url: string): Source {
    const edits = this.#edits.get(url);
    const key = edits === undefined ? url : `${url} ${JSON.stringify(edits)}`;
    let source = compiled.get(key);
    if (source === undefined) {
      source = compile(url, edits ?? []);
      compiled.set(key, source);
    }
    return source;
  }
}

/** By URL and edits. */
const compiled = new Map<string, Source>();

function compile(url: string, edits: readonly SourceEdit[]): Source {
  const text = readFileSync(fileURLToPath(url), 'utf8');
  let code = /\.[mc]?ts$/.test(url) ? stripTypeScriptTypes(text) : text;
  for (const { file, find, replace } of edits) {
    const count = code.split(find).length - 1;
    if (count !== 1) throw new Error(`${file}: the text to replace is there ${count} times, not once: ${find}`);
    code = code.replace(find, () => replace);
  }
  if (url.endsWith('.json')) return { kind: 'json', text };
  return asSimulated(url, () => sourceOf(code, url));
}

function sourceOf(code: string, url: string): Source {
  if (/\.c[jt]s$/.test(url)) return { kind: 'commonjs', factory: commonJsFactory(code, url, globalNames) };
  const factory = moduleFactory(code, url, globalNames);
  if (!factory.isModule && !/\.m[jt]s$/.test(url) && !isInModulePackage(url)) {
    return { kind: 'commonjs', factory: commonJsFactory(code, url, globalNames) };
  }
  const targets = factory.imports.map(({ specifier }) => resolveModule(specifier, url));
  return { kind: 'module', factory, targets, isWhole: false };
}

/** Adds the file and the line to what V8 says of it. */
function asSimulated<Value>(url: string, make: () => Value): Value {
  try {
    return make();
  } catch (reason) {
    if (!(reason instanceof SyntaxError)) throw reason;
    const [, line = ''] = /^.*(:\d+)\n/.exec(reason.stack ?? '') ?? [];
    throw new Error(`${url}${line} can't be simulated: ${reason.message}`, { cause: reason });
  }
}

/** `type` of the package.json that stands over a file. */
function isInModulePackage(url: string): boolean {
  const path = findPackageJSON(url);
  return path !== undefined && (JSON.parse(readFileSync(path, 'utf8')) as { type?: unknown }).type === 'module';
}

/** A file URL, or the name of a module of Node with `node:`. */
export function resolveModule(specifier: string, from: string): string {
  if (isBuiltin(specifier)) return specifier.startsWith('node:') ? specifier : `node:${specifier}`;
  if (/^(?:\.{0,2}\/|file:)/.test(specifier)) return new URL(specifier, from).href;
  const ours = ownPackage[specifier];
  return ours === undefined ? packageUrl(specifier, from) : sourceUrl(ours);
}

/** In a checkout as in the package, whoever is simulated and imports Heddle means these very sources. */
const ownPackage: Record<string, string> = { heddle: 'index', 'heddle/client': 'client', 'heddle/plugin': 'plugin' };

/** A source that threads have for themselves: this package's, and modules of the project that uses it. */
export function isOurs(url: string): boolean {
  if (!url.startsWith('file:') || url.endsWith('.node')) return false;
  const inPackage = url.startsWith(root.href) ? url.slice(root.href.length) : url;
  return !/(?:^|\/)node_modules\//.test(inPackage);
}
