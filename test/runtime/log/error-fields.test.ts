// What was thrown, as a field of a line: whatever it is, to log it does not fail.

import test from 'ava';
import { errorFields, errorTexts } from '../../../runtime/log/error-fields.ts';

const thrower = () => {
  throw new Error('no');
};
const values: [unknown, string][] = [
  [new Error('plain'), 'plain'],
  [Object.freeze(new Error('frozen')), 'frozen'],
  [Object.defineProperty(new Error('getter'), 'at', { enumerable: true, get: thrower }), 'getter'],
  [
    Object.defineProperty(new Error('hidden'), 'message', { get: thrower, configurable: true }),
    'a value of type object that has no text',
  ],
  [Object.create(null), 'a value of type object that has no text'],
  [{ toString: thrower }, 'a value of type object that has no text'],
  [Symbol('s'), 'Symbol(s)'],
  [undefined, 'undefined'],
  ['text', 'text'],
];

test('whatever was thrown has fields and texts', (t) => {
  for (const [value, message] of values) {
    const fields = errorFields(value);
    t.is(typeof fields === 'string' ? fields : (fields as Error).message, message);
    const { message: text } = errorTexts(value);
    t.is(text, message);
  }
});

test('its texts have a bound', (t) => {
  t.is(errorTexts(new Error('x'.repeat(1_000_000))).message.length, 4_096);
});
