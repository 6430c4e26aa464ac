// sectionLines: a schema as Markdown, a table for each object, so that a reference can't say anything else than the
// checker does.

import { keysOf } from './declare.ts';
import { describe } from './describe.ts';
import type { Key, ListType, MapType, ObjectType, Shape, Type } from './types.ts';

/** Objects that have a section, by where it is: one that stands at several places is described once. */
export type Described = Map<Type, string>;

/** A column that a page has beside those of the schema. */
export interface Column {
  title: string;
  /** Its cell for a key: `pools.POOL.threads`. */
  of(path: string): string;
}

/** Lines of a page for the key `path`: headings, sentences and tables, its sections after it. */
export function sectionLines(
  path: string,
  type: Type,
  about: string,
  described: Described = new Map(),
  column?: Column,
): string[] {
  switch (type.kind) {
    case 'object':
      return objectLines(path, type, about, described, column);
    case 'either':
      return objectLines(path, type.long, about, described, column);
    case 'map':
      return mapLines(path, type, about, described, column);
    case 'list':
      return hasSection(type.of) ? sectionLines(`${path}[]`, type.of, about, described, column) : [];
    default:
      return [];
  }
}

function mapLines(path: string, type: MapType<Type>, about: string, described: Described, column?: Column): string[] {
  const sentence = `${about} Names: ${type.nameRule}; at most ${type.maxEntries}.`;
  const name = `${path}.${type.name.toUpperCase()}`;
  if (hasSection(type.of)) return sectionLines(name, type.of, sentence, described, column);
  return ['', `## ${name}`, '', sentence, '', `Each is ${describe(type.of)}.${columnSentence(name, column)}`];
}

/** The whole schema has no path; its own keys come first. */
function objectLines(
  path: string,
  type: ObjectType<Shape>,
  about: string,
  described: Described,
  column?: Column,
): string[] {
  const lines = ['', `## ${path === '' ? 'Keys' : path}`, '', about];
  const elsewhere = described.get(type);
  if (elsewhere !== undefined) return [...lines, '', `The keys are those of \`${elsewhere}\`.`];
  described.set(type, path);
  const keys = keysOf(type.keys);
  const simple = keys.filter(([, key]) => !isOnlySection(key));
  const titles = ['key', 'value', 'default', 'what', 'why', ...(column === undefined ? [] : [column.title])];
  if (simple.length > 0) lines.push('', `| ${titles.join(' | ')} |`, `|${' --- |'.repeat(titles.length)}`);
  for (const [name, key] of simple) {
    const cells = [`\`${name}\``, cellOf(key.type), defaultOf(key), key.what, key.why];
    if (column !== undefined) cells.push(column.of(path === '' ? name : `${path}.${name}`));
    lines.push(`| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`);
  }
  const sections = keys.flatMap(([name, key]) => {
    const inner = path === '' ? name : `${path}.${name}`;
    return sectionLines(inner, key.type, `${key.what} ${key.why}`.trim(), described, column);
  });
  return [...lines, ...sections];
}

/** The cell of a key that stands in no table. */
export function columnSentence(path: string, column: Column | undefined): string {
  return column === undefined ? '' : ` ${column.title[0]!.toUpperCase()}${column.title.slice(1)}: ${column.of(path)}.`;
}

/** Whether a type has keys or names, which a table of its own tells. */
function hasSection(type: Type): boolean {
  if (type.kind === 'list') return hasSection(type.of);
  return type.kind === 'object' || type.kind === 'map' || type.kind === 'either';
}

/** Of a key without a default that could be written: there is nothing to say beside its section. */
function isOnlySection(key: Key<Type>): boolean {
  return key.presence === 'default' && key.default === undefined && hasSection(key.type);
}

function cellOf(type: Type): string {
  if (type.kind === 'list') return listOf(type);
  return type.kind === 'object' ? 'a map, see below' : withMap(type);
}

function listOf({ of, maxItems, orOne }: ListType<Type>): string {
  if (orOne) return `${withMap(of)}, or a list of at most ${maxItems} such`;
  if (of.kind === 'object' || of.kind === 'map') return `a list of maps, see below, at most ${maxItems}`;
  return `a list, each ${withMap(of)}; at most ${maxItems}`;
}

function withMap(type: Type): string {
  if (type.kind !== 'either') return describe(type);
  const short = describe(type);
  return /\bmap\b|\{/.test(short) ? short : `${short}, or a map, see below`;
}

function defaultOf(key: Key<Type>): string {
  if (key.presence === 'required') return 'required';
  if (key.otherwise !== undefined) return key.otherwise;
  if (key.default === undefined) return 'none';
  return `\`${typeof key.default === 'string' ? key.default : JSON.stringify(key.default)}\``;
}
