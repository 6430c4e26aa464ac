// Reads the declarations that tsc writes (dist/**/*.d.ts), for build/api-reference.ts. tsc writes them in one regular form:
// every statement starts at the start of a line and ends with `;` or with the `}` of its body. What does not fit throws.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';

/** A statement of a file, or a member of a body. */
interface Piece {
  /** Its docstring as Markdown; '': it has none. */
  doc: string;
  text: string;
}

/** One declaration. Overloads of a function are several of the same name. */
export interface Declaration extends Piece {
  name: string;
  kind: string;
  /** Path of the source: `runtime/call.ts`. */
  source: string;
  exported: boolean;
}

/** Comments, strings and templates, which brackets do not count in, and what matters outside of them. */
const token = /\/\*[\s\S]*?\*\/|\/\/.*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`|[()[\]{};]/g;

/** Cuts text into what stands one after the other in it, each with the docstring before it. */
function pieces(text: string, isBlock: (statement: string) => boolean): Piece[] {
  const found: Piece[] = [];
  let depth = 0;
  let start = 0;
  let doc = '';
  for (const { 0: word, index } of text.matchAll(token)) {
    const end = index + word.length;
    if (/^[([{]$/.test(word)) depth++;
    else if (/^[)\]}]$/.test(word)) depth--;
    else if (word.startsWith('/') && text.slice(start, index).trim() === '') {
      doc = word.startsWith('/**') ? word : '';
      start = end;
    }
    const statement = text.slice(start, end);
    if (depth > 0 || !(word === ';' || (word === '}' && isBlock(statement)))) continue;
    if (statement.trim() !== ';') found.push({ doc: markdownOf(doc), text: statement.trim() });
    start = end;
    doc = '';
  }
  if (text.slice(start).trim() !== '') throw new Error(`A declaration without an end: ${text.slice(start).trim()}`);
  return found;
}

/** `/** a docstring *\/` without its stars. */
function markdownOf(comment: string): string {
  const lines = comment.replace(/^\/\*\*|\*\/$/g, '').split('\n');
  return lines
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
    .join('\n')
    .trim();
}

const head = /^(export )?(?:declare )?(?:abstract )?(interface|class|function|const|type) ([\w$]+)/;
const body = /^(?:export )?(?:declare )?(?:abstract )?(?:interface|class) /;
const elsewhere = /^import [^;]+;$|^export (?:type )?\{[^}]*\}(?: from '[^']+')?;$/;

/** The declarations of one file, in order. `folder` is that of the build, `source` a path in it: `runtime/call.ts`. */
export function declarationsOf(folder: string, source: string): Declaration[] {
  const text = readFileSync(join(folder, source.replace(/\.ts$/, '.d.ts')), 'utf8');
  const statements = pieces(text, (statement) => body.test(statement.trim()));
  return statements.flatMap((statement) => {
    if (elsewhere.test(statement.text)) return [];
    const [, exported, kind, name] = head.exec(statement.text) ?? [];
    if (kind === undefined || name === undefined) throw new Error(`${source}: not understood: ${statement.text}`);
    return { ...statement, name, kind, source, exported: exported !== undefined };
  });
}

/** Private, or under a symbol of the module: nobody outside can name it. `[Symbol.dispose]()` can be named. */
const hidden = /^(?:#|private )|^(?:(?:static|readonly|get|set) )*\[[a-z]\w*\]/;

/** The declaration as people read it: without `export declare`, hidden members, and with two spaces of indentation. */
export function readable({ text }: Declaration): string {
  const code = text.replace(/^(?:export )?(?:declare )?/, '');
  const open = /^(?:abstract )?(?:interface|class) [^\n]*\{\n/.exec(code)?.[0];
  if (open === undefined) return narrow(code);
  const members = code.slice(open.length, -1).trimEnd();
  const kept = pieces(members, () => false).filter((member) => !hidden.test(member.text));
  const lines = kept.map((member) => `${comment(member.doc)}    ${member.text}\n`);
  return narrow(`${open}${lines.join('')}}`);
}

function comment(doc: string): string {
  if (doc === '') return '';
  if (!doc.includes('\n')) return `    /** ${doc} */\n`;
  return `    /**\n${doc.replace(/^/gm, '     * ').replace(/ +$/gm, '')}\n     */\n`;
}

/** tsc indents by four. */
function narrow(code: string): string {
  return code.replace(/^(?: {4})+/gm, (spaces) => ' '.repeat(spaces.length / 2));
}

/** An export of an entry: its name, and the source that declares it. */
export interface Exported {
  name: string;
  source: string;
}

/** Which file declares what this one calls `name`: itself, or where it has it from. Undefined: neither, so no source of ours. */
export function sourceOf(folder: string, source: string, name: string): string | undefined {
  if (declarationsOf(folder, source).some((one) => one.name === name)) return source;
  const text = readFileSync(join(folder, source.replace(/\.ts$/, '.d.ts')), 'utf8');
  for (const [, names, path] of text.matchAll(/^(?:import|export) (?:type )?(\{[^}]*\}) from '(\.[^']+)';$/gm)) {
    if (namesIn(names!).includes(name)) return sourceOf(folder, join(dirname(source), path!), name);
  }
  return undefined;
}

/** `{ type A, b }` → A, b. */
function namesIn(list: string): string[] {
  const names = list.slice(1, -1).split(',');
  return names.map((name) => name.trim().replace(/^type /, '')).filter((name) => name !== '');
}

/** What an entry (`index.ts`) exports: it has re-exports alone. */
export function exportsOf(folder: string, entry: string): Exported[] {
  const text = readFileSync(join(folder, entry.replace(/\.ts$/, '.d.ts')), 'utf8');
  return pieces(text, () => false).flatMap((statement) => {
    const [, typeOnly, names, path] = /^export (type )?(\*|\{[^}]*\}) from '\.\/([^']+)';$/.exec(statement.text) ?? [];
    if (names === undefined || path === undefined) throw new Error(`${entry}: not understood: ${statement.text}`);
    if (names === '*') {
      const all = declarationsOf(folder, path).filter(({ exported }) => exported);
      // Of `export type *` no value is had.
      const had = all.filter(({ kind }) => typeOnly === undefined || !/^(?:function|const)$/.test(kind));
      return had.map(({ name }) => ({ name, source: path }));
    }
    return namesIn(names).map((name) => {
      const source = sourceOf(folder, path, name);
      if (source === undefined) throw new Error(`${path} does not declare ${name}`);
      return { name, source };
    });
  });
}
