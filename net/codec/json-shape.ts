// The shape of a JSON Schema as zod writes it, for those who check texts that make or read its values. Called by JsonCodec
// when it is asked. What a shape can't say is any: better no check than a wrong one.

import type { ValueShape } from '../../runtime/value-shape.ts';
import { anyShape, nullShape, optionalShape, ShapeWalk, unionShape } from './shape-walk.ts';

/** The part of JSON Schema that is looked at; with anything else a value is any. */
export interface ShapeSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, ShapeSchema | boolean>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: ShapeSchema | boolean;
  readonly propertyNames?: ShapeSchema | boolean;
  readonly items?: ShapeSchema | boolean;
  readonly prefixItems?: readonly (ShapeSchema | boolean)[];
  readonly anyOf?: readonly ShapeSchema[];
  readonly oneOf?: readonly ShapeSchema[];
  readonly allOf?: readonly ShapeSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, ShapeSchema>>;
}

export function shapeOfJsonSchema(root: ShapeSchema): ValueShape {
  const walk = new ShapeWalk<ShapeSchema>();
  return shapeOf(root);

  function shapeOf(schema: ShapeSchema | boolean | undefined): ValueShape {
    return typeof schema === 'object' ? walk.at(schema, () => shapeWithin(schema)) : anyShape;
  }

  function shapeWithin(schema: ShapeSchema): ValueShape {
    if (schema.$ref !== undefined) return shapeOf(targetOf(schema.$ref));
    const alternatives = schema.anyOf ?? schema.oneOf;
    if (alternatives !== undefined) return unionShape(alternatives.map(shapeOf));
    if (schema.allOf !== undefined) return mergedShape(schema.allOf.map(shapeOf));
    if (schema.const !== undefined) return shapeOfValue(schema.const);
    if (schema.enum !== undefined) return unionShape(schema.enum.map(shapeOfValue));
    const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? []);
    return unionShape(types.map((type) => shapeOfType(type, schema)));
  }

  function shapeOfType(type: string, schema: ShapeSchema): ValueShape {
    switch (type) {
      case 'string':
      case 'boolean':
      case 'null':
      case 'number':
        return { kind: type };
      case 'integer':
        return { kind: 'number' };
      case 'array':
        return { kind: 'list', item: shapeOfItems(schema) };
      case 'object':
        return shapeOfObject(schema);
      default:
        return anyShape;
    }
  }

  function shapeOfItems({ prefixItems, items }: ShapeSchema): ValueShape {
    if (prefixItems === undefined) return shapeOf(items);
    const rest = items === undefined || items === false ? [] : [shapeOf(items)];
    return unionShape([...prefixItems.map(shapeOf), ...rest]);
  }

  function shapeOfObject({ properties, required, additionalProperties, propertyNames }: ShapeSchema): ValueShape {
    const needed = new Set(required);
    const optionally = (name: string, shape: ValueShape) => (needed.has(name) ? shape : optionalShape(shape));
    const named = Object.entries(properties ?? {}).map(
      ([name, property]) => [name, optionally(name, shapeOf(property))] as const,
    );
    if (additionalProperties === undefined || additionalProperties === false) {
      // Without either nothing is known of its keys: `{ "type": "object" }`.
      if (properties === undefined && additionalProperties === undefined) return { kind: 'map', value: anyShape };
      return { kind: 'record', fields: Object.fromEntries(named) };
    }
    const rest = shapeOf(additionalProperties);
    const names = typeof propertyNames === 'object' ? propertyNames.enum : undefined;
    if (named.length === 0 && names !== undefined) {
      // The record of an enum: its keys are known.
      const fields = names.map((name) => [String(name), optionally(String(name), rest)] as const);
      return { kind: 'record', fields: Object.fromEntries(fields) };
    }
    return { kind: 'map', value: unionShape([...named.map(([, shape]) => shape), rest]) };
  }

  function targetOf(reference: string): ShapeSchema | undefined {
    if (reference === '#') return root;
    const name = reference.startsWith('#/$defs/') ? reference.slice('#/$defs/'.length) : '';
    return Object.hasOwn(root.$defs ?? {}, name) ? root.$defs?.[name] : undefined;
  }
}

/** Of a value that is of all these shapes: known only of records. */
function mergedShape(shapes: readonly ValueShape[]): ValueShape {
  const fields: [string, ValueShape][] = [];
  for (const shape of shapes) {
    if (shape.kind !== 'record') return anyShape;
    fields.push(...Object.entries(shape.fields));
  }
  return { kind: 'record', fields: Object.fromEntries(fields) };
}

function shapeOfValue(value: unknown): ValueShape {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
      return { kind: typeof value as 'string' | 'number' | 'boolean' };
    default:
      return value === null ? nullShape : anyShape;
  }
}
