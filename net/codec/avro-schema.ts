// Avro schemas as a tree of nodes: names resolved, every rule checked once, so that the walkers behind it (guard, JSON
// form, projection, canonical text) trust what they see. Read when a contract is defined, and from the wire when a caller
// brings a schema of its own: nothing here may take a stranger's word.

import { HeddleError } from '../../runtime/errors.ts';
import { shown } from './body-fault.ts';

/** Avro's types as numbers: one `switch` over small integers in each walker. */
export const avroKinds = {
  null: 0,
  boolean: 1,
  int: 2,
  long: 3,
  float: 4,
  double: 5,
  string: 6,
  bytes: 7,
  fixed: 8,
  enum: 9,
  array: 10,
  map: 11,
  record: 12,
  union: 13,
} as const;

export type AvroTypeName = keyof typeof avroKinds;

/** One type. All kinds have one shape, so that walkers stay monomorphic; what a kind lacks is empty. */
export interface AvroNode {
  readonly kind: number;
  readonly typeName: AvroTypeName;
  /** Full name of a record, enum or fixed, with its namespace; else ''. */
  readonly name: string;
  /** Full names, of a record, enum or fixed. */
  readonly aliases: readonly string[];
  /** Of a record. */
  readonly fields: readonly AvroField[];
  readonly fieldByName: ReadonlyMap<string, AvroField>;
  /** Of an enum. */
  readonly symbols: readonly string[];
  readonly defaultSymbol: string | undefined;
  /** Bytes of a fixed. */
  readonly size: number;
  /** Of an array; of a map its values. */
  readonly items: AvroNode | undefined;
  /** Of a union. */
  readonly branches: readonly AvroNode[];
}

export interface AvroField {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly node: AvroNode;
  /** As written in the schema; undefined: none. */
  readonly defaultJson: unknown;
  /** A fresh copy of the default as a value; set by AvroType, which has avsc read it. Undefined: none. */
  makeDefault: (() => unknown) | undefined;
}

/** Levels of types within types in one schema, and of values in one default. */
export const schemaDepthMax = 32;
/** Types in one schema, each use counted. */
export const schemaTypesMax = 4096;

/** Reads a schema as Avro writes it in JSON. Throws INVALID_ARGUMENT naming the place in the schema and what to do. */
export function parseAvroSchema(schema: unknown): AvroNode {
  const names: Names = { defined: new Map(), types: 0 };
  return parse(schema, '', 'schema', names, 0);
}

/** How an error names a type: `int`, `enum demo.Genre`, `array of string`, `null | string`. */
export function describeType(node: AvroNode): string {
  if (node.name !== '') return `${node.typeName} ${node.name}`;
  if (node.items !== undefined) return `${node.typeName} of ${describeType(node.items)}`;
  if (node.kind === avroKinds.union) return node.branches.map(describeType).join(' | ');
  return node.typeName;
}

interface Names {
  readonly defined: Map<string, { node: AvroNode; source: unknown }>;
  types: number;
}

type Draft = { -readonly [Key in keyof AvroNode]: AvroNode[Key] };
type SchemaObject = { readonly [key: string]: unknown };

const namePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;
const fullNamePattern = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;
const primitives: ReadonlySet<string> = new Set<AvroTypeName>([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'string',
  'bytes',
]);
const noFields: ReadonlyMap<string, AvroField> = new Map();

function parse(schema: unknown, namespace: string, at: string, names: Names, depth: number): AvroNode {
  if (depth > schemaDepthMax) throw wrong(at, `types are nested deeper than ${schemaDepthMax} levels`);
  if (++names.types > schemaTypesMax) throw wrong(at, `the schema has more than ${schemaTypesMax} types`);
  if (typeof schema === 'string') return reference(schema, namespace, at, names);
  if (Array.isArray(schema)) return parseUnion(schema, namespace, at, names, depth);
  if (!isObject(schema)) throw wrong(at, `expected a type name, an object or a union, got ${shown(schema)}`);
  switch (schema.type) {
    case 'record':
    case 'error':
      return parseRecord(schema, namespace, at, names, depth);
    case 'enum':
      return parseEnum(schema, namespace, at, names);
    case 'fixed':
      return parseFixed(schema, namespace, at, names);
    case 'array':
      return { ...draft('array'), items: parse(schema.items, namespace, `${at}.items`, names, depth + 1) };
    case 'map':
      return { ...draft('map'), items: parse(schema.values, namespace, `${at}.values`, names, depth + 1) };
  }
  // A logical type is read as its base: { type: 'long', logicalType: 'timestamp-millis' }.
  if (typeof schema.type === 'string') return reference(schema.type, namespace, `${at}.type`, names);
  throw wrong(`${at}.type`, `expected the name of a type, got ${shown(schema.type)}`);
}

function reference(name: string, namespace: string, at: string, names: Names): AvroNode {
  if (primitives.has(name)) return draft(name as AvroTypeName);
  const found = names.defined.get(qualified(name, namespace));
  if (found !== undefined) return found.node;
  throw wrong(at, `no type is named ${shown(name)}; define it before its first use`);
}

function parseUnion(
  branches: readonly unknown[],
  namespace: string,
  at: string,
  names: Names,
  depth: number,
): AvroNode {
  if (branches.length === 0) throw wrong(at, 'a union needs at least one branch');
  const nodes: AvroNode[] = [];
  const taken = new Map<string, AvroNode>();
  for (const [index, branch] of branches.entries()) {
    const node = parse(branch, namespace, `${at}[${index}]`, names, depth + 1);
    if (node.kind === avroKinds.union) throw wrong(`${at}[${index}]`, 'a union may not hold a union; merge them');
    // Strings and bytes differ as values but not as JSON, where bytes are base64.
    for (const look of unionLooks[node.typeName]) {
      const other = taken.get(look);
      if (other !== undefined) throw ambiguous(at, other, node);
      taken.set(look, node);
    }
    nodes.push(node);
  }
  return { ...draft('union'), branches: nodes };
}

/** What a value of a type looks like without its type's name; two branches that share a look can't be told apart. */
const unionLooks: Record<AvroTypeName, readonly string[]> = {
  null: ['null'],
  boolean: ['boolean'],
  int: ['number'],
  long: ['number'],
  float: ['number'],
  double: ['number'],
  string: ['text'],
  enum: ['text'],
  bytes: ['text'],
  fixed: ['text'],
  array: ['array'],
  map: ['object'],
  record: ['object'],
  union: [],
};

function ambiguous(at: string, one: AvroNode, other: AvroNode): HeddleError {
  const numbers = unionLooks[one.typeName][0] === 'number';
  const advice = numbers
    ? 'keep the wider one'
    : 'use a record with one optional field per case (fields of type ["null", …] with default null)';
  return wrong(
    at,
    `the union is ambiguous: a value of ${describeType(one)} can't be told from one of ${describeType(other)}; ${advice}`,
  );
}

function parseRecord(schema: SchemaObject, namespace: string, at: string, names: Names, depth: number): AvroNode {
  const known = definedBefore(schema, namespace, at, names);
  if (known !== undefined) return known;
  const node = define('record', schema, namespace, at, names);
  if (!Array.isArray(schema.fields)) throw wrong(`${at}.fields`, 'expected a list of fields');
  const inner = namespaceOf(node.name);
  const fields: AvroField[] = [];
  const fieldByName = new Map<string, AvroField>();
  for (const [index, source] of schema.fields.entries()) {
    const field = parseField(source, inner, `${at}.fields[${index}]`, names, depth);
    if (fieldByName.has(field.name)) throw wrong(`${at}.fields[${index}]`, `there are two fields ${field.name}`);
    fieldByName.set(field.name, field);
    fields.push(field);
  }
  node.fields = fields;
  node.fieldByName = fieldByName;
  return node;
}

function parseField(source: unknown, namespace: string, at: string, names: Names, depth: number): AvroField {
  if (!isObject(source)) throw wrong(at, 'expected an object with name and type');
  const { name } = source;
  // `__proto__` would set the prototype of a value instead of a field.
  if (typeof name !== 'string' || !namePattern.test(name) || name === '__proto__') {
    throw wrong(`${at}.name`, `${shown(name)} is no field name; use letters, digits and _`);
  }
  const aliases = nameList(source.aliases, namePattern, `${at}.aliases`);
  const node = parse(source.type, namespace, `${at}.type`, names, depth + 1);
  return { name, aliases, node, defaultJson: source.default, makeDefault: undefined };
}

function parseEnum(schema: SchemaObject, namespace: string, at: string, names: Names): AvroNode {
  const known = definedBefore(schema, namespace, at, names);
  if (known !== undefined) return known;
  const node = define('enum', schema, namespace, at, names);
  const symbols = nameList(schema.symbols, namePattern, `${at}.symbols`);
  if (symbols.length === 0) throw wrong(`${at}.symbols`, 'an enum needs at least one symbol');
  if (new Set(symbols).size !== symbols.length) throw wrong(`${at}.symbols`, 'a symbol stands there twice');
  const defaultSymbol = schema.default;
  if (defaultSymbol !== undefined && !(typeof defaultSymbol === 'string' && symbols.includes(defaultSymbol))) {
    throw wrong(`${at}.default`, `${shown(defaultSymbol)} is none of the symbols`);
  }
  node.symbols = symbols;
  node.defaultSymbol = defaultSymbol;
  return node;
}

function parseFixed(schema: SchemaObject, namespace: string, at: string, names: Names): AvroNode {
  const known = definedBefore(schema, namespace, at, names);
  if (known !== undefined) return known;
  const node = define('fixed', schema, namespace, at, names);
  const { size } = schema;
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 1 || size > 2 ** 31 - 1) {
    throw wrong(`${at}.size`, `expected a number of bytes from 1 to 2^31 - 1, got ${shown(size)}`);
  }
  node.size = size;
  return node;
}

/** A type that is written out a second time, word for word, is a reference: one constant may serve in many places. */
function definedBefore(schema: SchemaObject, namespace: string, at: string, names: Names): AvroNode | undefined {
  const name = fullName(schema, namespace, at);
  const known = names.defined.get(name);
  if (known === undefined) return undefined;
  if (known.source === schema || JSON.stringify(known.source) === JSON.stringify(schema)) return known.node;
  throw wrong(at, `${name} is defined twice, differently; give one of them another name`);
}

/** Enters the name before the type is complete, so that a record may hold itself. */
function define(typeName: AvroTypeName, schema: SchemaObject, namespace: string, at: string, names: Names): Draft {
  const name = fullName(schema, namespace, at);
  const aliases = nameList(schema.aliases, fullNamePattern, `${at}.aliases`);
  const node: Draft = {
    ...draft(typeName),
    name,
    aliases: aliases.map((alias) => qualified(alias, namespaceOf(name))),
  };
  names.defined.set(name, { node, source: schema });
  return node;
}

function fullName(schema: SchemaObject, namespace: string, at: string): string {
  const { name } = schema;
  if (typeof name !== 'string' || !fullNamePattern.test(name) || primitives.has(name)) {
    throw wrong(`${at}.name`, `${shown(name)} is no type name; use letters, digits, _ and dots between`);
  }
  if (name.includes('.') || schema.namespace === undefined) return qualified(name, namespace);
  if (schema.namespace === '') return name;
  if (typeof schema.namespace !== 'string' || !fullNamePattern.test(schema.namespace)) {
    throw wrong(`${at}.namespace`, `${shown(schema.namespace)} is no namespace`);
  }
  return `${schema.namespace}.${name}`;
}

function nameList(source: unknown, pattern: RegExp, at: string): string[] {
  if (source === undefined) return [];
  if (!Array.isArray(source)) throw wrong(at, 'expected a list of names');
  for (const [index, name] of source.entries()) {
    if (typeof name !== 'string' || !pattern.test(name)) {
      throw wrong(`${at}[${index}]`, `${shown(name)} is no name; use letters, digits and _`);
    }
  }
  return source;
}

function qualified(name: string, namespace: string): string {
  return namespace === '' || name.includes('.') ? name : `${namespace}.${name}`;
}

function namespaceOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('.')));
}

function draft(typeName: AvroTypeName): Draft {
  return {
    kind: avroKinds[typeName],
    typeName,
    name: '',
    aliases: [],
    fields: [],
    fieldByName: noFields,
    symbols: [],
    defaultSymbol: undefined,
    size: 0,
    items: undefined,
    branches: [],
  };
}

function isObject(value: unknown): value is SchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrong(at: string, what: string): HeddleError {
  return new HeddleError('INVALID_ARGUMENT', `Avro ${at}: ${what}`);
}
