import test from 'ava';
import { z } from 'zod';
import { formatType } from '../../../dag/expression/types.ts';
import { avro } from '../../../net/codec/avro-codec.ts';
import type { AvroSchema } from '../../../net/codec/avro-infer.ts';
import { bytes } from '../../../net/codec/bytes-codec.ts';
import { json } from '../../../net/codec/json-codec.ts';
import { shapePartsMax } from '../../../net/codec/shape-walk.ts';
import type { ValueShape } from '../../../runtime/value-shape.ts';

function record(name: string, fields: Record<string, unknown>): AvroSchema {
  const list = Object.entries(fields).map(([field, type]) => ({ name: field, type }));
  return { type: 'record', name, fields: list } as AvroSchema;
}

const inAvro = test.macro<[AvroSchema, string]>({
  exec(t, schema, shape) {
    const { request, response } = avro(schema, schema).shapes();
    t.is(formatType(request), shape);
    t.is(formatType(response), shape);
  },
  title: (_title = '', schema) => `the shape of ${JSON.stringify(schema).slice(0, 90)} in Avro`,
});
for (const name of ['int', 'long', 'float', 'double'] as const) test(inAvro, name, 'number');
for (const name of ['string', 'boolean', 'null'] as const) test(inAvro, name, name);
test(inAvro, 'bytes', 'any');
test(inAvro, { type: 'fixed', name: 'F', size: 4 }, 'any');
test(inAvro, { type: 'enum', name: 'E', symbols: ['a', 'b'] }, 'string');
test(inAvro, { type: 'long', logicalType: 'timestamp-millis' } as AvroSchema, 'number');
test(inAvro, { type: 'array', items: ['null', 'string'] }, 'list<null | string>');
test(inAvro, { type: 'map', values: { type: 'array', items: 'long' } }, 'map<list<number>>');
test(inAvro, ['null', 'string', { type: 'array', items: 'bytes' }], 'null | string | list<any>');
test(inAvro, ['null', 'bytes'], 'any');
test(inAvro, record('R', { id: 'string', n: ['null', 'int'] }), '{ id: string, n: null | number }');
test(inAvro, record('Tree', { v: 'int', kids: { type: 'array', items: 'Tree' } }), '{ v: number, kids: list<any> }');
test(inAvro, record('Pair', { a: record('P', { x: 'int' }), b: 'P' }), '{ a: { x: number }, b: { x: number } }');

test('who calls may leave out fields with a default, who gets the answer finds them', (t) => {
  const schema: AvroSchema = {
    type: 'record',
    name: 'R',
    fields: [
      { name: 'id', type: 'string' },
      { name: 'k', type: 'int', default: 10 },
    ],
  };
  const { request, response } = avro(schema, schema).shapes();
  t.is(formatType(request), '{ id: string, k: number | null }');
  t.is(formatType(response), '{ id: string, k: number }');

  const inZod = z.object({ id: z.string(), k: z.number().default(10) });
  const shapes = json(inZod, inZod).shapes();
  t.is(formatType(shapes.request), '{ id: string, k: number | null }');
  t.is(formatType(shapes.response), '{ id: string, k: number }');
});

const inJson = test.macro<[z.ZodType, string, string?]>({
  exec(t, schema, requestShape, responseShape = requestShape) {
    const { request, response } = json(schema, schema).shapes();
    t.is(formatType(request), requestShape);
    t.is(formatType(response), responseShape);
  },
  title: (title) => `the shape of ${title} in zod`,
});
const node = z.object({
  v: z.number(),
  get kids() {
    return z.array(node);
  },
});
test(
  'scalars',
  inJson,
  z.tuple([z.string(), z.int(), z.boolean(), z.null()]),
  'list<string | number | boolean | null>',
);
test('a tuple with a rest', inJson, z.tuple([z.string()]).rest(z.number()), 'list<string | number>');
test('what may be missing', inJson, z.object({ a: z.string().optional() }), '{ a: string | null }');
test('what may be null', inJson, z.object({ a: z.nullable(z.string()) }), '{ a: string | null }');
test('an object without fields', inJson, z.object({}), '{  }');
test('a list', inJson, z.array(z.object({ id: z.int() })), 'list<{ id: number }>');
test('a record', inJson, z.record(z.string(), z.boolean()), 'map<boolean>');
test('a record of an enum', inJson, z.record(z.enum(['u', 'v']), z.int()), '{ u: number, v: number }');
test('part of one', inJson, z.partialRecord(z.enum(['u', 'v']), z.int()), '{ u: number | null, v: number | null }');
test('an object that takes others', inJson, z.looseObject({ a: z.string() }), 'map<any>');
test('one with a type for others', inJson, z.object({ a: z.string() }).catchall(z.int()), 'map<string | number>');
test('a union', inJson, z.union([z.string(), z.array(z.int())]), 'string | list<number>');
test('literals and enums', inJson, z.union([z.literal(['a', 2, null]), z.enum(['p', 'q'])]), 'string | number | null');
test(
  'variants',
  inJson,
  z.discriminatedUnion('t', [z.object({ t: z.literal('a') }), z.object({ t: z.literal('b'), n: z.int() })]),
  '{ t: string } | { t: string, n: number }',
);
test(
  'an intersection',
  inJson,
  z.intersection(z.object({ a: z.string() }), z.object({ b: z.int() })),
  '{ a: string, b: number }',
);
test('one of maps', inJson, z.intersection(z.record(z.string(), z.int()), z.record(z.string(), z.int())), 'any');
test('anything', inJson, z.object({ a: z.unknown(), b: z.any() }), '{ a: any, b: any }');
test('a type that holds itself', inJson, node, '{ v: number, kids: list<any> }');
test('JSON itself', inJson, z.json(), 'string | number | boolean | null | list<any> | map<any>');
test('text of a format', inJson, z.object({ at: z.iso.datetime(), by: z.email() }), '{ at: string, by: string }');
test(
  'what takes anything',
  inJson,
  z.object({ n: z.coerce.number(), c: z.string().catch('x') }),
  '{ n: any, c: any }',
  '{ n: number, c: string }',
);

test('a request that is transformed has the shape of what goes in', (t) => {
  const request = z.object({ tags: z.string().transform((text) => text.split(',')) });
  t.is(formatType(json(request).shapes().request), '{ tags: string }');
});

test('a method that answers nothing gives null', (t) => {
  t.is(formatType(avro('string').shapes().response), 'null');
  t.is(formatType(json(z.string()).shapes().response), 'null');
});

test('of bytes nothing is known', (t) => {
  t.deepEqual(bytes().shapes(), { request: { kind: 'any' }, response: { kind: 'any' } });
});

test('shapes are worked out once', (t) => {
  for (const codec of [avro('string'), json(z.string()), bytes()]) t.is(codec.shapes(), codec.shapes());
});

test('types that use each other twice end at a bound', (t) => {
  let avroType: unknown = 'int';
  let zodType: z.ZodType = z.int();
  for (let level = 0; level < 20; level++) {
    avroType = record(`R${level}`, { a: avroType, b: level === 0 ? 'int' : `R${level - 1}` });
    zodType = z.object({ a: zodType, b: zodType });
  }
  for (const codec of [avro(avroType as AvroSchema), json(zodType)]) {
    t.true(parts(codec.shapes().request) <= 2 * shapePartsMax + 1);
  }
});

function parts(shape: ValueShape): number {
  if (shape.kind !== 'record') return 1;
  return Object.values(shape.fields).reduce((sum, field) => sum + parts(field), 1);
}
