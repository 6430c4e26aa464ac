// ThreadModules: the modules of one life of a simulated thread, evaluated for it alone: ES modules, CommonJS and JSON of the
// project and of Heddle. Files under node_modules and Node's own modules are the process's own and shared by all threads; so
// are their variables.

import { createRequire, isBuiltin, Module } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { CommonJsFactory, ModuleFactory, ModuleMeta, Namespace } from './module-factory.ts';
import { isOurs, resolveModule, type SourceModules, type Substitutes } from './modules.ts';
import { globalNames, type ThreadGlobals } from './thread-globals.ts';
import { moduleWithOwn } from './with-own.ts';

/** `module` of CommonJS. */
interface CommonJsModule {
  exports: unknown;
  readonly id: string;
  readonly filename: string;
  readonly path: string;
  readonly require: Require;
  loaded: boolean;
}

type Require = ((specifier: string) => unknown) & {
  resolve: (specifier: string) => string;
  cache: object;
  main: undefined;
};

export class ThreadModules {
  readonly #sources: SourceModules;
  readonly #substitutes: Substitutes;
  readonly #globals: readonly unknown[];
  readonly #loaded = new Map<string, Namespace>();
  /** What they threw when they were evaluated: once, as in production. */
  readonly #failed = new Map<string, unknown>();
  readonly #loading = new Set<string>();
  /** By URL; in it before it is evaluated, since circles may see what there is. */
  readonly #commonJs = new Map<string, CommonJsModule>();

  constructor(sources: SourceModules, substitutes: Substitutes, globals: ThreadGlobals) {
    this.#sources = sources;
    this.#substitutes = substitutes;
    this.#globals = globalNames.map((name) => globals[name]);
  }

  /** What the module at a URL exports on this thread. `url`: of a file, or the name of a module of Node with `node:`. */
  load(url: string): Namespace {
    const known = this.#loaded.get(url) ?? this.#substitutes.get(url);
    if (known !== undefined) return typeof known === 'function' ? this.#keep(url, known()) : known;
    if (url === 'node:module') return this.#keep(url, this.#nodeModule());
    if (!isOurs(url)) return nativeModule(url);
    if (this.#failed.has(url)) throw this.#failed.get(url);
    if (this.#loading.has(url)) throw new Error(`${url} imports itself in a circle, which can't be simulated`);
    this.#loading.add(url);
    try {
      return this.#keep(url, this.#evaluate(url));
    } catch (error) {
      this.#failed.set(url, error);
      throw error;
    } finally {
      this.#loading.delete(url);
    }
  }

  #keep(url: string, namespace: Namespace): Namespace {
    this.#loaded.set(url, namespace);
    return namespace;
  }

  #evaluate(url: string): Namespace {
    const source = this.#sources.source(url);
    if (source.kind === 'json') return { default: JSON.parse(source.text) };
    if (source.kind === 'commonjs') return this.#evaluateCommonJs(url, source.factory);
    const { factory, targets } = source;
    const imports = targets.map((target) => this.load(target));
    if (!source.isWhole) {
      checkImports(url, factory, targets, imports);
      source.isWhole = true;
    }
    return factory.evaluate({ imports, globals: this.#globals, meta: metaOf(url), load: this.#loadFrom(url) });
  }

  #evaluateCommonJs(url: string, factory: CommonJsFactory): Namespace {
    const filename = fileURLToPath(url);
    const path = dirname(filename);
    const require = this.#requireOf(url);
    const module: CommonJsModule = { exports: {}, id: filename, filename, path, require, loaded: false };
    this.#commonJs.set(url, module);
    try {
      factory.evaluate({ module, globals: this.#globals, load: this.#loadFrom(url) });
    } catch (error) {
      this.#commonJs.delete(url);
      throw error;
    }
    module.loaded = true;
    return asNamespace(module.exports);
  }

  /** `import(…)` of a module. */
  #loadFrom(url: string): (specifier: string) => Promise<Namespace> {
    return async (specifier) => this.load(resolveModule(String(specifier), url));
  }

  /** `require` as a file at a URL has it. */
  #requireOf(from: string | URL): Require {
    const native = createRequire(from);
    const require = (specifier: string): unknown => {
      if (isBuiltin(specifier)) {
        const module = this.load(specifier.startsWith('node:') ? specifier : `node:${specifier}`);
        return module.default ?? module;
      }
      const url = pathToFileURL(native.resolve(specifier)).href;
      if (!isOurs(url)) return native(specifier);
      const begun = this.#commonJs.get(url);
      if (begun !== undefined) return begun.exports;
      const module = this.load(url);
      return this.#commonJs.has(url) || url.endsWith('.json') ? module.default : module;
    };
    return Object.assign(require, { resolve: native.resolve, cache: Object.create(null) as object, main: undefined });
  }

  #nodeModule(): Namespace {
    const own = moduleWithOwn(Module, { createRequire: (from: string | URL) => this.#requireOf(from) });
    own.Module = own;
    return own;
  }
}

function metaOf(url: string): ModuleMeta {
  const filename = fileURLToPath(url);
  const resolve = (specifier: string): string => resolveModule(String(specifier), url);
  return { url, filename, dirname: dirname(filename), main: false, resolve };
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
function checkImports(
  url: string,
  factory: ModuleFactory,
  targets: readonly string[],
  imports: readonly Namespace[],
): void {
  for (const [index, { names }] of factory.imports.entries()) {
    const missing = names.find((name) => name !== '*' && !(name in imports[index]!));
    if (missing === undefined) continue;
    throw new Error(`${targets[index]} has no export ${missing}, which ${url} imports`);
  }
}
