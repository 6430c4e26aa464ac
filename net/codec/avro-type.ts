// AvroType: one schema, ready to read and write bodies. avsc does both; around it stand the guard before each read, and
// the three things that avsc's defaults get wrong for a service: longs past 2^53, cut surrogate pairs, Uint8Arrays.

import avsc from 'avsc';
import { HeddleError } from '../../runtime/errors.ts';
import { guardAvro } from './avro-guard.ts';
import { valueFromJson, valueToJson } from './avro-json.ts';
import { longType } from './avro-long.ts';
import { type AvroNode, avroKinds, parseAvroSchema } from './avro-schema.ts';
import { wellFormedString } from './avro-string.ts';
import { shown } from './body-fault.ts';

/** One Avro schema. Made once per schema and thread; costs about 0.1 ms (avsc compiles each record). */
export class AvroType {
  readonly node: AvroNode;
  readonly #type: avsc.Type;

  /** Throws INVALID_ARGUMENT naming the place in the schema. */
  constructor(schema: unknown) {
    this.node = parseAvroSchema(schema);
    try {
      this.#type = avsc.Type.forSchema(avscSchema(this.node, new Set()), {
        omitRecordMethods: true,
        wrapUnions: 'never',
        registry: { long: longType, string: wellFormedString, bytes: anyBytes },
      });
    } catch (error) {
      // The structure is checked by now; what avsc adds is that each default fits its field.
      throw new HeddleError('INVALID_ARGUMENT', `Avro schema: ${error instanceof Error ? error.message : error}`);
    }
    finishRecords(this.#type, this.node, new Set());
  }

  /** The value in `source[start..end)`. Throws INVALID_ARGUMENT naming the path; bytes in the value are copies. */
  decode(source: Buffer, start: number, end: number): unknown {
    guardAvro(this.node, source, start, end);
    const { value, offset } = this.#type.decode(source, start);
    // The guard and avsc must agree on every byte; if they ever do not, say so rather than answer wrongly.
    if (offset !== end) throw new HeddleError('INTERNAL', `avsc read ${offset - start} of ${end - start} bytes`);
    return value;
  }

  /**
   * Writes a value at `target[at]`. Returns the offset behind it, or, when the room is too small, minus the number of
   * bytes that are missing. Throws INVALID_ARGUMENT naming the path when the value does not fit. Bound, so that it can be
   * passed on as it is.
   */
  readonly write = (value: unknown, target: Buffer, at: number): number => {
    // Who answers null need not return anything.
    const given = value === undefined && this.node.kind === avroKinds.null ? null : value;
    try {
      return this.#type.encode(given, target, at);
    } catch (error) {
      return this.#writeAgain(given, target, at, error);
    }
  };

  /** Finds what was wrong with a value, or writes it after all when only avsc minds (a Uint8Array in a union). */
  #writeAgain(value: unknown, target: Buffer, at: number, error: unknown): number {
    const copy = valueFromJson(this.node, valueToJson(this.node, value));
    try {
      return this.#type.encode(copy, target, at);
    } catch {
      throw new HeddleError('INVALID_ARGUMENT', `the value can't be written as Avro: ${shown(String(error))}`);
    }
  }
}

/**
 * avsc builds records through a constructor of each type (which gives them one hidden class); with the prototype of
 * plain objects they are plain to `deepEqual`, `structuredClone` and a log. The fields learn their defaults as values.
 */
function finishRecords(type: avsc.Type, node: AvroNode, seen: Set<AvroNode>): void {
  if (seen.has(node)) return;
  seen.add(node);
  if (node.items !== undefined) {
    const { itemsType, valuesType } = type as unknown as { itemsType?: avsc.Type; valuesType?: avsc.Type };
    finishRecords((itemsType ?? valuesType)!, node.items, seen);
  }
  for (const [index, branch] of node.branches.entries()) {
    finishRecords((type as avsc.types.UnwrappedUnionType).types[index]!, branch, seen);
  }
  if (node.kind !== avroKinds.record) return;
  const record = type as avsc.types.RecordType;
  record.recordConstructor.prototype = Object.prototype;
  for (const [index, field] of node.fields.entries()) {
    const avscField = record.fields[index]!;
    if (field.defaultJson !== undefined) field.makeDefault = () => avscField.defaultValue();
    finishRecords(avscField.type, field.node, seen);
  }
}

/** The checked schema as avsc reads it: full names, defaults, nothing else. */
function avscSchema(node: AvroNode, named: Set<string>): avsc.Schema {
  if (node.kind === avroKinds.union) return node.branches.map((branch) => avscSchema(branch, named)) as avsc.Schema;
  if (node.kind === avroKinds.array) return { type: 'array', items: avscSchema(node.items!, named) };
  if (node.kind === avroKinds.map) return { type: 'map', values: avscSchema(node.items!, named) };
  if (node.name === '') return node.typeName as avsc.Schema;
  if (named.has(node.name)) return node.name as avsc.Schema;
  named.add(node.name);
  const { name } = node;
  if (node.kind === avroKinds.fixed) return { type: 'fixed', name, size: node.size };
  if (node.kind === avroKinds.enum) return { type: 'enum', name, symbols: [...node.symbols] };
  const fields = node.fields.map((field) => {
    const type = avscSchema(field.node, named);
    return field.defaultJson === undefined
      ? { name: field.name, type }
      : { name: field.name, type, default: field.defaultJson };
  });
  return { type: 'record', name, fields };
}

interface AvscWriter {
  _write(tap: unknown, value: unknown): void;
  _check(value: unknown, flags: unknown, hook: ((value: unknown, type: unknown) => void) | undefined): boolean;
}

const bytesWriter = avsc.types.BytesType.prototype as unknown as AvscWriter;

/** Takes any Uint8Array where avsc alone takes a Buffer only. */
class AnyBytes extends avsc.types.BytesType {
  _write(tap: unknown, value: unknown): void {
    bytesWriter._write.call(this, tap, asBuffer(value));
  }

  _check(value: unknown, flags: unknown, hook: ((value: unknown, type: unknown) => void) | undefined): boolean {
    return bytesWriter._check.call(this, asBuffer(value), flags, hook);
  }
}

function asBuffer(value: unknown): unknown {
  if (!(value instanceof Uint8Array) || Buffer.isBuffer(value)) return value;
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

const anyBytes = new AnyBytes();
