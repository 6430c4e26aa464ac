// defaultsYaml: a heddle.yaml with every key, its default and what it is, for `heddle config --defaults`. What has no
// fixed default, and entries whose names only the user knows, stand in comments.

import { keysOf } from '../document/declare.ts';
import type { Default, Key, MapType, ObjectType, Shape, Type } from '../document/types.ts';
import { schema } from './schema.ts';

/** The text; it parses, and lacks nothing but services. Taking one `# ` from its comment blocks makes them examples. */
export function defaultsYaml(): string {
  const lines = ['# heddle.yaml with all defaults. Write down only what differs; `heddle check` finds mistakes.'];
  for (const [name, key] of keysOf(schema.keys)) lines.push('', ...topLines(name, key));
  return `${lines.join('\n')}\n`;
}

/** An entry of a list that would be there is somebody's own, so it is an example. */
function topLines(name: string, key: Key<Type>): string[] {
  if (key.type.kind !== 'list') return keyLines(name, key);
  return [`# ${key.what}`, ...valueLines(name, key).map((line) => `# ${line}`)];
}

function objectLines(type: ObjectType<Shape>): string[] {
  const needed = type.oneOf?.[0];
  return keysOf(type.keys).flatMap(([name, key]) => {
    // One of them has to be there, though none has a default.
    return name === needed ? [`# ${key.what}`, `${name}: ${exampleOf(key.type)}`] : keyLines(name, key);
  });
}

function keyLines(name: string, key: Key<Type>): string[] {
  return [`# ${key.what}`, ...valueLines(name, key)];
}

function valueLines(name: string, key: Key<Type>): string[] {
  const { type } = key;
  if (key.default !== undefined) return [`${name}: ${written(key.default)}`];
  if (key.presence === 'otherwise') return [`# ${name}:  # default: ${key.otherwise}`];
  if (type.kind === 'object') return [`${name}:`, ...indented(objectLines(type))];
  if (type.kind === 'map') return mapLines(name, type);
  if (type.kind === 'list') return [`${name}:`, ...indented(itemLines(type.of))];
  return [`${name}: ${exampleOf(type)}  # required`];
}

function mapLines(name: string, type: MapType<Type>): string[] {
  const builtIn = type.builtIn?.[0];
  const entry = builtIn ?? type.example;
  const value =
    type.of.kind === 'object' ? [`${entry}:`, ...indented(objectLines(type.of))] : [`${entry}: ${exampleOf(type.of)}`];
  const lines = [`${name}:`, ...indented(value)];
  return builtIn === undefined ? lines.map((line) => `# ${line}`) : lines;
}

function itemLines(type: Type): string[] {
  if (type.kind !== 'either') return [`- ${exampleOf(type)}`];
  const [first = '', ...rest] = keysOf(type.long.keys).flatMap(([name, key]) => valueLines(name, key));
  return [`- ${first}`, ...indented(rest)];
}

function exampleOf(type: Type): string {
  if (type.kind === 'text') return type.example;
  if (type.kind === 'integer' || type.kind === 'number') return String(Math.max(type.min, Math.min(type.max, 10)));
  if (type.kind === 'duration') return type.max;
  return type.kind === 'choice' ? (type.words[1] ?? '') : '';
}

function written(value: Default): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
