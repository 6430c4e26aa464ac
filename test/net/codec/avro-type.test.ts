// Avro bodies: what is written is what is read, the bytes are Avro's own, and no bytes at all do harm.

import test from 'ava';
import avsc from 'avsc';
import fc from 'fast-check';
import { AvroType } from '../../../net/codec/avro-type.ts';
import { bodyDepthMax } from '../../../net/codec/body-fault.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import { anySchema, schemaAndValue } from './avro-arbitrary.ts';

const target = Buffer.alloc(1 << 20);

function encode(type: AvroType, value: unknown): Buffer {
  const end = type.write(value, target, 0);
  return Buffer.from(target.subarray(0, end));
}

function decode(type: AvroType, bytes: Uint8Array): unknown {
  // Between other bytes, so that reading past the end would be seen.
  const source = Buffer.concat([Buffer.from([0xff, 0xff]), bytes, Buffer.from([2, 2, 2])]);
  return type.decode(source, 2, 2 + bytes.length);
}

function refusal(type: AvroType, bytes: Uint8Array): string {
  try {
    decode(type, bytes);
  } catch (error) {
    if (error instanceof HeddleError && error.code === 'INVALID_ARGUMENT') return error.message;
    throw error;
  }
  return '';
}

test('reads back what it wrote, in the same bytes as plain avsc', (t) => {
  fc.assert(
    fc.property(schemaAndValue, ({ schema, value }) => {
      const type = new AvroType(schema);
      const bytes = encode(type, value);
      const plain = avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: 'never' });
      t.deepEqual(bytes, plain.toBuffer(value));
      t.deepEqual(decode(type, bytes), value);
    }),
    { numRuns: 300 },
  );
});

test('refuses or reads any bytes, and never fails in another way', (t) => {
  const garbage = fc.uint8Array({ maxLength: 60 });
  fc.assert(
    fc.property(anySchema, fc.array(garbage, { minLength: 5, maxLength: 5 }), (schema, bodies) => {
      const type = new AvroType(schema);
      for (const body of bodies) refusal(type, body);
    }),
    { numRuns: 200 },
  );
  t.pass();
});

test('refuses or reads a body with one byte changed, cut off or added', (t) => {
  const damage = fc.record({ at: fc.nat(), byte: fc.nat({ max: 255 }), cut: fc.nat() });
  fc.assert(
    fc.property(schemaAndValue, damage, ({ schema, value }, { at, byte, cut }) => {
      const type = new AvroType(schema);
      const bytes = encode(type, value);
      t.not(refusal(type, Buffer.concat([bytes, Buffer.from([0])])), '');
      if (bytes.length === 0) return;
      t.not(refusal(type, bytes.subarray(0, cut % bytes.length)), '');
      bytes[at % bytes.length] = byte;
      refusal(type, bytes);
    }),
    { numRuns: 300 },
  );
});

const films = new AvroType({
  type: 'record',
  name: 'Films',
  fields: [
    {
      name: 'films',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'Film',
          fields: [
            { name: 'title', type: 'string' },
            { name: 'year', type: 'int' },
            { name: 'marks', type: { type: 'map', values: 'boolean' }, default: {} },
          ],
        },
      },
    },
  ],
});

test('names the path of a value that does not fit', (t) => {
  const wrong = {
    films: [
      { title: 'A', year: 1 },
      { title: 'B', year: 'x' },
    ],
  };
  t.throws(() => encode(films, wrong), { code: 'INVALID_ARGUMENT', message: 'films[1].year: expected int, got "x"' });
  t.throws(() => encode(films, { films: [{ title: 'A' }] }), { message: 'films[0].year: missing; expected int' });
  t.throws(() => encode(films, 5), { message: 'body: expected record Films, got 5' });
});

test('names the path of bytes that do not fit', (t) => {
  const bytes = encode(films, { films: [{ title: 'A', year: 1, marks: { 'so so': true } }] });
  bytes[bytes.indexOf('so so') + 5] = 7;
  t.is(refusal(films, bytes), 'films[0].marks["so so"]: expected boolean, got the byte 7');
});

const refused = test.macro({
  exec(t, schema: unknown, bytes: number[], message: RegExp) {
    const startMs = performance.now();
    t.regex(refusal(new AvroType(schema), Buffer.from(bytes)), message);
    t.true(performance.now() - startMs < 1000);
  },
  title: (title) => `refuses ${title}`,
});

const varint2to31 = [0x80, 0x80, 0x80, 0x80, 0x10];
const array = (items: unknown): unknown => ({ type: 'array', items });

test('2^31 nulls in six bytes', refused, array('null'), [...varint2to31, 0], /items can't be in/);
test('70,000 nulls in four bytes', refused, array('null'), [0xe0, 0xc5, 0x08, 0], /items can't be in/);
test('many blocks of nulls', refused, array('null'), Array(10).fill([0x80, 0xf1, 0x04]).flat(), /take no bytes/);
test('2^31 ints in six bytes', refused, array('int'), [...varint2to31, 0], /items can't be in/);
test('a string of 2^31 bytes', refused, 'string', varint2to31, /cut short/);
test('a string of negative length', refused, 'string', [0x01], /negative/);
test('bytes of negative length', refused, 'bytes', [0x03, 1, 2], /negative/);
test('a string that is not UTF-8', refused, 'string', [0x04, 0xc3, 0x28], /UTF-8/);
test('a number of more than 64 bits', refused, 'long', [...Array(9).fill(0xff), 0x7f], /64 bits/);
test('a number that never ends', refused, 'long', Array(40).fill(0xff), /64 bits/);
test('a number of 11 bytes', refused, 'int', [0x82, ...Array(9).fill(0x80), 0], /64 bits/);
test('an int past 32 bits', refused, 'int', varint2to31, /expected int/);
test('an unknown branch', refused, ['null', 'int'], [4, 0], /branch number 2/);
test('a negative branch', refused, ['null', 'int'], [1], /branch number -1/);
test('an unknown symbol', refused, { type: 'enum', name: 'E', symbols: ['A'] }, [2], /symbol number 1/);
test(
  'a map key that sets prototypes',
  refused,
  { type: 'map', values: 'int' },
  [2, 18, ...Buffer.from('__proto__'), 2, 0],
  /__proto__/,
);
test('a block of another length than it says', refused, array('int'), [1, 4, 2, 0], /not as long/);
test('a block longer than the body', refused, array('int'), [1, 40, 2, 0], /cut short/);
test('bytes after the value', refused, 'int', [2, 2], /1 bytes follow/);

const node = { type: 'record', name: 'Node', fields: [{ name: 'next', type: ['null', 'Node'], default: null }] };

test('bounds the depth of a value', (t) => {
  const type = new AvroType(node);
  const bytes = Buffer.alloc(100_000, 2);
  t.regex(refusal(type, bytes), /nested deeper than 64/);
  let deepest: unknown = null;
  for (let depth = 0; depth < bodyDepthMax; depth++) deepest = { next: deepest };
  t.deepEqual(decode(type, encode(type, deepest)), deepest);
});

test('refuses a value that holds itself', (t) => {
  const ring: { next: unknown } = { next: null };
  ring.next = ring;
  t.throws(() => encode(new AvroType(node), ring), { code: 'INVALID_ARGUMENT', message: /nested deeper/ });
});

test('reads a number in more bytes than it needs, up to 10', (t) => {
  const one = [0x82, ...Array(8).fill(0x80), 0];
  for (const type of ['int', 'long']) t.is(decode(new AvroType(type), Uint8Array.from(one)), 1);
  t.is(decode(new AvroType('string'), Uint8Array.from([...one, 0x61])), 'a');
});

test('reads a long as a number while that is exact, then as a bigint', (t) => {
  const type = new AvroType('long');
  const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  fc.assert(
    fc.property(long, (value) => {
      const expected = Number.isSafeInteger(Number(value)) ? Number(value) : value;
      t.is(decode(type, encode(type, value)), expected);
    }),
  );
  for (const edge of [
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
    0,
    -1,
    63,
    64,
    -64,
    -65,
    2n ** 53n,
    -(2n ** 63n),
  ]) {
    t.is(decode(type, encode(type, edge)), edge);
  }
  t.throws(() => encode(type, 2n ** 63n), { message: 'body: expected long, got 9223372036854775808n' });
  t.throws(() => encode(type, 2 ** 53), { message: /expected long/ });
  t.is(decode(new AvroType(['null', 'long']), encode(new AvroType(['null', 'long']), 2n ** 60n)), 2n ** 60n);
});

test('takes any Uint8Array for bytes and fixed, also in a union', (t) => {
  const view = new Uint8Array([1, 2, 3]);
  for (const schema of [
    'bytes',
    { type: 'fixed', name: 'F', size: 3 },
    ['null', 'bytes'],
    ['null', { type: 'fixed', name: 'F', size: 3 }],
  ]) {
    const type = new AvroType(schema);
    t.deepEqual(decode(type, encode(type, view)), Buffer.from(view));
  }
});

test('writes a cut surrogate pair as U+FFFD', (t) => {
  const type = new AvroType('string');
  t.is(decode(type, encode(type, 'film 🎬'.slice(0, -1))), 'film \ufffd');
});

test('gives records that are plain objects', (t) => {
  const film = (decode(films, encode(films, { films: [{ title: 'A', year: 1 }] })) as { films: object[] }).films[0]!;
  t.is(Object.getPrototypeOf(film), Object.prototype);
  t.deepEqual(film, { title: 'A', year: 1, marks: {} });
});

test('copies bytes out of the body', (t) => {
  const type = new AvroType('bytes');
  const body = encode(type, Buffer.from('abc'));
  const value = type.decode(body, 0, body.length) as Buffer;
  body.fill(0);
  t.is(value.toString(), 'abc');
});

test('says how many bytes are missing when the room is too small', (t) => {
  const type = new AvroType({ type: 'array', items: 'string' });
  const value = ['abc', 'defg'];
  const need = encode(type, value).length;
  for (let room = 0; room < need; room++) t.is(type.write(value, Buffer.alloc(room), 0), room - need);
});
