// objectSchema: a schema as JSON Schema draft 7, which the YAML language servers of editors know best. It lets an
// editor complete and explain; the checkers know more.

import { bytesPattern, durationPattern } from '../runtime/units.ts';
import { keysOf } from './declare.ts';
import type { Key, MapType, ObjectType, Shape, Type } from './types.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

export function objectSchema(type: ObjectType<Shape>): JsonObject {
  const keys = keysOf(type.keys);
  const required = keys.filter(([, key]) => key.presence === 'required').map(([name]) => name);
  return {
    // A section that was opened and left empty is a section of defaults.
    type: required.length > 0 ? 'object' : ['object', 'null'],
    properties: Object.fromEntries(keys.map(([name, key]) => [name, keySchema(key)])),
    additionalProperties: false,
    ...(required.length > 0 ? { required } : {}),
    ...(type.oneOf === undefined ? {} : { oneOf: type.oneOf.map(withKey) }),
  };
}

function withKey(name: string): JsonObject {
  return { type: 'object', properties: { [name]: {} }, required: [name] };
}

function schemaOf(type: Type): JsonObject {
  switch (type.kind) {
    case 'integer':
      return orNone(type.none, { type: 'integer', minimum: type.min, maximum: type.max });
    case 'number':
      return { type: 'number', minimum: type.min, maximum: type.max };
    case 'duration':
      return orNone(type.none, { type: 'string', pattern: durationPattern });
    case 'bytes':
      return orNone(type.none, { type: 'string', pattern: bytesPattern });
    case 'boolean':
      return { type: 'boolean' };
    case 'choice':
      return { enum: type.words };
    case 'text':
      return { type: 'string', pattern: type.pattern };
    case 'list': {
      const schema = { type: ['array', 'null'], items: schemaOf(type.of), maxItems: type.maxItems };
      return type.orOne ? { anyOf: [schema, schemaOf(type.of)] } : schema;
    }
    case 'map':
      return {
        type: ['object', 'null'],
        propertyNames: { pattern: namePattern(type) },
        additionalProperties: schemaOf(type.of),
        minProperties: type.minEntries,
        maxProperties: type.maxEntries,
      };
    case 'tree':
      return {};
    case 'data':
      return { type: ['object', 'null'] };
    case 'object':
      return objectSchema(type);
    case 'either':
      return { anyOf: [schemaOf(type.short), { ...objectSchema(type.long), type: 'object' }] };
  }
}

/** Refused names are left out by a lookahead: editors explain a pattern better than a `not`. */
function namePattern(type: MapType<Type>): string {
  const refused = Object.keys(type.refused ?? {});
  return refused.length === 0 ? type.namePattern : `^(?!(?:${refused.join('|')})$)${type.namePattern}`;
}

function keySchema(key: Key<Type>): JsonObject {
  const otherwise = key.otherwise === undefined ? '' : ` Default: ${key.otherwise}.`;
  const described = { description: [key.what, key.why].filter((text) => text !== '').join(' ') + otherwise };
  const byDefault = key.default === undefined ? {} : { default: key.default };
  return { ...described, ...schemaOf(key.type), ...byDefault };
}

function orNone(none: boolean, schema: JsonObject): JsonObject {
  return none ? { anyOf: [schema, { enum: ['none', 0] }] } : schema;
}
