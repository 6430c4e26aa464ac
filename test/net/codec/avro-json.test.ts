// The JSON form of Avro values.

import test from 'ava';
import fc from 'fast-check';
import { valueFromJson, valueToJson } from '../../../net/codec/avro-json.ts';
import { AvroType } from '../../../net/codec/avro-type.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import { anySchema, schemaAndValue } from './avro-arbitrary.ts';

test('reads back what it wrote, through text', (t) => {
  fc.assert(
    fc.property(schemaAndValue, ({ schema, value }) => {
      const { node } = new AvroType(schema);
      let json: unknown;
      try {
        json = valueToJson(node, value);
      } catch (error) {
        // NaN and the infinities can't travel in a union with text.
        t.regex((error as Error).message, /in a union with text/);
        return;
      }
      t.deepEqual(valueFromJson(node, JSON.parse(JSON.stringify(json))), value);
    }),
    { numRuns: 300 },
  );
});

test('refuses or reads any JSON', (t) => {
  fc.assert(
    fc.property(anySchema, fc.array(fc.jsonValue(), { minLength: 5, maxLength: 5 }), (schema, values) => {
      const { node } = new AvroType(schema);
      for (const value of values) {
        try {
          valueToJson(node, valueFromJson(node, value));
        } catch (error) {
          t.true(error instanceof HeddleError && error.code === 'INVALID_ARGUMENT', String(error));
        }
      }
    }),
    { numRuns: 200 },
  );
});

const film = {
  type: 'record',
  name: 'Film',
  fields: [
    { name: 'title', type: 'string' },
    { name: 'year', type: ['null', 'int'], default: null },
    { name: 'votes', type: 'long', default: 0 },
    { name: 'genre', type: { type: 'enum', name: 'Genre', symbols: ['DRAMA', 'NOIR'] }, default: 'DRAMA' },
    { name: 'poster', type: 'bytes', default: '' },
    { name: 'hash', type: { type: 'fixed', name: 'Hash', size: 2 }, default: 'ab' },
    { name: 'score', type: 'double', default: 0 },
    { name: 'marks', type: { type: 'map', values: 'boolean' }, default: {} },
  ],
};
const films = new AvroType({
  type: 'record',
  name: 'Films',
  fields: [{ name: 'films', type: { type: 'array', items: film } }],
}).node;

test('is plain JSON', (t) => {
  const value = {
    films: [
      {
        title: 'Heat',
        year: 1995,
        votes: 2n ** 60n,
        genre: 'NOIR',
        poster: Buffer.from('abc'),
        hash: Buffer.from([255, 0]),
        score: Number.NaN,
        marks: { good: true },
      },
    ],
  };
  const json = {
    films: [
      {
        title: 'Heat',
        year: 1995,
        votes: '1152921504606846976',
        genre: 'NOIR',
        poster: 'YWJj',
        hash: '/wA=',
        score: 'NaN',
        marks: { good: true },
      },
    ],
  };
  t.deepEqual(valueToJson(films, value), json);
  t.deepEqual(valueFromJson(films, json), value);
});

test('fills in defaults, fresh each time', (t) => {
  const read = (): { films: { marks: Record<string, unknown> }[] } =>
    valueFromJson(films, { films: [{ title: 'Heat' }] }) as ReturnType<typeof read>;
  t.deepEqual(read().films[0], {
    title: 'Heat',
    year: null,
    votes: 0,
    genre: 'DRAMA',
    poster: Buffer.alloc(0),
    hash: Buffer.from('ab'),
    score: 0,
    marks: {},
  } as never);
  read().films[0]!.marks.changed = true;
  t.deepEqual(read().films[0]!.marks, {});
});

const refused = test.macro({
  exec(t, fields: object, message: string) {
    t.throws(() => valueFromJson(films, { films: [{ title: 'A' }, { title: 'B', ...fields }] }), {
      code: 'INVALID_ARGUMENT',
      message,
    });
  },
  title: (title) => `refuses ${title}`,
});

test('a wrong type', refused, { year: 'x' }, 'films[1].year: expected null | int, got "x"');
test('a missing field', refused, { title: undefined }, 'films[1].title: missing; expected string');
test(
  'an unknown field',
  refused,
  { yeer: 1 },
  'films[1].yeer: Film has no such field; it has title, year, votes, genre, poster, hash, score, marks',
);
test('an int with a fraction', refused, { year: 1.5 }, 'films[1].year: expected int, got 1.5');
test(
  'a long that JSON has rounded',
  refused,
  { votes: 2 ** 60 },
  "films[1].votes: expected long, got 1152921504606847000, which JSON numbers don't hold exactly; write it as a string",
);
test(
  'a long past 64 bits',
  refused,
  { votes: '9223372036854775808' },
  'films[1].votes: expected long, got "9223372036854775808"',
);
test(
  'an unknown symbol',
  refused,
  { genre: 'POP' },
  'films[1].genre: expected enum Genre (one of DRAMA, NOIR), got "POP"',
);
test(
  'bytes that are not base64',
  refused,
  { poster: 'a b' },
  'films[1].poster: expected bytes as base64 with padding, got "a b"',
);
test('fixed of another size', refused, { hash: 'YWJj' }, 'films[1].hash: expected 2 bytes for fixed Hash, got 3');
test(
  'a map key that sets prototypes',
  refused,
  { marks: JSON.parse('{"__proto__":true}') },
  'films[1].marks.__proto__: this map key is not allowed',
);
test(
  'a long text, shown short',
  refused,
  { year: 'x'.repeat(1e6) },
  `films[1].year: expected null | int, got "${'x'.repeat(40)}…"`,
);

test('refuses what would be read as text in a union with text', (t) => {
  const { node } = new AvroType(['string', 'double']);
  t.throws(() => valueToJson(node, Number.NaN), { message: /NaN can't travel as JSON in a union with text/ });
});
