// sectionLines: a schema as Markdown, a table for each object, so that a reference can't say anything else than the
// checker does.

import { keysOf } from './declare.ts';
import { describe } from './describe.ts';
import type { Key, ListType, MapType, ObjectType, Shape, Type } from './types.ts';

/** Objects that have a section, by where it is: one that stands at several places is described once. */
export type Described = Map<Type, string>;

/** Lines of a page for the key `path`: headings, sentences and tables, its sections after it. */
export function sectionLines(path: string, type: Type, about: string, described: Described = new Map()): string[] {
  switch (type.kind) {
    case 'object':
      return objectLines(path, type, about, described);
    case 'either':
      return objectLines(path, type.long, about, described);
    case 'map':
      return mapLines(path, type, about, described);
    case 'list':
      return hasSection(type.of) ? sectionLines(`${path}[]`, type.of, about, described) : [];
    default:
      return [];
  }
}

function mapLines(path: string, type: MapType<Type>, about: string, described: Described): string[] {
  const sentence = `${about} Names: ${type.nameRule}; at most ${type.maxEntries}.`;
  const name = `${path}.${type.name.toUpperCase()}`;
  if (hasSection(type.of)) return sectionLines(name, type.of, sentence, described);
  return ['', `## ${name}`, '', sentence, '', `Each is ${describe(type.of)}.`];
}

/** The whole schema has no path; its own keys come first. */
function objectLines(path: string, type: ObjectType<Shape>, about: string, described: Described): string[] {
  const lines = ['', `## ${path === '' ? 'Keys' : path}`, '', about];
  const elsewhere = described.get(type);
  if (elsewhere !== undefined) return [...lines, '', `The keys are those of \`${elsewhere}\`.`];
  described.set(type, path);
  const keys = keysOf(type.keys);
  const simple = keys.filter(([, key]) => !isOnlySection(key));
  if (simple.length > 0) lines.push('', '| key | value | default | what | why |', '| --- | --- | --- | --- | --- |');
  for (const [name, key] of simple) {
    const cells = [`\`${name}\``, cellOf(key.type), defaultOf(key), key.what, key.why];
    lines.push(`| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`);
  }
  const sections = keys.flatMap(([name, key]) => {
    const inner = path === '' ? name : `${path}.${name}`;
    return sectionLines(inner, key.type, `${key.what} ${key.why}`.trim(), described);
  });
  return [...lines, ...sections];
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
