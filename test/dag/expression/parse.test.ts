import test from 'ava';
import { expressionBounds } from '../../../dag/expression/bounds.ts';
import { parseExpression } from '../../../dag/expression/parse-expression.ts';
import { parsed } from './evaluate.ts';

/** The tree with every bracket written. */
function shape(text: string): string {
  const { root } = parsed(text);
  const show = (node: typeof root): string => {
    switch (node.kind) {
      case 'binary':
      case 'logic':
        return `(${show(node.left)}${node.operator}${show(node.right)})`;
      case 'unary':
        return `(${node.operator}${show(node.operand)})`;
      case 'choice':
        return `(${show(node.condition)}?${show(node.whenTrue)}:${show(node.whenFalse)})`;
      case 'field':
        return `${show(node.target)}.${node.name}`;
      case 'name':
        return node.name;
      default:
        return text.slice(node.start, node.end);
    }
  };
  return show(root);
}

const shapes = test.macro<[string]>({
  exec: (t, expected) => t.is(shape(expected.replace(/[()]/g, ' ')), expected),
  title: (_title = '', expected) => `binds as ${expected}`,
});
test(shapes, '((a+(b*c))-d)');
test(shapes, '((a-b)-c)');
test(shapes, '((a||(b&&(c==d)))?e:(f?g:h))');
test(shapes, '((!a.b)&&((-c)<d))');
test(shapes, '((((a+b)<c)==d)>=(e%f))');

const problemAt = test.macro<[string, string, number, number]>({
  exec(t, text, message, start, end) {
    const [problem] = parseExpression(text).problems ?? [];
    t.deepEqual({ message: problem?.message, start: problem?.start, end: problem?.end }, { message, start, end });
  },
  title: (_title = '', text) => `says what is wrong in ${JSON.stringify(text.slice(0, 40))}, and where`,
});
test(problemAt, '', 'there is no expression', 0, 0);
test(problemAt, 'a + # b', '"#" has no meaning here', 4, 5);
test(problemAt, 'a b', "b can't stand here", 2, 3);
test(problemAt, 'f(1, 2', 'the expression ends too early: arguments are parted by commas, and ) ends them', 6, 6);
test(problemAt, '{"a" 1}', 'this number can\'t stand here: an entry of a map goes "key": value', 5, 6);
test(problemAt, '[1, 2', 'the expression ends too early: items are parted by commas, and ] ends them', 5, 5);
test(problemAt, 'a ?? 1', 'for a default write a.?b.orValue(…)', 2, 4);
test(problemAt, '1u', 'there is one kind of number; leave out the u', 0, 2);
test(problemAt, '1e999', '1e999 is more than a number can hold', 0, 5);
test(problemAt, 'b"x"', 'there are no byte strings; leave out the b', 0, 1);
test(problemAt, '"a\nb"', 'this string is not closed: " is missing', 0, 2);
test(problemAt, '"\\q"', '\\q is no escape; for a backslash write \\\\, or r"…" for a string without escapes', 1, 3);
test(problemAt, '"\\ud800"', 'there is no character with the number d800', 1, 7);
test(problemAt, 'x.all(y)', 'all goes list.all(x, condition)', 2, 8);
test(problemAt, 'has(1)', 'has takes one access: has(a.b), has(a["b"]) or has(a)', 0, 6);
test(problemAt, 'a.?b + 1', 'this may be absent: end it with .orValue(…) or .hasValue()', 0, 4);
test(problemAt, 'size(a.?b)', 'this may be absent: end it with .orValue(…) or .hasValue()', 5, 9);
test(problemAt, '{1: 2}', 'keys of a map are strings', 1, 2);
test(problemAt, `${'('.repeat(65)}1`, 'nested deeper than 64; split it into several nodes', 65, 66);
test(problemAt, `${'-'.repeat(65)}1`, 'nested deeper than 64; split it into several nodes', 65, 66);

test('names all functions that do not exist, with the nearest that do', (t) => {
  const { problems = [] } = parseExpression('sise(a) + joim(b) + 1');
  t.deepEqual(
    problems.map(({ suggestion, start }) => [suggestion, start]),
    [
      ['size', 0],
      ['join', 10],
    ],
  );
});

test('refuses what is longer or has more parts than its bounds', (t) => {
  const { textCharsMax, nodesMax } = expressionBounds;
  t.truthy(parseExpression(' '.repeat(textCharsMax - 1) + 1).expression);
  t.regex(parseExpression(' '.repeat(textCharsMax) + 1).problems?.[0]?.message ?? '', /more than 8192/);
  const sum = (terms: number) => Array.from({ length: terms }, () => 'a').join('+');
  t.truthy(parseExpression(sum(nodesMax / 2)).expression);
  t.regex(parseExpression(sum(nodesMax / 2 + 1)).problems?.[0]?.message ?? '', /more than 1000 parts/);
  t.regex(
    parseExpression('1+1', { ...expressionBounds, nodesMax: 2 }).problems?.[0]?.message ?? '',
    /more than 2 parts/,
  );
});

test('every node knows its place in the text', (t) => {
  const text = 'user.tags.map(tag, tag + "!")[0] == (x ? 1 : 2)';
  const { root } = parsed(text);
  t.is(root.kind, 'binary');
  if (root.kind !== 'binary' || root.left.kind !== 'index') return t.fail();
  t.is(text.slice(root.left.start, root.left.end), 'user.tags.map(tag, tag + "!")[0]');
  t.is(text.slice(root.left.target.start, root.left.target.end), 'user.tags.map(tag, tag + "!")');
  t.is(text.slice(root.right.start, root.right.end), '(x ? 1 : 2)');
});
