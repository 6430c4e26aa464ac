import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { checkTypes } from '../../../dag/expression/check-types.ts';
import { compile } from '../../../dag/expression/compile.ts';
import { parseExpression } from '../../../dag/expression/parse-expression.ts';
import { references } from '../../../dag/expression/references.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import { typesOf } from './evaluate.ts';

const words = 'a b x in has size map filter all exists sortBy orValue hasValue matches min true null 1 0.5 1e3 0x1F "s"'
  .split(' ')
  .concat(
    "'t'",
    'r"\\d"',
    '"""u"""',
    '"\\n"',
    ...'+-*/%<>=!&|?:.,()[]{}"\'\\ \n',
    '==',
    '<=',
    '&&',
    '||',
    '.?',
    '// c\n',
  );
const soup = fc.array(fc.constantFrom(...words), { maxLength: 40 }).map((parts) => parts.join(''));
const spaced = fc.array(fc.constantFrom(...words), { maxLength: 40 }).map((parts) => parts.join(' '));
const anything = fc.string({ unit: 'binary', maxLength: 60 });

const values = { a: [1, 2], b: { x: 's', a: null }, x: 3 };
const slots = new Map(Object.keys(values).map((name, slot) => [name, slot]));

test('any text gives problems that lie within it, or an expression that runs or fails in order', (t) => {
  let runs = 0;
  fc.assert(
    fc.property(fc.oneof(soup, spaced, anything), (text) => {
      const { expression, problems } = parseExpression(text);
      if (expression === undefined) {
        assert.ok(problems.length > 0);
        for (const { start, end } of problems) assert.ok(0 <= start && start <= end && end <= text.length, text);
        return;
      }
      runs++;
      assert.ok(references(expression).every((path) => path.length > 0));
      for (const { start, end } of checkTypes(expression, typesOf(values)).problems) {
        assert.ok(0 <= start && start <= end && end <= text.length, text);
      }
      try {
        compile(expression, slots)(Object.values(values));
      } catch (error) {
        assert.ok(error instanceof HeddleError, `${text}: ${(error as Error).stack}`);
      }
    }),
    { numRuns: 5000 },
  );
  t.true(runs > 50, `${runs} of the texts were expressions`);
});

test('the largest texts are read and run in milliseconds', (t) => {
  const largest = [
    '['.repeat(8192),
    `${'['.repeat(60)}${']'.repeat(60)}`,
    Array.from({ length: 498 }, () => 'x').join('+'),
    `b${'.a'.repeat(900)}`,
    `x${'[0]'.repeat(400)}`,
    `[${'1/0,'.repeat(300)}]`,
    `a${'.map(x, x)'.repeat(240)}`,
    `${'1 / 0 + '.repeat(240)}1`,
    `"${'\\n'.repeat(4000)}"`,
    '"a"'.repeat(2700),
    `${'a ? '.repeat(60)}1${' : 1'.repeat(60)}`,
  ];
  for (const text of largest) {
    const before = process.cpuUsage();
    const { expression } = parseExpression(text);
    if (expression !== undefined) {
      checkTypes(expression, typesOf(values));
      try {
        compile(expression, slots)(Object.values(values));
      } catch (error) {
        t.true(error instanceof HeddleError, `${text.slice(0, 40)}: ${(error as Error).stack}`);
      }
    }
    const { user, system } = process.cpuUsage(before);
    t.true(user + system < 2_000_000, `${text.slice(0, 20)} took ${user + system} µs`);
  }
});
