// moduleFactory: an ES module as a function that can be called many times: each call evaluates it anew, with imports,
// globals and `import.meta` that the caller gives. So each life of a simulated thread has modules of its own, as a real
// thread has, and no life sees what another left in a module's variables. Compiled once, with the file's own lines and
// name, so stacks and breakpoints are right.
//
// It understands what TypeScript and formatters leave of a module: static and dynamic imports, all forms of `export`. Not:
// `export let` (nobody would see the change), two names in one `export const`, await at the top level, circles. What it
// does not understand fails when it is loaded, never in silence.

import { compileFunction } from 'node:vm';
import { maskCode } from './mask.ts';

/** What a module is evaluated with. */
export interface ModuleScope {
  /** The namespaces of `imports`, in order. */
  imports: readonly Namespace[];
  /** The values of `globalNames`, in order. */
  globals: readonly unknown[];
  /** `import.meta`. */
  meta: { url: string };
  /** `import(…)`. */
  load(specifier: string): Promise<unknown>;
}

export type Namespace = Record<string, unknown>;

export interface StaticImport {
  specifier: string;
  /** Names that the other module must have; `*` for all that it has. */
  names: readonly string[];
}

export interface ModuleFactory {
  imports: readonly StaticImport[];
  /** Evaluates it; returns what it exports. */
  evaluate(scope: ModuleScope): Namespace;
}

interface Edit {
  start: number;
  end: number;
  text: string;
}

const identifier = '[A-Za-z_$][\\w$]*';
const staticImport = /import\b\s*(?:([^'"();]*?)\bfrom\s*)?(['"])\s*\2(?:\s*with\s*\{[^}]*\})?[ \t]*;?/y;
const exportFrom = /export\s*(\*(?:\s*as\s+[\w$]+)?|\{[^}]*\})\s*from\s*(['"])\s*\2[ \t]*;?/y;
const exportList = /export\s*(\{[^}]*\})[ \t]*;?/y;
const exportDefault = /export\s+default\b/y;
/** As compilers write an enum: it has its value when the module has been evaluated. */
const exportEnum = /export\s+var\s+([\w$]+)\s*;\s*\(function\s*\(\1\)/y;
const exportNamed = new RegExp(
  `export\\s+((?:async\\s+)?function\\s*\\*?|class|const|var|let)\\s*(${identifier}|\\{[^}]*\\}|\\[[^\\]]*\\])`,
  'y',
);

/** `source`: JavaScript. `globalNames` are names that mean the caller's values instead of the process's own. */
export function moduleFactory(source: string, url: string, globalNames: readonly string[]): ModuleFactory {
  const rewriter = new Rewriter(source, url);
  const code = rewriter.rewrite();
  const parameters = ['$imports', '$meta', '$load', '$all', ...globalNames];
  const run = compileFunction(code, parameters, { filename: url });
  return {
    imports: rewriter.imports,
    evaluate: ({ imports, globals, meta, load }) => run(imports, meta, load, allOf, ...globals) as Namespace,
  };
}

/** `export * from`: all but the default. */
function allOf(target: Namespace, from: Namespace): void {
  for (const name in from) if (name !== 'default' && !Object.hasOwn(target, name)) target[name] = from[name];
}

class Rewriter {
  readonly imports: StaticImport[] = [];
  readonly #source: string;
  readonly #masked: string;
  readonly #url: string;
  readonly #edits: Edit[] = [];
  /** Statements before the module's own, all on its first line. */
  readonly #head: string[] = [];
  /** `name: value` of the exports. */
  readonly #exports: string[] = [];
  readonly #stars: number[] = [];

  constructor(source: string, url: string) {
    this.#source = source.startsWith('#!') ? `//${source.slice(2)}` : source;
    this.#masked = maskCode(this.#source);
    this.#url = url;
  }

  rewrite(): string {
    for (const { 1: word, index } of this.#masked.matchAll(/(?<![.\w$#])(import|export)(?![\w$]|\s*[:=,)}])/g)) {
      if (word === 'import') this.#import(index);
      else this.#export(index);
    }
    const stars = this.#stars.map((at) => ` $all($exports, $imports[${at}]);`).join('');
    const tail = `\nconst $exports = { ${this.#exports.join(', ')} };${stars} return $exports;}`;
    return `'use strict';{${this.#head.join(' ')}${this.#edited()}${tail}`;
  }

  #import(at: number): void {
    const rest = this.#masked.slice(at + 'import'.length);
    if (/^\s*\(/.test(rest)) this.#replace(at, 'import'.length, '$load');
    else if (/^\s*\./.test(rest)) this.#replace(at, /^\s*\.\s*meta/.exec(rest)![0].length + 'import'.length, '$meta');
    else {
      const [all, clause = ''] = this.#match(staticImport, at);
      const from = this.#specifierIn(at, all.length);
      this.#head.push(this.#binding(clause.trim(), from));
      this.#blank(at, all.length);
    }
  }

  #export(at: number): void {
    const from = this.#tryMatch(exportFrom, at);
    if (from !== undefined) {
      this.#reExport(from[1]!.trim(), this.#specifierIn(at, from[0].length));
      this.#blank(at, from[0].length);
      return;
    }
    const list = this.#tryMatch(exportList, at);
    if (list !== undefined) {
      for (const [own, name] of namesOf(list[1]!)) this.#exports.push(`${name}: ${own}`);
      this.#blank(at, list[0].length);
      return;
    }
    const byDefault = this.#tryMatch(exportDefault, at);
    if (byDefault !== undefined) {
      this.#default(at, byDefault[0].length);
      return;
    }
    const [, kind = '', name = ''] = this.#match(exportNamed, at);
    const changes = kind === 'let' || (kind === 'var' && this.#tryMatch(exportEnum, at) === undefined);
    if (changes) this.#refuse(at, `export ${kind}: nobody would see it change`);
    this.#replace(at, 'export'.length, '      ');
    const names = /^[{[]/.test(name) ? patternNames(name) : [name];
    this.#exports.push(...names);
  }

  #default(at: number, length: number): void {
    const declared = /^\s*(?:(?:async\s+)?function\s*\*?|class)\s+([A-Za-z_$][\w$]*)/.exec(
      this.#masked.slice(at + length),
    );
    if (declared !== null && declared[1] !== 'extends') {
      this.#blank(at, length);
      this.#exports.push(`default: ${declared[1]}`);
    } else {
      this.#replace(at, length, 'const $default =');
      this.#exports.push('default: $default');
    }
  }

  #reExport(what: string, specifier: string): void {
    if (what === '*') {
      this.#stars.push(this.#imported(specifier, ['*']));
      return;
    }
    const whole = /^\*\s*as\s+([\w$]+)$/.exec(what);
    if (whole !== null) {
      this.#exports.push(`${whole[1]}: $imports[${this.#imported(specifier, ['*'])}]`);
      return;
    }
    const names = namesOf(what);
    const place = this.#imported(
      specifier,
      names.map(([own]) => own),
    );
    for (const [own, name] of names) this.#exports.push(`${name}: $imports[${place}].${own}`);
  }

  /** The statement that an import clause comes to. */
  #binding(clause: string, specifier: string): string {
    if (clause === '') {
      this.#imported(specifier, []);
      return '';
    }
    const whole = new RegExp(`\\*\\s*as\\s+(${identifier})`).exec(clause);
    const list = /\{[^}]*\}/.exec(clause);
    const byDefault = new RegExp(`^(${identifier})\\s*(?:,|$)`).exec(clause);
    const named = list === null ? [] : namesOf(list[0]);
    const names = [
      ...named.map(([own]) => own),
      ...(byDefault === null ? [] : ['default']),
      ...(whole === null ? [] : ['*']),
    ];
    const place = this.#imported(specifier, names);
    const statements: string[] = [];
    if (whole !== null) statements.push(`const ${whole[1]} = $imports[${place}];`);
    if (byDefault !== null) statements.push(`const ${byDefault[1]} = $imports[${place}].default;`);
    if (named.length > 0) {
      const bound = named.map(([own, name]) => (own === name ? own : `${own}: ${name}`)).join(', ');
      statements.push(`const { ${bound} } = $imports[${place}];`);
    }
    return statements.join(' ');
  }

  #imported(specifier: string, names: readonly string[]): number {
    return this.imports.push({ specifier, names }) - 1;
  }

  /** The string at the end of a statement whose masked form has `length`. */
  #specifierIn(at: number, length: number): string {
    const found = /(['"])([^'"\n]*)\1(?:\s*with\s*\{[^}]*\})?[ \t]*;?$/.exec(this.#source.slice(at, at + length));
    return found?.[2] ?? this.#refuse(at, 'an import without a module');
  }

  #match(pattern: RegExp, at: number): RegExpExecArray {
    return this.#tryMatch(pattern, at) ?? this.#refuse(at, 'a form of import or export that is not known');
  }

  #tryMatch(pattern: RegExp, at: number): RegExpExecArray | undefined {
    pattern.lastIndex = at;
    return pattern.exec(this.#masked) ?? undefined;
  }

  #replace(start: number, length: number, text: string): void {
    this.#edits.push({ start, end: start + length, text });
  }

  #blank(start: number, length: number): void {
    const text = this.#source.slice(start, start + length).replace(/[^\n]/g, ' ');
    this.#replace(start, length, text);
  }

  #edited(): string {
    let text = '';
    let at = 0;
    for (const edit of this.#edits) {
      text += this.#source.slice(at, edit.start) + edit.text;
      at = edit.end;
    }
    return text + this.#source.slice(at);
  }

  #refuse(at: number, why: string): never {
    const line = this.#source.slice(0, at).split('\n').length;
    throw new Error(`${this.#url}:${line} can't be simulated: ${why}`);
  }
}

/** `{ a, b as c }` → [a, a], [b, c]. */
function namesOf(list: string): [string, string][] {
  return list
    .slice(1, -1)
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .map((one) => {
      const [own = '', name = own] = one.split(/\s+as\s+/);
      return [own, name];
    });
}

/** The names that a flat pattern binds: `{ a, b: c }`, `[d, e]`. */
function patternNames(pattern: string): string[] {
  return pattern
    .slice(1, -1)
    .split(',')
    .map((one) => one.replace(/=.*/s, '').replace(/^.*:/s, '').replace('...', '').trim())
    .filter((one) => one !== '');
}
