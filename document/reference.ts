// sectionLines: a schema as Markdown, a table for each object, so that a reference can't say anything else than the
// checker does.

import { keysOf } from './declare.ts';
import { describe } from './describe.ts';
import type { Key, ObjectType, Shape, Type } from './types.ts';

/** Lines of a page for the key `path`: headings, sentences and tables, its sections after it. */
export function sectionLines(path: string, type: Type, about: string): string[] {
  if (type.kind === 'object') return objectLines(path, type, about);
  if (type.kind === 'map') return mapLines(path, type, about);
  return type.kind === 'list' && type.of.kind === 'either' ? objectLines(`${path}[]`, type.of.long, about) : [];
}

function mapLines(path: string, type: Extract<Type, { kind: 'map' }>, about: string): string[] {
  const sentence = `${about} Names: ${type.nameRule}; at most ${type.maxEntries}.`;
  const name = `${path}.${type.name.toUpperCase()}`;
  if (type.of.kind === 'object') return objectLines(name, type.of, sentence);
  return ['', `## ${name}`, '', sentence, '', `Each is ${describe(type.of)}.`];
}

function objectLines(path: string, type: ObjectType<Shape>, about: string): string[] {
  const keys = keysOf(type.keys);
  const simple = keys.filter(([, key]) => !isSection(key));
  const lines = ['', `## ${path}`, '', about, ''];
  if (simple.length > 0) lines.push('| key | value | default | what | why |', '| --- | --- | --- | --- | --- |');
  for (const [name, key] of simple) {
    const cells = [`\`${name}\``, describe(key.type), defaultOf(key), key.what, key.why];
    lines.push(`| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`);
  }
  const sections = keys.filter(([, key]) => isSection(key));
  return [
    ...lines,
    ...sections.flatMap(([name, key]) => sectionLines(`${path}.${name}`, key.type, `${key.what} ${key.why}`.trim())),
  ];
}

function isSection(key: Key<Type>): boolean {
  return key.presence === 'default' && key.default === undefined;
}

function defaultOf(key: Key<Type>): string {
  if (key.presence === 'required') return 'required';
  return key.otherwise ?? `\`${typeof key.default === 'string' ? key.default : JSON.stringify(key.default)}\``;
}
