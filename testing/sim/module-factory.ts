// moduleFactory: an ES module as a function that can be called many times: each call evaluates it anew, with imports,
// globals and `import.meta` that the caller gives. So each life of a simulated thread has modules of its own, as a real
// thread has, and no life sees what another left in a module's variables. Compiled once, with the file's own lines and
// name, so stacks and breakpoints are right. commonJsFactory is the same for CommonJS.
//
// Exports that may change are getters, so that they are seen to change. Who imports by name what may change reads it through a
// `with`, which costs each read some ten nanoseconds; all else is bound once. Not understood: await at the top level, circles,
// names that are strings. What it does not understand fails when it is loaded, never in silence.

import { compileFunction } from 'node:vm';
import { type ExportedName, type ImportedName, ModuleRewriter, type StaticImport } from './module-rewriter.ts';

export type Namespace = Record<string, unknown>;

/** `import.meta`. */
export interface ModuleMeta {
  url: string;
  filename: string;
  dirname: string;
  main: boolean;
  resolve(specifier: string): string;
}

/** What a module is evaluated with. */
export interface ModuleScope {
  /** The namespaces of `imports`, in order. */
  imports: readonly Namespace[];
  /** The values of `globalNames`, in order. */
  globals: readonly unknown[];
  meta: ModuleMeta;
  /** `import(…)`. */
  load(specifier: string): Promise<unknown>;
}

export interface ModuleFactory {
  imports: readonly StaticImport[];
  /** It says of itself, by its statements, that it is an ES module. */
  isModule: boolean;
  /** Evaluates it; returns what it exports. */
  evaluate(scope: ModuleScope): Namespace;
}

export interface CommonJsScope {
  module: { exports: unknown; filename: string; path: string; require: unknown };
  globals: readonly unknown[];
  load(specifier: string): Promise<unknown>;
}

export interface CommonJsFactory {
  evaluate(scope: CommonJsScope): void;
}

type Run = (...values: unknown[]) => Namespace;

/** `source`: JavaScript. `globalNames` are names that mean the caller's values instead of the process's own. */
export function moduleFactory(source: string, url: string, globalNames: readonly string[]): ModuleFactory {
  const rewriter = new ModuleRewriter(source, url);
  const code = rewriter.rewrite();
  const { imports, imported, exports, stars, isModule } = rewriter;
  const parameters = ['$imports', '$meta', '$load', '$live', ...globalNames];
  /** By the names that may change, which depends on who is imported. */
  const runs = new Map<string, Run>();
  const runWith = (live: readonly ImportedName[], changing: ReadonlySet<string>): Run => {
    const key = [live.map(({ local }) => local), ...changing].join();
    let run = runs.get(key);
    if (run === undefined) {
      const head = imported.filter((one) => !live.includes(one)).map(bindingOf);
      const members = exports.map((one) => memberOf(one, changing.has(one.name)));
      const body = `'use strict';{${head.join(' ')}${code}\nreturn { ${members.join(', ')} };}`;
      const around = live.length === 0 ? body : `with ($live) return (function () {${body}})();`;
      run = compileFunction(around, parameters, { filename: url }) as Run;
      runs.set(key, run);
    }
    return run;
  };
  const ownChanging = new Set(exports.flatMap((one) => (one.isLive ? [one.name] : [])));
  const runPlain = runWith([], ownChanging);
  return {
    imports,
    isModule,
    evaluate: ({ imports: namespaces, globals, meta, load }) => {
      if (!namespaces.some((one) => liveNames.has(one))) {
        return completed(runPlain(namespaces, meta, load, undefined, ...globals), ownChanging, stars, namespaces);
      }
      const live = imported.filter((one) => isLive(one, namespaces));
      const handed = exports.filter(({ from }) => from !== undefined && isLive(from, namespaces));
      const changing = new Set([...ownChanging, ...handed.map(({ name }) => name)]);
      const run = runWith(live, changing);
      const own = run(namespaces, meta, load, liveScope(live, namespaces), ...globals);
      return completed(own, changing, stars, namespaces);
    },
  };
}

/** `source`: of a file that `require` loads. */
export function commonJsFactory(source: string, url: string, globalNames: readonly string[]): CommonJsFactory {
  const code = new ModuleRewriter(source, url).rewrite();
  const own = 'exports, require, module, __filename, __dirname';
  // A function of its own: a file may declare what is a parameter around it.
  const body = `return function (${own}) {${code}\n}`;
  const make = compileFunction(body, ['$load', ...globalNames], { filename: url }) as unknown as Make;
  return {
    evaluate({ module, globals, load }) {
      const { exports, require, filename, path } = module;
      make(load, ...globals).call(exports, exports, require, module, filename, path);
    },
  };
}

type Make = (...values: unknown[]) => (this: unknown, ...values: unknown[]) => void;

/** A getter where it may change: closures for all would cost each thread more than its modules do. */
function memberOf({ name, value }: ExportedName, mayChange: boolean): string {
  return mayChange ? `get ${name}() { return ${value}; }` : `${name}: ${value}`;
}

function bindingOf({ local, place, name }: ImportedName): string {
  return `const ${local} = $imports[${place}]${name === '*' ? '' : `.${name}`};`;
}

/** Names of a namespace that may change, where there are any. */
const liveNames = new WeakMap<Namespace, ReadonlySet<string>>();

function isLive({ place, name }: ImportedName, namespaces: readonly Namespace[]): boolean {
  return liveNames.get(namespaces[place]!)?.has(name) === true;
}

/** For `with`: the names as they are whenever they are read. */
function liveScope(live: readonly ImportedName[], namespaces: readonly Namespace[]): object {
  const scope = Object.create(null) as object;
  for (const { local, place, name } of live) {
    Object.defineProperty(scope, local, { get: () => namespaces[place]![name] });
  }
  return scope;
}

/** With `export * from`, and with a note of what may change. */
function completed(
  own: Namespace,
  changing: ReadonlySet<string>,
  stars: readonly number[],
  namespaces: readonly Namespace[],
): Namespace {
  const live = new Set(changing);
  for (const place of stars) {
    const from = namespaces[place]!;
    for (const name in from) {
      if (name === 'default' || Object.hasOwn(own, name)) continue;
      if (liveNames.get(from)?.has(name) !== true) own[name] = from[name];
      else {
        live.add(name);
        Object.defineProperty(own, name, { get: () => from[name], enumerable: true });
      }
    }
  }
  if (live.size > 0) liveNames.set(own, live);
  return own;
}
