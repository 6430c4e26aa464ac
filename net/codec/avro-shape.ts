// The shape of an Avro type, for those who check texts that make or read its values. Called by AvroCodec when it is asked.

import type { ValueShape } from '../../runtime/value-shape.ts';
import { type AvroNode, avroKinds } from './avro-schema.ts';
import { anyShape, nullShape, optionalShape, ShapeWalk, unionShape } from './shape-walk.ts';

/**
 * `optionalDefaults`: fields with a default may be missing, as for who writes a value; who reads one finds them all. A
 * long is a number (past 2^53 it comes as a bigint, which expressions refuse), an enum a string; bytes are any.
 */
export function shapeOfAvro(type: AvroNode, { optionalDefaults }: { optionalDefaults: boolean }): ValueShape {
  const walk = new ShapeWalk<AvroNode>();
  const shapeOf = (node: AvroNode): ValueShape => walk.at(node, () => shapeWithin(node));
  return shapeOf(type);

  function shapeWithin(node: AvroNode): ValueShape {
    switch (node.kind) {
      case avroKinds.null:
        return nullShape;
      case avroKinds.boolean:
        return { kind: 'boolean' };
      case avroKinds.int:
      case avroKinds.long:
      case avroKinds.float:
      case avroKinds.double:
        return { kind: 'number' };
      case avroKinds.string:
      case avroKinds.enum:
        return { kind: 'string' };
      case avroKinds.array:
        return { kind: 'list', item: shapeOf(node.items!) };
      case avroKinds.map:
        return { kind: 'map', value: shapeOf(node.items!) };
      case avroKinds.record:
        return { kind: 'record', fields: Object.fromEntries(node.fields.map(shapeOfField)) };
      case avroKinds.union:
        return unionShape(node.branches.map(shapeOf));
      default:
        return anyShape;
    }
  }

  function shapeOfField({ name, node, defaultJson }: AvroNode['fields'][number]): [string, ValueShape] {
    const shape = shapeOf(node);
    return [name, optionalDefaults && defaultJson !== undefined ? optionalShape(shape) : shape];
  }
}
