// Lines for a terminal.

import test from 'ava';
import { humanLines } from '../../../runtime/log/human-line.ts';

const line = (fields: object) =>
  `${JSON.stringify({ level: 'info', time: 0, source: 'io-1', component: 'acceptor', ...fields })}\n`;

test('one line: time, level, thread, component, sentence, fields', (t) => {
  const text = humanLines(line({ port: 7000, host: '::1', msg: 'listening' }), false);
  t.regex(text, /^\d\d:\d\d:\d\d\.000 INFO {2}io-1 acceptor: listening port=7000 host="::1"\n$/);
});

test('an error shows its sentence, and its stack and causes below', (t) => {
  const cause = { message: 'gone', stack: 'Error: gone' };
  const err = { message: 'no', stack: 'Error: no\n    at f (x.ts:1:1)', cause };
  const text = humanLines(line({ err, msg: 'failed' }), false);
  t.true(
    text.endsWith('acceptor: failed err="no"\n    Error: no\n        at f (x.ts:1:1)\n    caused by Error: gone\n'),
    text,
  );
});

test('a terminal is never steered by logged text', (t) => {
  const text = humanLines(
    line({ 'na\x1bme': '\x9b2J', msg: '\x1b[2Jgone\r\n', err: { stack: '\x1b]0;title\x07' } }),
    false,
  );
  const isControl = (character: string) => character < ' ' || (character >= '\x7f' && character < '\xa0');
  t.deepEqual([...text].filter(isControl), ['\n', '\n']);
  t.true(text.includes('\\x1b[2Jgone\\x0d\\x0a'));
});

test('what is no log line passes as it is', (t) => {
  t.is(humanLines('half a li\n"text"\n', false), 'half a li\n"text"\n');
});

test('colors the level and nothing else', (t) => {
  const text = humanLines(line({ level: 'error', msg: 'x' }), true);
  t.is(text.slice('00:00:00.000'.length), ' \x1b[31mERROR\x1b[0m io-1 acceptor: x\n');
});
