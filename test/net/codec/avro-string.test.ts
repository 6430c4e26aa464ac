// Strings in Avro bodies: the bytes and texts are those of avsc, whatever the length.

import test from 'ava';
import avsc from 'avsc';
import { AvroType } from '../../../net/codec/avro-type.ts';

const plain = avsc.Type.forSchema('string');
const type = new AvroType('string');

/** ASCII of every length around the bounds; then each with another character at each place. */
function* texts(): Iterable<string> {
  for (let length = 0; length <= 30; length++) {
    const ascii = Array.from({ length }, (_, at) => String.fromCharCode((length * 31 + at * 7) % 128)).join('');
    yield ascii;
    for (let at = 0; at < length; at++) {
      for (const other of ['\x7f', '\x80', 'ÿ', '€', '😀']) yield ascii.slice(0, at) + other + ascii.slice(at + 1);
    }
  }
  yield 'x'.repeat(63);
  yield 'x'.repeat(64);
  yield 'ü'.repeat(5_000);
}

test('texts are written and read as avsc does, to the byte', (t) => {
  const target = Buffer.alloc(20_000);
  for (const text of texts()) {
    const expected = plain.toBuffer(text);
    const end = type.write(text, target, 3);
    t.is(end, 3 + expected.length);
    t.true(target.subarray(3, end).equals(expected), JSON.stringify(text));
    t.is(type.decode(target, 3, end), text);
  }
});

test('room that is too small is told by what is missing, and a body that is cut short is refused', (t) => {
  for (const text of texts()) {
    const { length } = plain.toBuffer(text);
    if (length > 100) continue;
    for (let room = 0; room < length; room++) t.is(type.write(text, Buffer.alloc(room), 0), room - length);
    const body = plain.toBuffer(text);
    t.throws(() => type.decode(body, 0, length - 1), { code: 'INVALID_ARGUMENT', message: /cut short/ });
  }
});

test('a cut surrogate pair is written as U+FFFD', (t) => {
  const target = Buffer.alloc(100);
  for (const text of ['\ud800', 'short \udc00', `${'long '.repeat(8)}\ud83d`]) {
    const end = type.write(text, target, 0);
    t.is(type.decode(target, 0, end), text.toWellFormed());
  }
});
