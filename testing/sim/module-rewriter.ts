// ModuleRewriter: what imports and exports of an ES module become, for module-factory.ts: the module's own lines, without
// them, and what a function around those lines has to say before and after. It reads masked text (mask.ts).

import { assignedNames, declaredNames, endOfPair, identifier, topLevel } from './declarations.ts';
import { maskCode } from './mask.ts';

export interface StaticImport {
  specifier: string;
  /** Names that the other module must have; `*` for all that it has. */
  names: readonly string[];
}

/** A name that an import binds here; `name` of the other module: `*` for all of it. */
export interface ImportedName {
  local: string;
  /** In `imports`. */
  place: number;
  name: string;
}

/** An export: what stands for it is an expression of the module's own scope. */
export interface ExportedName {
  name: string;
  value: string;
  /** It may change after the module has been evaluated. */
  isLive: boolean;
  /** Its value is this import's, or this one of its names. */
  from?: ImportedName;
}

interface Edit {
  start: number;
  end: number;
  text: string;
}

const staticImport =
  /import\b\s*(?:((?:[^'"(){};]|\{[^{}]*\})*?)\bfrom\s*)?(['"])\s*\2(?:\s*with\s*\{[^}]*\})?[ \t]*;?/y;
const exportFrom = /export\s*(\*(?:\s*as\s+[^'"\s]+)?|\{[^}]*\})\s*from\s*(['"])\s*\2(?:\s*with\s*\{[^}]*\})?[ \t]*;?/y;
const exportList = /export\s*(\{[^}]*\})[ \t]*;?/y;
const exportDefault = /export\s+default\b/y;
/** As compilers write an enum: it has its value when the module has been evaluated. */
const exportEnum = /export\s+var\s+([\w$]+)\s*;\s*\(function\s*\(\1\)/y;
const exportNames = /export\s+(?=(const|let|var)\b)\1/y;
const exportDeclared = new RegExp(`export\\s+(?:(?:async\\s+)?function\\s*\\*?|class)\\s*(${identifier})`, 'uy');
const declared = new RegExp(`^\\s*(?:(?:async\\s+)?function\\s*\\*?|class)\\s*(?<![\\w$])(${identifier})`, 'u');

export class ModuleRewriter {
  readonly imports: StaticImport[] = [];
  readonly imported: ImportedName[] = [];
  readonly exports: ExportedName[] = [];
  /** Places in `imports` of `export * from`. */
  readonly stars: number[] = [];
  /** It has a statement or an expression that only ES modules have. */
  isModule = false;
  readonly #source: string;
  readonly #masked: string;
  readonly #top: string;
  readonly #url: string;
  readonly #edits: Edit[] = [];
  #constants: ReadonlySet<string> | undefined;
  #assigned: ReadonlySet<string> | undefined;

  constructor(source: string, url: string) {
    this.#source = source.startsWith('#!') ? `//${source.slice(2)}` : source;
    this.#masked = maskCode(this.#source);
    this.#top = topLevel(this.#masked);
    this.#url = url;
  }

  /** The module's lines. */
  rewrite(): string {
    for (const { index } of this.#masked.matchAll(/(?<![\w$#]|\.\s*)import(?![\w$]|\s*[:=,)}])/g)) this.#import(index);
    for (const { index } of this.#top.matchAll(/(?<![\w$#]|\.\s*)export(?![\w$])/g)) this.#export(index);
    this.#edits.sort((one, other) => one.start - other.start);
    // What is exported by name alone is known when all imports are.
    for (const one of this.exports) {
      const from = this.imported.find(({ local }) => local === one.value);
      if (from !== undefined && one.from === undefined) one.from = from;
    }
    return this.#edited();
  }

  #import(at: number): void {
    const rest = this.#masked.slice(at + 'import'.length);
    const call = /^\s*\(/.exec(rest);
    if (call !== null) {
      const end = endOfPair(this.#masked, at + 'import'.length + call[0].length - 1);
      // `import(x) {` is a method of that name.
      if (!/^\s*\{/.test(this.#masked.slice(end, end + 80))) this.#replace(at, 'import'.length, '$load');
      return;
    }
    const meta = /^\s*\.\s*meta(?![\w$])/.exec(rest);
    if (meta !== null) {
      this.isModule = true;
      this.#replace(at, meta[0].length + 'import'.length, '$meta');
      return;
    }
    if (/^\s*\./.test(rest)) this.#refuse(at, 'a form of import that is not known');
    // Below the top level it can only be a key.
    if (this.#top[at] !== 'i') return;
    const [all, clause = ''] = this.#match(staticImport, at);
    this.#bind(clause.trim(), this.#specifierIn(at, all.length), at);
    this.#blank(at, all.length);
  }

  #export(at: number): void {
    this.isModule = true;
    const from = this.#tryMatch(exportFrom, at);
    if (from !== undefined) {
      this.#reExport(from[1]!.trim(), this.#specifierIn(at, from[0].length), at);
      this.#blank(at, from[0].length);
      return;
    }
    const list = this.#tryMatch(exportList, at);
    if (list !== undefined) {
      for (const [own, name] of this.#namesOf(list[1]!, at)) this.#addExport(name, own, !this.#isFixed(own));
      this.#blank(at, list[0].length);
      return;
    }
    const byDefault = this.#tryMatch(exportDefault, at);
    if (byDefault !== undefined) {
      this.#default(at, byDefault[0].length);
      return;
    }
    const names = this.#tryMatch(exportNames, at);
    if (names !== undefined) {
      const isLive = names[1] !== 'const' && this.#tryMatch(exportEnum, at) === undefined;
      for (const one of declaredNames(this.#masked, at + names[0].length)) this.#addExport(one, one, isLive);
    } else {
      const [, name = ''] = this.#match(exportDeclared, at);
      this.#addExport(name, name, this.#isAssigned(name));
    }
    this.#replace(at, 'export'.length, '      ');
  }

  #addExport(name: string, value: string, isLive: boolean): void {
    this.exports.push({ name, value, isLive });
  }

  #default(at: number, length: number): void {
    const name = declared.exec(this.#masked.slice(at + length))?.[1];
    if (name !== undefined && name !== 'extends') {
      this.#blank(at, length);
      this.#addExport('default', name, this.#isAssigned(name));
    } else {
      this.#replace(at, length, 'const $default =');
      this.#addExport('default', '$default', false);
    }
  }

  #reExport(what: string, specifier: string, at: number): void {
    if (what === '*') {
      this.stars.push(this.#addImport(specifier, ['*']));
      return;
    }
    const whole = /^\*\s*as\s+(\S+)$/.exec(what);
    const names: (readonly [string, string])[] = whole === null ? this.#namesOf(what, at) : [['*', whole[1]!]];
    const place = this.#addImport(
      specifier,
      names.map(([own]) => own),
    );
    for (const [own, name] of names) {
      const value = own === '*' ? `$imports[${place}]` : `$imports[${place}].${own}`;
      this.exports.push({ name, value, isLive: false, from: { local: '', place, name: own } });
    }
  }

  /** The names that an import clause binds. */
  #bind(clause: string, specifier: string, at: number): void {
    this.isModule = true;
    const whole = new RegExp(`\\*\\s*as\\s+(${identifier})`, 'u').exec(clause)?.[1];
    const byDefault = new RegExp(`^(${identifier})\\s*(?:,|$)`, 'u').exec(clause)?.[1];
    const list = /\{[^}]*\}/.exec(clause)?.[0];
    if (clause !== '' && whole === undefined && byDefault === undefined && list === undefined) {
      this.#refuse(at, 'a form of import that is not known');
    }
    const names: (readonly [string, string])[] = list === undefined ? [] : this.#namesOf(list, at);
    if (byDefault !== undefined) names.push(['default', byDefault]);
    if (whole !== undefined) names.push(['*', whole]);
    const place = this.#addImport(
      specifier,
      names.map(([name]) => name),
    );
    for (const [name, local] of names) this.imported.push({ local, place, name });
  }

  #addImport(specifier: string, names: readonly string[]): number {
    return this.imports.push({ specifier, names }) - 1;
  }

  /** Declared once and for all. */
  #isFixed(name: string): boolean {
    this.#constants ??= new Set(
      [...this.#top.matchAll(/(?<![\w$#]|\.\s*)const(?![\w$])/g)].flatMap(({ index, 0: word }) =>
        declaredNames(this.#masked, index + word.length),
      ),
    );
    if (this.#constants.has(name) || this.imported.some(({ local }) => local === name)) return true;
    const declaration = new RegExp(
      `(?<![\\w$#.])(?:function\\s*\\*?|class)\\s*(?<![\\w$])${quoted(name)}(?![\\w$])`,
      'u',
    );
    return declaration.test(this.#top) && !this.#isAssigned(name);
  }

  /** Something may be assigned to it somewhere. */
  #isAssigned(name: string): boolean {
    this.#assigned ??= assignedNames(this.#masked);
    return this.#assigned.has(name);
  }

  /** `{ a, b as c }` → [a, a], [b, c]. */
  #namesOf(list: string, at: number): [string, string][] {
    if (/['"]/.test(list)) this.#refuse(at, 'a string as the name of an import or export');
    const parts = list.slice(1, -1).split(',');
    return parts
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map((part) => {
        const [own = '', name = own] = part.split(/\s+as\s+/);
        return [own, name];
      });
  }

  /** The string at the end of a statement whose masked form has `length`. */
  #specifierIn(at: number, length: number): string {
    const found = /(['"])(\s*)\1(?:\s*with\s*\{[^}]*\})?[ \t]*;?$/.exec(this.#masked.slice(at, at + length));
    if (found === null) this.#refuse(at, 'an import without a module');
    const start = at + found.index + 1;
    return this.#source.slice(start, start + found[2]!.length);
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

function quoted(name: string): string {
  return name.replaceAll('$', '\\$');
}
