import { readFileSync } from 'node:fs';
import test from 'ava';
import { checkTypes } from '../../../dag/expression/check-types.ts';
import { functionNames } from '../../../dag/expression/functions/table.ts';
import { macroNames } from '../../../dag/expression/parse-call.ts';
import { parseExpression } from '../../../dag/expression/parse-expression.ts';
import { anyType, mapOf, numberType } from '../../../dag/expression/types.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import { evaluate, parsed, typesOf, type Variables } from './evaluate.ts';

const page = readFileSync(new URL('../../../docs/expressions.md', import.meta.url), 'utf8');
const values: Variables = JSON.parse(/```json\n([\s\S]*?)```/.exec(page)?.[1] ?? '');

// Some examples ask for fields that these values lack.
const examples = { ...typesOf(values), user: mapOf(anyType), limits: mapOf(numberType) };

/** Rows of all tables with this head, cells without their code marks. */
function rowsOf(head: string): string[][] {
  const tables = page.split(`${head}\n`).slice(1);
  const lines = tables.flatMap((table) => table.split('\n\n')[0]?.split('\n').slice(1) ?? []);
  return lines.map((line) =>
    line
      .slice(2, -2)
      .split(' | ')
      .map((cell) => cell.replace(/^`(.*)`$/, '$1').replaceAll('\\|', '|')),
  );
}

test('every example of the page gives what stands beside it, and passes the checker', (t) => {
  const rows = rowsOf('| expression | gives |');
  t.true(rows.length >= 40);
  for (const [expression = '', gives = ''] of rows) {
    t.is(JSON.stringify(evaluate(expression, values)), JSON.stringify(JSON.parse(gives)), expression);
    t.deepEqual(checkTypes(parsed(expression), examples).problems, [], expression);
  }
});

test('every failure of the page has its code and message', (t) => {
  const rows = rowsOf('| expression | code | message |');
  t.true(rows.length >= 15);
  for (const [expression = '', code, message = ''] of rows) {
    const error = t.throws(() => evaluate(expression, values), { instanceOf: HeddleError }, expression);
    t.is(error?.code, code as HeddleError['code'], expression);
    t.is(error?.message.replace(/ \(at character \d+ of "[\s\S]*"\)$/, ''), message);
    t.is(error?.retry, 'no');
  }
});

test('every problem of the page is found, and it alone', (t) => {
  const rows = rowsOf('| expression | problem |');
  t.true(rows.length >= 25);
  for (const [expression = '', message = ''] of rows) {
    const { expression: tree, problems } = parseExpression(expression);
    const found = tree === undefined ? problems : checkTypes(tree, typesOf(values)).problems;
    t.deepEqual(
      found.map((problem) => problem.message),
      [message],
      expression,
    );
  }
});

test('the page lists all functions and macros', (t) => {
  const told = rowsOf('| function | takes | gives |').map(([cell = '']) => cell.split('(')[0]?.replace('`', ''));
  t.deepEqual([...functionNames].sort(), told.sort());
  const macros = rowsOf('| macro | gives |').map(([cell = '']) => /\.(\w+)\(/.exec(cell)?.[1] ?? '');
  t.deepEqual([...new Set(macros)].sort(), [...macroNames].sort());
});
