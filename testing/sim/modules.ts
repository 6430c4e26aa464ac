// Modules: the sources that simulated threads run. SourceModules, one for a process, reads, strips and compiles each file
// once; ThreadModules, one for each life of a thread, evaluates them anew. Files under node_modules and Node's own modules
// are the process's own and shared by all threads; so are their variables.

import { readFileSync } from 'node:fs';
import { createRequire, isBuiltin, stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type ModuleFactory, moduleFactory, type Namespace } from './module-factory.ts';
import { packageUrl } from './resolve.ts';

/** A change to a source file, for a run that shows that the simulation sees it. */
export interface SourceEdit {
  /** From the root of the sources: `runtime/shared/asker.ts`. */
  file: string;
  /** Stands in the file exactly once. As it is without types: `(a: number)` reads `(a        )`. */
  find: string;
  replace: string;
}

/** The names of Node that threads get their own of. */
export const globalNames = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
  'queueMicrotask',
  'process',
  'performance',
  'Date',
  'Math',
  'MessageChannel',
  'AbortSignal',
  'crypto',
  'fetch',
  'WebSocket',
  'EventSource',
] as const;

export type ThreadGlobals = Record<(typeof globalNames)[number], unknown>;

/** What a thread has in the place of a module; `key` is a file URL or the name of a Node module with `node:`. */
export type Substitutes = ReadonlyMap<string, Namespace>;

const root = new URL('../../', import.meta.url);
/** Of source files: other ones in the built package. */
export const sourceEnding: string = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

/** The URL of a source file of Heddle, given as it is named from the root, without its ending. */
export function sourceUrl(path: string): string {
  return new URL(`${path}${sourceEnding}`, root).href;
}

interface Source {
  factory: ModuleFactory;
  /** What `imports` resolve to. */
  targets: readonly string[];
  /** Everything that it imports has been found there. */
  isWhole: boolean;
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
  const factory = factoryOf(code, url);
  return { factory, targets: factory.imports.map(({ specifier }) => resolve(specifier, url)), isWhole: false };
}

function factoryOf(code: string, url: string): ModuleFactory {
  try {
    return moduleFactory(code, url, globalNames);
  } catch (reason) {
    if (!(reason instanceof SyntaxError)) throw reason;
    throw new Error(`${url} can't be simulated: ${reason.message}`, { cause: reason });
  }
}

/** A file URL, or the name of a module of Node with `node:`. */
function resolve(specifier: string, from: string): string {
  if (isBuiltin(specifier)) return specifier.startsWith('node:') ? specifier : `node:${specifier}`;
  if (/^(?:\.{0,2}\/|file:)/.test(specifier)) return new URL(specifier, from).href;
  const ours = ownPackage[specifier];
  return ours === undefined ? packageUrl(specifier, from) : sourceUrl(ours);
}

/** In a checkout as in the package, whoever is simulated and imports Heddle means these very sources. */
const ownPackage: Record<string, string> = { heddle: 'index', 'heddle/client': 'client', 'heddle/plugin': 'plugin' };

/** A source that threads have for themselves: this package's, and modules of the project that uses it. */
function isOurs(url: string): boolean {
  if (!url.startsWith('file:') || /\.(?:json|c[jt]s|node)$/.test(url)) return false;
  const inPackage = url.startsWith(root.href) ? url.slice(root.href.length) : url;
  return !/(?:^|\/)node_modules\//.test(inPackage);
}

const require = createRequire(import.meta.url);
const natives = new Map<string, Namespace>();

function nativeModule(key: string): Namespace {
  let found = natives.get(key);
  if (found === undefined) {
    const module: unknown = isBuiltin(key) ? process.getBuiltinModule(key) : require(fileURLToPath(key));
    found = asNamespace(module);
    natives.set(key, found);
  }
  return found;
}

/** A module of either kind with its default where ES modules look for it. */
function asNamespace(module: unknown): Namespace {
  const named = (typeof module === 'object' || typeof module === 'function') && module !== null ? module : {};
  const { __esModule: isModule } = named as { __esModule?: unknown };
  if (isModule === true || Object.prototype.toString.call(module) === '[object Module]') return module as Namespace;
  // Not a copy: what it exports may be a getter, or not enumerable.
  return Object.create(named, { default: { value: module, enumerable: true } }) as Namespace;
}

/** Throws as the language would where a name is imported that is not there. */
function checkImports(url: string, source: Source, imports: readonly Namespace[]): void {
  for (const [index, { names }] of source.factory.imports.entries()) {
    const missing = names.find((name) => name !== '*' && !(name in imports[index]!));
    if (missing === undefined) continue;
    throw new Error(`${source.targets[index]} has no export ${missing}, which ${url} imports`);
  }
  source.isWhole = true;
}

export class ThreadModules {
  readonly #sources: SourceModules;
  readonly #substitutes: Substitutes;
  readonly #globals: readonly unknown[];
  readonly #loaded = new Map<string, Namespace>();
  readonly #loading = new Set<string>();

  constructor(sources: SourceModules, substitutes: Substitutes, globals: ThreadGlobals) {
    this.#sources = sources;
    this.#substitutes = substitutes;
    this.#globals = globalNames.map((name) => globals[name]);
  }

  /** What the module at a URL exports on this thread. */
  load(url: string): Namespace {
    const known = this.#loaded.get(url) ?? this.#substitutes.get(url);
    if (known !== undefined) return known;
    if (!isOurs(url)) return nativeModule(url);
    if (this.#loading.has(url)) throw new Error(`${url} imports itself in a circle, which can't be simulated`);
    this.#loading.add(url);
    const source = this.#sources.source(url);
    const { factory, targets } = source;
    const imports = targets.map((target) => this.load(target));
    if (!source.isWhole) checkImports(url, source, imports);
    const namespace = factory.evaluate({
      imports,
      globals: this.#globals,
      meta: { url },
      load: async (specifier) => this.load(resolve(String(specifier), url)),
    });
    this.#loading.delete(url);
    this.#loaded.set(url, namespace);
    return namespace;
  }
}
