// Schemas are checked when a contract is defined, and when a stranger brings one.

import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { canonicalAvro, canonicalPair, fingerprintOf } from '../../../net/codec/avro-canonical.ts';
import { parseAvroSchema } from '../../../net/codec/avro-schema.ts';
import { AvroType } from '../../../net/codec/avro-type.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import { anySchema } from './avro-arbitrary.ts';

const wrong = test.macro({
  exec(t, schema: unknown, message: RegExp) {
    t.throws(() => new AvroType(schema), { code: 'INVALID_ARGUMENT', message });
  },
  title: (title) => `refuses ${title}`,
});

const record = (...fields: unknown[]): unknown => ({ type: 'record', name: 'demo.R', fields });

test('an unknown type', wrong, record({ name: 'a', type: 'text' }), /fields\[0\]\.type: no type is named "text"/);
test('a union of two numbers', wrong, ['int', 'long'], /int can't be told from one of long; keep the wider one/);
test(
  'a union of two records',
  wrong,
  [{ type: 'map', values: 'int' }, record()],
  /use a record with one optional field/,
);
test('a union of text and bytes', wrong, ['string', 'bytes'], /string can't be told from one of bytes/);
test('a union in a union', wrong, ['null', ['int']], /may not hold a union/);
test('an empty union', wrong, [], /at least one branch/);
test('code for a name', wrong, { type: 'record', name: 'R(){}; evil()', fields: [] }, /is no type name/);
test('code for a field name', wrong, record({ name: 'a;evil()', type: 'int' }), /is no field name/);
test('a field that sets prototypes', wrong, record({ name: '__proto__', type: 'int' }), /is no field name/);
test('code for a symbol', wrong, { type: 'enum', name: 'E', symbols: ['A', 'B"'] }, /is no name/);
test('two fields of one name', wrong, record({ name: 'a', type: 'int' }, { name: 'a', type: 'int' }), /two fields a/);
test('a default that does not fit', wrong, record({ name: 'a', type: 'int', default: 'x' }), /default/);
test(
  'a name that is defined twice, differently',
  wrong,
  record({ name: 'a', type: { type: 'fixed', name: 'demo.R', size: 2 } }),
  /defined twice/,
);
test('a default past 2^53 - 1', wrong, record({ name: 'a', type: 'long', default: 2 ** 53 }), /invalid "long"/);
test('a type in a type in a type', wrong, record({ name: 'a', type: { type: { type: 'int' } } }), /name of a type/);
test('a union as the type of an object', wrong, { type: ['null', 'int'] }, /expected the name of a type/);
test('types without end', wrong, nested(1000), /nested deeper than 32/);

function nested(levels: number): unknown {
  let schema: unknown = 'int';
  for (let level = 0; level < levels; level++) schema = { type: 'array', items: schema };
  return schema;
}

test('refuses any other JSON with INVALID_ARGUMENT', (t) => {
  const piece = fc.constantFrom(
    'type',
    'record',
    'name',
    'fields',
    'items',
    'array',
    'enum',
    'symbols',
    'int',
    'union',
  );
  const json = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      piece,
      fc.integer(),
      fc.constant(null),
      fc.array(tie('any')),
      fc.dictionary(piece, tie('any')),
    ),
  })).any;
  fc.assert(
    fc.property(json, (schema) => {
      try {
        new AvroType(schema);
      } catch (error) {
        t.true(error instanceof HeddleError && error.code === 'INVALID_ARGUMENT', String(error));
      }
    }),
    { numRuns: 500 },
  );
});

test('takes a type that is written out twice, word for word', (t) => {
  const point = { type: 'record', name: 'Point', fields: [{ name: 'x', type: 'int' }] };
  const type = parseAvroSchema(record({ name: 'from', type: point }, { name: 'to', type: { ...point } }));
  t.is(type.fields[0]!.node, type.fields[1]!.node);
});

test('resolves names by namespace', (t) => {
  const schema = {
    type: 'record',
    name: 'Film',
    namespace: 'movies',
    fields: [
      { name: 'genre', type: { type: 'enum', name: 'Genre', symbols: ['A'] } },
      { name: 'other', type: 'movies.Genre' },
      { name: 'third', type: 'Genre' },
    ],
  };
  const { fields } = parseAvroSchema(schema);
  t.is(fields[0]!.node.name, 'movies.Genre');
  t.is(fields[1]!.node, fields[0]!.node);
  t.is(fields[2]!.node, fields[0]!.node);
});

test('canonical text is a schema with the same canonical text', (t) => {
  fc.assert(
    fc.property(anySchema, (schema) => {
      const text = canonicalAvro(parseAvroSchema(schema));
      t.is(canonicalAvro(parseAvroSchema(JSON.parse(text))), text);
    }),
  );
});

// The vectors of docs/contracts.md, section "Fingerprints".
const documented = readFileSync(new URL('../../../docs/contracts.md', import.meta.url), 'utf8');
const vectors: [string, unknown, unknown, string, string][] = [
  ['two primitives', 'string', 'null', '["string","null"]', 'f2aa28b7b5935c67'],
  [
    'names, namespaces, attributes that do not count',
    {
      type: 'record',
      name: 'GreetRequest',
      namespace: 'demo',
      doc: 'x',
      fields: [{ name: 'name', type: { type: 'string' }, doc: 'y' }],
    },
    { fields: [{ type: 'string', name: 'text' }], name: 'demo.GreetResponse', type: 'record' },
    '[{"name":"demo.GreetRequest","type":"record","fields":[{"name":"name","type":"string"}]},{"name":"demo.GreetResponse","type":"record","fields":[{"name":"text","type":"string"}]}]',
    '1e53ea5970c8033e',
  ],
  [
    'one named type on both sides',
    { type: 'record', name: 'demo.Point', fields: [{ name: 'x', type: 'int' }] },
    { type: 'array', items: { type: 'record', name: 'demo.Point', fields: [{ name: 'x', type: 'int' }] } },
    '[{"name":"demo.Point","type":"record","fields":[{"name":"x","type":"int"}]},{"type":"array","items":{"name":"demo.Point","type":"record","fields":[{"name":"x","type":"int"}]}}]',
    'ab6a8ede7b1869d5',
  ],
  [
    'defaults, aliases, references, enum, union, logical type',
    {
      type: 'record',
      name: 'movies.Film',
      aliases: ['Movie'],
      fields: [
        { name: 'title', type: 'string', aliases: ['name'] },
        { name: 'genre', type: { type: 'enum', name: 'Genre', symbols: ['DRAMA', 'OTHER'], default: 'OTHER' } },
        { name: 'year', type: ['null', 'int'], default: null },
        { name: 'marks', type: { type: 'map', values: 'double' }, default: { b: 1.0, a: 1e21 } },
        { name: 'seen', type: { type: 'long', logicalType: 'timestamp-millis' }, default: 0 },
        { name: 'sequel', type: ['null', 'Film'], default: null },
      ],
    },
    { type: 'array', items: { type: 'fixed', name: 'Hash', size: 16 } },
    '[{"name":"movies.Film","type":"record","fields":[{"name":"title","type":"string","aliases":["name"]},{"name":"genre","type":{"name":"movies.Genre","type":"enum","symbols":["DRAMA","OTHER"],"default":"OTHER"}},{"name":"year","type":["null","int"],"default":null},{"name":"marks","type":{"type":"map","values":"double"},"default":{"a":1e+21,"b":1}},{"name":"seen","type":"long","default":0},{"name":"sequel","type":["null","movies.Film"],"default":null}],"aliases":["movies.Movie"]},{"type":"array","items":{"name":"Hash","type":"fixed","size":16}}]',
    '08f958b165d9f8c9',
  ],
];

for (const [title, request, response, text, fingerprint] of vectors) {
  test(`fingerprint: ${title}`, (t) => {
    t.is(canonicalPair(parseAvroSchema(request), parseAvroSchema(response)), text);
    const { high, low } = fingerprintOf(text);
    t.is(high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0'), fingerprint);
    t.true(documented.includes(text) && documented.includes(`0x${fingerprint}`));
  });
}
