// query: reads the text of query parameters as a method's request schema wants it: `limit=5` is a number where the schema
// has one and text where it has text (a film may be called 300). Used by the codecs on the fiber's thread, for bodies
// that carry the mark of query-mark.ts. What does not fit stays text, and the codec says so in its own words.

import { type AvroNode, avroKinds } from './avro-schema.ts';

/** What the text of one parameter may stand for; more than one when the schema leaves a choice. Text wins over the rest. */
export interface ParameterShape {
  text: boolean;
  number: boolean;
  /** Integers past 2^53 stay text, which the codec reads exactly. */
  long: boolean;
  boolean: boolean;
  null: boolean;
  /** A record, a map or something deeper: written as JSON. */
  json: boolean;
  /** A list: the parameter is repeated, or written as a JSON array. */
  items: ParameterShape | undefined;
}

/** The parameters of a method. */
export interface QueryShape {
  readonly fields: ReadonlyMap<string, ParameterShape>;
  /** Of parameters that `fields` does not name. */
  readonly rest: ParameterShape | undefined;
  /** The method takes nothing: no parameters stand for null. */
  readonly isNull: boolean;
}

/** `json` is the parsed body of a query: an object of strings and arrays of strings. Returns it with its values read. */
export function readQuery(shape: QueryShape, json: unknown): unknown {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return json;
  const entries = Object.entries(json);
  if (shape.isNull && entries.length === 0) return null;
  return Object.fromEntries(
    entries.map(([name, value]) => {
      const parameter = shape.fields.get(name) ?? shape.rest;
      return [name, parameter === undefined ? value : readParameter(parameter, value)];
    }),
  );
}

function readParameter(shape: ParameterShape, value: unknown): unknown {
  const { items } = shape;
  if (Array.isArray(value)) return items === undefined ? value : value.map((item) => readParameter(items, item));
  if (typeof value !== 'string') return value;
  if (items !== undefined) return value.startsWith('[') ? parsed(value) : [readParameter(items, value)];
  return shape.text ? value : readText(shape, value);
}

function readText(shape: ParameterShape, text: string): unknown {
  if (shape.number && numberPattern.test(text)) {
    const value = Number(text);
    return shape.long && !Number.isSafeInteger(value) ? text : value;
  }
  if (shape.boolean && (text === 'true' || text === 'false')) return text === 'true';
  if (shape.null && (text === 'null' || text === '')) return null;
  return shape.json ? parsed(text) : text;
}

const numberPattern = /^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The shape of an Avro request. Made once per method. */
export function queryShapeOfAvro(node: AvroNode): QueryShape {
  const fields = new Map<string, ParameterShape>();
  let rest: ParameterShape | undefined;
  let isNull = false;
  for (const branch of node.kind === avroKinds.union ? node.branches : [node]) {
    for (const field of branch.fields) fields.set(field.name, avroParameter(field.node));
    if (branch.kind === avroKinds.map) rest = avroParameter(branch.items!);
    if (branch.kind === avroKinds.null) isNull = true;
  }
  return { fields, rest, isNull };
}

function avroParameter(node: AvroNode): ParameterShape {
  const shape = emptyShape();
  for (const branch of node.kind === avroKinds.union ? node.branches : [node]) {
    const { typeName } = branch;
    if (typeName === 'null' || typeName === 'boolean') shape[typeName] = true;
    else if (typeName === 'array') shape.items = avroItems(branch.items!);
    else if (typeName === 'record' || typeName === 'map') shape.json = true;
    else if (branch.kind <= avroKinds.double) shape.number = true;
    else shape.text = true;
    if (typeName === 'long') shape.long = true;
  }
  return shape;
}

// Lists in lists have no form of their own in a query. This also ends the walk of a type that contains itself.
function avroItems(node: AvroNode): ParameterShape {
  return node.kind === avroKinds.array ? { ...emptyShape(), json: true } : avroParameter(node);
}

/** The shape of a request with a JSON Schema (zod: `schema.toJSONSchema({ io: 'input' })`). Made once per method. */
export function queryShapeOfJsonSchema(schema: JsonSchema): QueryShape {
  const fields = new Map<string, ParameterShape>();
  let rest: ParameterShape | undefined;
  for (const part of alternatives(schema, schema)) {
    for (const [name, property] of Object.entries(part.properties ?? {})) {
      fields.set(name, jsonParameter(property, schema));
    }
    if (typeof part.additionalProperties === 'object') rest = jsonParameter(part.additionalProperties, schema);
  }
  return { fields, rest, isNull: false };
}

/** The part of JSON Schema that is looked at; anything else is left to the codec. */
export interface JsonSchema {
  type?: string | readonly string[];
  properties?: Record<string, JsonSchema | boolean>;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema | boolean | readonly JsonSchema[];
  anyOf?: readonly JsonSchema[];
  oneOf?: readonly JsonSchema[];
  allOf?: readonly JsonSchema[];
  enum?: readonly unknown[];
  const?: unknown;
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
}

function jsonParameter(schema: JsonSchema | boolean, root: JsonSchema): ParameterShape {
  const shape = emptyShape();
  for (const part of typeof schema === 'boolean' ? [] : alternatives(schema, root)) {
    for (const type of typesOf(part)) {
      if (type === 'array') shape.items = jsonItems(part, root);
      else if (type === 'object') shape.json = true;
      else if (type === 'number' || type === 'integer') shape.number = true;
      else if (type === 'boolean' || type === 'null') shape[type] = true;
      else shape.text = true;
    }
  }
  return shape;
}

function jsonItems(schema: JsonSchema, root: JsonSchema): ParameterShape {
  const { items } = schema;
  if (typeof items !== 'object' || Array.isArray(items)) return { ...emptyShape(), text: true };
  const isList = alternatives(items as JsonSchema, root).some((part) => typesOf(part).includes('array'));
  return isList ? { ...emptyShape(), json: true } : jsonParameter(items as JsonSchema, root);
}

function typesOf(schema: JsonSchema): readonly string[] {
  if (schema.type !== undefined) return typeof schema.type === 'string' ? [schema.type] : schema.type;
  const values = schema.const !== undefined ? [schema.const] : (schema.enum ?? ['']);
  return values.map((value) => (value === null ? 'null' : typeof value));
}

/** Alternatives within alternatives that are followed. */
const alternativesDepthMax = 16;

function alternatives(schema: JsonSchema, root: JsonSchema, depth = 0): JsonSchema[] {
  if (depth === alternativesDepthMax) return [];
  if (schema.$ref !== undefined) {
    const target = schema.$ref === '#' ? root : root.$defs?.[schema.$ref.replace('#/$defs/', '')];
    return target === undefined ? [] : alternatives(target, root, depth + 1);
  }
  const parts = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return parts.length === 0 ? [schema] : parts.flatMap((part) => alternatives(part, root, depth + 1));
}

function emptyShape(): ParameterShape {
  return { text: false, number: false, long: false, boolean: false, null: false, json: false, items: undefined };
}
