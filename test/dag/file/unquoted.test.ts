import test from 'ava';
import { explainUnquoted, inYamlQuotes } from '../../../dag/file/unquoted.ts';
import { parseYaml } from '../../../document/parse-yaml.ts';
import { ProblemList, Source } from '../../../document/problem.ts';
import { graph, problemsOf } from './read.ts';

/** Whole YAML of a text that lacks quotes, and of what is told about it. */
function told(value: string): string {
  const [first = ''] = problemsOf(graph({ a: `{ value: { x: ${value}, y: 1 } }`, b: `{ value: 1 }` })).split('\n');
  return first.replace(/^\S+ /, '');
}

const slips = [
  'request.ids[0]',
  'request["a"].b[0]',
  '[1, 2][0]',
  '"a" + request.b',
  "'a' + request.b",
  '!request.b',
  '!(request.a && request.b)',
  'request.a ? {"b": 1} : {"b": 2}',
  'request.a == "b" ? "c" : "d"',
  'request.list.map(x, x.ids[0])',
];

for (const slip of slips) {
  test(`an unquoted ${slip} is told with its quotes, and they mend it`, (t) => {
    const quoted = inYamlQuotes(slip);
    t.is(told(slip), `put the expression in quotes: ${quoted}`);
    t.is(told(quoted), '');
  });
}

test('an expression that YAML ends at a comma or a bracket is told as a whole', (t) => {
  t.is(told('max(1, 2)'), 'YAML ends this text at the comma; put the expression in quotes: "max(1, 2)"');
  t.is(told('size(request.a'), 'the expression ends too early: arguments are parted by commas, and ) ends them');
});

test('a file of slips is told each of them once, and nothing of what follows from them', (t) => {
  const nodes = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`n${at}`, `{ value: request.a[${at}] }`]));
  const heads = problemsOf(graph(nodes)).split('\n\n');
  t.is(heads.length, 20);
  for (const [at, head] of heads.entries()) t.true(head.includes(`put the expression in quotes: "request.a[${at}]"`));
});

test('quotes are the ones that need the least', (t) => {
  t.is(inYamlQuotes('a[0]'), '"a[0]"');
  t.is(inYamlQuotes('a["b"]'), `'a["b"]'`);
  t.is(inYamlQuotes(`a["b"] + 'c'`), `"a[\\"b\\"] + 'c'"`);
});

test('what is no expression is not explained', (t) => {
  t.is(explainUnquoted('a: { b: c[0', 10), undefined);
  t.is(explainUnquoted('a: { b: [c d, e', 14), undefined);
  t.is(explainUnquoted('', 0), undefined);
});

test('of broken YAML the first mistake of a section is told, and no expression in a config', (t) => {
  const problems = new ProblemList();
  const text = 'a: { b: c[0] }\nd:\n  e: f: g\n  h: i: j\nk: l: m\n';
  t.is(parseYaml(new Source('file', 'heddle.yaml', text), problems), undefined);
  t.deepEqual(
    problems.sorted().map(({ where, message }) => `${where}: ${message}`),
    ['heddle.yaml:1:10: not valid YAML: unexpected flow-seq-start at node end'],
  );
});
