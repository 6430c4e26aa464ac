// The JSON form of Avro values: plain JSON as a person would write it. Unions stand unwrapped, a long is a number while
// that is exact and else a string, bytes and fixed are base64, NaN and the infinities are strings. Both directions check
// every value against the schema and name the path of the first that does not fit.

import { isLong, longMax, longMin, narrowLong } from './avro-long.ts';
import { type AvroNode, avroKinds, describeType } from './avro-schema.ts';
import { bodyDepthMax, bodyFault, shown, tooDeep, trail } from './body-fault.ts';

/** A parsed JSON value as a value of the type. Missing fields get their defaults. Throws INVALID_ARGUMENT with the path. */
export function valueFromJson(node: AvroNode, json: unknown): unknown {
  return read(node, json, 0);
}

/** A value of the type as what JSON.stringify takes. Throws INVALID_ARGUMENT with the path. */
export function valueToJson(node: AvroNode, value: unknown): unknown {
  return write(node, value, 0);
}

type Values = { [key: string]: unknown };

function read(node: AvroNode, json: unknown, depth: number): unknown {
  switch (node.kind) {
    case avroKinds.null:
      if (json === null) return null;
      break;
    case avroKinds.boolean:
      if (typeof json === 'boolean') return json;
      break;
    case avroKinds.int:
      if (isInt(json)) return json;
      break;
    case avroKinds.long:
      return readLong(node, json, depth);
    case avroKinds.float:
    case avroKinds.double:
      if (typeof json === 'number') return json;
      if (typeof json === 'string' && notFinite.has(json)) return Number(json);
      break;
    case avroKinds.string:
      if (typeof json === 'string') return json;
      break;
    case avroKinds.bytes:
      return readBytes(node, json, depth);
    case avroKinds.fixed: {
      const bytes = readBytes(node, json, depth);
      if (bytes.length === node.size) return bytes;
      throw bodyFault(depth, `expected ${node.size} bytes for ${describeType(node)}, got ${bytes.length}`);
    }
    case avroKinds.enum:
      if (typeof json === 'string' && node.symbols.includes(json)) return json;
      break;
    case avroKinds.array:
      if (Array.isArray(json)) return readArray(node.items!, json, depth);
      break;
    case avroKinds.map:
      if (isObject(json)) return readMap(node.items!, json, depth);
      break;
    case avroKinds.record:
      if (isObject(json)) return readRecord(node, json, depth);
      break;
    default: {
      const branch = branchOfJson(node, json);
      if (branch !== undefined) return read(branch, json, depth);
    }
  }
  throw unexpected(node, json, depth);
}

function readRecord(node: AvroNode, json: Values, depth: number): unknown {
  if (depth === bodyDepthMax) throw tooDeep();
  const record: Values = {};
  let taken = 0;
  for (const field of node.fields) {
    trail[depth] = field.name;
    // Own keys only: a field may be called `constructor`.
    const item = Object.hasOwn(json, field.name) ? json[field.name] : undefined;
    if (item !== undefined) {
      taken++;
      record[field.name] = read(field.node, item, depth + 1);
    } else if (field.makeDefault !== undefined) {
      if (Object.hasOwn(json, field.name)) taken++;
      record[field.name] = field.makeDefault();
    } else {
      throw bodyFault(depth + 1, `missing; expected ${describeType(field.node)}`);
    }
  }
  const names = Object.keys(json);
  if (taken === names.length) return record;
  const stranger = names.find((name) => !node.fieldByName.has(name))!;
  trail[depth] = stranger;
  throw bodyFault(depth + 1, `${node.name} has no such field; it has ${fieldList(node)}`);
}

function readArray(items: AvroNode, json: readonly unknown[], depth: number): unknown[] {
  if (depth === bodyDepthMax) throw tooDeep();
  return json.map((item, index) => {
    trail[depth] = index;
    return read(items, item, depth + 1);
  });
}

function readMap(values: AvroNode, json: Values, depth: number): Values {
  if (depth === bodyDepthMax) throw tooDeep();
  const map: Values = {};
  for (const key of Object.keys(json)) {
    trail[depth] = key;
    // As a key it would set the prototype of the decoded object.
    if (key === '__proto__') throw bodyFault(depth + 1, 'this map key is not allowed');
    map[key] = read(values, json[key], depth + 1);
  }
  return map;
}

function readLong(node: AvroNode, json: unknown, depth: number): number | bigint {
  if (Number.isSafeInteger(json)) return json as number;
  if (typeof json === 'string' && longPattern.test(json)) {
    const value = BigInt(json);
    if (value >= longMin && value <= longMax) return narrowLong(value);
  }
  if (Number.isInteger(json)) {
    throw bodyFault(depth, `expected long, got ${json}, which JSON numbers don't hold exactly; write it as a string`);
  }
  throw unexpected(node, json, depth);
}

function readBytes(node: AvroNode, json: unknown, depth: number): Buffer {
  if (typeof json !== 'string') throw unexpected(node, json, depth);
  if (json.length % 4 === 0 && base64Pattern.test(json)) return Buffer.from(json, 'base64');
  throw bodyFault(depth, `expected ${describeType(node)} as base64 with padding, got ${shown(json)}`);
}

/** The only branch that JSON of this look can be: schemas with two are refused when they are defined. */
function branchOfJson(node: AvroNode, json: unknown): AvroNode | undefined {
  const look = lookOf(json);
  for (const branch of node.branches) if (jsonLook(branch) === look) return branch;
  // No branch is text: a string may stand for a number that JSON can't hold.
  if (look !== 'string') return undefined;
  return node.branches.find((branch) => jsonLook(branch) === 'number' && branch.kind !== avroKinds.int);
}

function lookOf(json: unknown): string {
  if (json === null) return 'null';
  return Array.isArray(json) ? 'array' : typeof json;
}

function jsonLook(node: AvroNode): string {
  switch (node.kind) {
    case avroKinds.null:
      return 'null';
    case avroKinds.boolean:
      return 'boolean';
    case avroKinds.int:
    case avroKinds.long:
    case avroKinds.float:
    case avroKinds.double:
      return 'number';
    case avroKinds.array:
      return 'array';
    case avroKinds.map:
    case avroKinds.record:
      return 'object';
    default:
      return 'string';
  }
}

function write(node: AvroNode, value: unknown, depth: number): unknown {
  switch (node.kind) {
    case avroKinds.null:
      if (value === null) return null;
      break;
    case avroKinds.boolean:
      if (typeof value === 'boolean') return value;
      break;
    case avroKinds.int:
      if (isInt(value)) return value;
      break;
    case avroKinds.long:
      if (!isLong(value)) break;
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    case avroKinds.float:
    case avroKinds.double:
      if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
      break;
    case avroKinds.string:
      if (typeof value === 'string') return value.isWellFormed() ? value : value.toWellFormed();
      break;
    case avroKinds.bytes:
    case avroKinds.fixed:
      if (value instanceof Uint8Array && (node.kind === avroKinds.bytes || value.length === node.size)) {
        return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
      }
      break;
    case avroKinds.enum:
      if (typeof value === 'string' && node.symbols.includes(value)) return value;
      break;
    case avroKinds.array:
      if (Array.isArray(value)) return writeArray(node.items!, value, depth);
      break;
    case avroKinds.map:
      if (isObject(value)) return writeMap(node.items!, value, depth);
      break;
    case avroKinds.record:
      if (isObject(value)) return writeRecord(node, value, depth);
      break;
    default:
      return writeUnion(node, value, depth);
  }
  throw unexpected(node, value, depth);
}

/** Fields that the schema does not know are left out, as Avro's own form does. */
function writeRecord(node: AvroNode, value: Values, depth: number): Values {
  if (depth === bodyDepthMax) throw tooDeep();
  const json: Values = {};
  for (const field of node.fields) {
    trail[depth] = field.name;
    const item = value[field.name];
    if (item !== undefined) json[field.name] = write(field.node, item, depth + 1);
    else if (field.makeDefault !== undefined) json[field.name] = write(field.node, field.makeDefault(), depth + 1);
    else throw bodyFault(depth + 1, `missing; expected ${describeType(field.node)}`);
  }
  return json;
}

function writeArray(items: AvroNode, value: readonly unknown[], depth: number): unknown[] {
  if (depth === bodyDepthMax) throw tooDeep();
  return value.map((item, index) => {
    trail[depth] = index;
    return write(items, item, depth + 1);
  });
}

function writeMap(values: AvroNode, value: Values, depth: number): Values {
  if (depth === bodyDepthMax) throw tooDeep();
  const json: Values = {};
  for (const key of Object.keys(value)) {
    trail[depth] = key;
    if (key === '__proto__') throw bodyFault(depth + 1, 'this map key is not allowed');
    json[key] = write(values, value[key], depth + 1);
  }
  return json;
}

function writeUnion(node: AvroNode, value: unknown, depth: number): unknown {
  const branch = branchOfValue(node, value);
  if (branch === undefined) throw unexpected(node, value, depth);
  const json = write(branch, value, depth);
  const text = typeof json === 'string' && jsonLook(branch) === 'number';
  if (text && node.branches.some((other) => jsonLook(other) === 'string')) {
    throw bodyFault(depth, `${shown(value)} can't travel as JSON in a union with text: it would be read as text`);
  }
  return json;
}

/** The only branch that a value of this look can be. */
export function branchOfValue(node: AvroNode, value: unknown): AvroNode | undefined {
  const look = value instanceof Uint8Array ? 'string' : typeof value === 'bigint' ? 'number' : lookOf(value);
  return node.branches.find((branch) => jsonLook(branch) === look);
}

function unexpected(node: AvroNode, value: unknown, depth: number): Error {
  const symbols = node.kind === avroKinds.enum ? ` (one of ${bounded(node.symbols)})` : '';
  return bodyFault(depth, `expected ${describeType(node)}${symbols}, got ${shown(value)}`);
}

function fieldList(node: AvroNode): string {
  return node.fields.length === 0 ? 'no fields' : bounded(node.fields.map((field) => field.name));
}

function bounded(names: readonly string[]): string {
  return names.length > namesShownMax ? `${names.slice(0, namesShownMax).join(', ')}, …` : names.join(', ');
}

function isInt(value: unknown): value is number {
  return typeof value === 'number' && (value | 0) === value;
}

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** Names listed in one error. */
const namesShownMax = 20;
const longPattern = /^-?(0|[1-9][0-9]{0,18})$/;
const base64Pattern = /^[A-Za-z0-9+/]*={0,2}$/;
const notFinite: ReadonlySet<string> = new Set(['NaN', 'Infinity', '-Infinity']);
