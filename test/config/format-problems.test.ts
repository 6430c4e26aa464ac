import test from 'ava';
import { displayWidth, formatProblems } from '../../document/format-problems.ts';
import { ProblemList, Source } from '../../document/problem.ts';
import { editDistance, nearest } from '../../runtime/nearest.ts';
import { least, problemsOf } from './read.ts';

/** What stands over the caret, counted in columns of a terminal. */
function overCaret(text: string): [string, string] {
  const [, line = '', caret = ''] = problemsOf(text).split('\n');
  return [line, caret];
}

test('keeps the caret aligned behind tabs by repeating them', (t) => {
  const [line, caret] = overCaret(`${least}io:\t{ threads:\t0 }`);
  t.is(line, '  io:\t{ threads:\t0 }');
  t.is(caret, '     \t          \t^');
});

test('keeps the caret aligned behind signs that are two columns wide', (t) => {
  const [line, caret] = overCaret(`${least}log: { file: "日本語 🧵 é", level: x }`);
  t.is(line, '  log: { file: "日本語 🧵 é", level: x }');
  t.is(caret.length, displayWidth(line.slice(0, line.indexOf('x'))) + 1);
  t.is(displayWidth('日本語 🧵 e\u0301'), 6 + 1 + 2 + 1 + 1);
  t.is(displayWidth('👩‍👩‍👧‍👦🇩🇪'), 4);
});

test('underlines a wide word over its whole width', (t) => {
  const [, caret] = overCaret('services: { 日本: { module: greeter.ts } }');
  t.is(caret, '              ^^^^');
});

test('reads CRLF and a byte order mark as if they were not there', (t) => {
  t.is(problemsOf(`\ufeffio: { thread: 2 }\r\n${least}`), problemsOf(`io: { thread: 2 }\n${least}`));
  t.is(problemsOf(`io: {}\r\n${least}x: 1\r\n`).split('\n')[1], '  x: 1');
});

test('shows control characters and direction marks as a replacement sign', (t) => {
  const problem = problemsOf(`${least}"\\e[2J\u202e": 1`);
  t.notRegex(problem, /(?!\n)[\p{Cc}\u202e]/u);
});

test('cuts a long line around the caret', (t) => {
  const [line, caret] = overCaret(
    `${least}log: { file: "${'x'.repeat(5000)}", level: wran, levels: { ${'a'.repeat(900)}: x } }`,
  );
  t.true(line.length < 200 && caret.length < 200);
  t.is(line.slice(caret.indexOf('^'), caret.length), 'wran');
});

test('prints a hundred problems and counts the rest', (t) => {
  const printed = problemsOf(`${least}${Array.from({ length: 130 }, (_, index) => `x${index}: 1\n`).join('')}`);
  t.is(printed.split('\n\n').length, 101);
  t.true(printed.endsWith('\n\nand 30 more'));
});

test('prints nothing for no problems', (t) => {
  t.is(formatProblems([]), '');
});

test('sorts by line in the file, then variables by name, then arguments by number', (t) => {
  const list = new ProblemList();
  const add = (kind: 'file' | 'environment' | 'argument', name: string, text: string, start: number): void => {
    list.add({ source: new Source(kind, name, text), start, end: start + 1 }, name);
  };
  add('argument', '--set #10', 'a', 0);
  add('argument', '--set #2', 'a', 0);
  add('environment', 'environment', 'HEDDLE_B__C=1', 0);
  add('environment', 'environment', 'HEDDLE_A__C=1', 0);
  add('file', 'heddle.yaml', 'a\nb', 2);
  const order = list.sorted().map((problem) => `${problem.where} ${problem.sourceLine}`);
  t.deepEqual(order, [
    'heddle.yaml:2:1 b',
    'environment HEDDLE_A__C=1',
    'environment HEDDLE_B__C=1',
    '--set #2 a',
    '--set #10 a',
  ]);
});

test('counts insertions, deletions, changes and swaps as one slip each', (t) => {
  t.is(editDistance('threads', 'threads'), 0);
  t.is(editDistance('thread', 'threads'), 1);
  t.is(editDistance('treads', 'threads'), 1);
  t.is(editDistance('theads', 'threads'), 1);
  t.is(editDistance('thraeds', 'threads'), 1);
  t.is(editDistance('thrxads', 'threads'), 1);
  t.is(editDistance('', 'abc'), 3);
});

test('suggests what is near and keeps still about the rest', (t) => {
  t.is(nearest('timeot', ['timeout', 'threads']), 'timeout');
  t.is(nearest('MAXFIBERS', ['maxFibers']), 'maxFibers');
  t.is(nearest('balance', ['timeout', 'threads']), undefined);
  t.is(nearest('x', ['io']), undefined);
  t.is(nearest('a'.repeat(1000), ['a']), undefined);
});
