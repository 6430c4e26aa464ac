import test from 'ava';
import { z } from 'zod';
import { valueFromJson } from '../../../net/codec/avro-json.ts';
import { parseAvroSchema } from '../../../net/codec/avro-schema.ts';
import { type JsonSchema, queryShapeOfAvro, queryShapeOfJsonSchema, readQuery } from '../../../net/codec/query.ts';
import { isQuery, queryMark } from '../../../net/codec/query-mark.ts';
import { emptyCallHead } from '../../../runtime/call.ts';
import { encodeMetadata } from '../../../runtime/metadata.ts';

const film = parseAvroSchema({
  type: 'record',
  name: 'Film',
  fields: [
    { name: 'title', type: 'string' },
    { name: 'year', type: 'int' },
    { name: 'gross', type: 'long' },
    { name: 'rating', type: ['null', 'double'] },
    { name: 'seen', type: 'boolean' },
    { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['A', 'B'] } },
    { name: 'genres', type: { type: 'array', items: 'string' } },
    { name: 'years', type: { type: 'array', items: 'int' } },
    { name: 'note', type: ['null', 'string'] },
    { name: 'place', type: { type: 'record', name: 'Place', fields: [{ name: 'row', type: 'int' }] } },
  ],
});

const query = {
  title: '300',
  year: '2006',
  gross: '9223372036854775807',
  rating: '7.6',
  seen: 'true',
  kind: 'A',
  genres: 'Drama',
  years: ['1999', '2000'],
  note: 'null',
  place: '{"row":5}',
};

const value = {
  ...query,
  year: 2006,
  rating: 7.6,
  seen: true,
  genres: ['Drama'],
  years: [1999, 2000],
  place: { row: 5 },
};

test('parameters become what an Avro schema says, and text stays text', (t) => {
  const json = readQuery(queryShapeOfAvro(film), query);
  t.deepEqual(json, value);
  const decoded = valueFromJson(film, json) as { gross: bigint };
  t.is(decoded.gross, 9223372036854775807n);
});

test('parameters become what a zod schema says, and text stays text', (t) => {
  const schema = z.object({
    title: z.string(),
    year: z.int(),
    rating: z.number().nullable(),
    seen: z.boolean().default(false),
    kind: z.enum(['A', 'B']),
    genres: z.array(z.string()).optional(),
    years: z.array(z.number()),
    note: z.string().nullable(),
    place: z.object({ row: z.number() }),
  });
  const shape = queryShapeOfJsonSchema(schema.toJSONSchema({ io: 'input' }) as JsonSchema);
  const { gross: _, ...rest } = query;
  const { gross: __, ...expected } = value;
  t.deepEqual(schema.parse(readQuery(shape, rest)), expected);
});

test('what does not fit stays text, for the codec to refuse', (t) => {
  const shape = queryShapeOfAvro(film);
  const odd = { year: 'soon', seen: 'yes', rating: '', years: ['x'], place: 'here', stranger: '1', kind: ['A', 'B'] };
  t.deepEqual(readQuery(shape, odd), { ...odd, rating: null });
  t.throws(() => valueFromJson(film, readQuery(shape, { ...query, year: 'soon' })), { message: /year.*soon/ });
});

test('lists may be written as JSON, alone or repeated', (t) => {
  const shape = queryShapeOfAvro(film);
  t.deepEqual(readQuery(shape, { years: '[1,2]', genres: '["a","b"]' }), { years: [1, 2], genres: ['a', 'b'] });
});

test('a method that takes null takes no parameters', (t) => {
  const shape = queryShapeOfAvro(parseAvroSchema('null'));
  t.is(readQuery(shape, {}), null);
  t.deepEqual(readQuery(shape, { a: '1' }), { a: '1' });
});

test('schemas that contain themselves have a shape', (t) => {
  const tree: JsonSchema = {
    type: 'object',
    properties: { child: { $ref: '#' }, next: { anyOf: [{ $ref: '#/$defs/n' }, { type: 'null' }] }, any: {} },
    $defs: { n: { anyOf: [{ $ref: '#/$defs/n' }, { type: 'number' }] } },
  };
  const shape = queryShapeOfJsonSchema(tree);
  t.deepEqual(readQuery(shape, { child: '{"a":1}', next: '5', any: '5' }), { child: { a: 1 }, next: 5, any: '5' });
  const node = parseAvroSchema({
    type: 'record',
    name: 'Node',
    fields: [{ name: 'nodes', type: { type: 'array', items: 'Node' } }],
  });
  t.deepEqual(readQuery(queryShapeOfAvro(node), { nodes: '[{"nodes":[]}]' }), { nodes: [{ nodes: [] }] });
});

test('a parameter called __proto__ is a parameter', (t) => {
  const json = readQuery(queryShapeOfAvro(film), JSON.parse('{"__proto__":"1"}')) as object;
  t.deepEqual(Object.keys(json), ['__proto__']);
  t.is(Object.getPrototypeOf(json), Object.prototype);
});

test('the mark of a query is found first or not at all', (t) => {
  const head = emptyCallHead();
  t.false(isQuery(head));
  const metadata = (...parts: Buffer[]): void => {
    head.source = Buffer.concat([Buffer.from('xx'), ...parts]);
    head.metadataStart = 2;
    head.metadataEnd = head.source.length;
  };
  metadata(queryMark);
  t.true(isQuery(head));
  metadata(queryMark, encodeMetadata([['a', 'b']]));
  t.true(isQuery(head));
  metadata(encodeMetadata([['a', 'b']]));
  t.false(isQuery(head));
  metadata(queryMark.subarray(0, 5));
  t.false(isQuery(head));
});
