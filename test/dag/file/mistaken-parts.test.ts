import test from 'ava';
import { graph, problemsOf } from './read.ts';

const folder = new URL('.', import.meta.url).pathname;

/** Of one node called x; the first line, and what the caret stands under. */
function told(node: string, options = {}) {
  const [first = '', line = '', caret = ''] = problemsOf(graph({ x: node }), options).split('\n');
  return [first.replace(/^feed.yaml:\d+:\d+: /, ''), line.slice(caret.indexOf('^'), caret.lastIndexOf('^') + 1)];
}

test('a mistake of syntax is told at its characters, with what was likely meant', (t) => {
  t.deepEqual(told('{ value: "1 + siez(request.items)" }'), [
    'there is no function siez; did you mean "size"?',
    'siez',
  ]);
  t.deepEqual(told('{ run: ./x.ts#x, when: a === 1 }'), ['equality is written ==', '===']);
  t.deepEqual(told(`{ run: ./x.ts#x, cache: { key: "request.?k", ttl: 1s } }`), [
    'this may be absent: end it with .orValue(…) or .hasValue()',
    'request.?k',
  ]);
});

test('a node does exactly one thing', (t) => {
  t.deepEqual(told('{ when: request.x }'), ['x does nothing: give it one of run, call, strategy, value', 'x']);
  t.deepEqual(told('{ value: 1, strategy: feed }'), ['x has both strategy and value: a node does one thing', 'value']);
});

test('a node has only what its work can have', (t) => {
  t.deepEqual(told('{ value: 1, input: {} }')[1], 'input');
  t.deepEqual(told('{ value: 1, timeout: 1s }')[1], 'timeout');
  t.deepEqual(told('{ strategy: feed, retry: {} }'), [
    'x can not have retry: a strategy has them at its own nodes',
    'retry',
  ]);
  t.deepEqual(told('{ call: ./x.ts#X/x, pool: cpu }'), [
    'x can not have pool: a call runs where its service does',
    'pool',
  ]);
});

test('a module must be there, and the nearest file is named', (t) => {
  t.deepEqual(told('{ run: ./red.ts#read }', { folder }), [
    `the module "./red.ts" does not exist: looked at ${folder}red.ts; did you mean "./read.ts"?`,
    './red.ts',
  ]);
  t.deepEqual(told('{ call: ./read#Read/read }', { folder })[0]?.split('; ')[1], 'did you mean "./read.ts"?');
  t.regex(told('{ run: ../file#x }', { folder })[0] ?? '', /"..\/file" is not a file/);
  t.deepEqual(told('{ run: ./read.ts#read }', { folder }), ['', '']);
  t.deepEqual(told('{ run: ./red.ts#read }'), ['', '']);
});

test('what expressions can not read, or read already, names neither node nor item', (t) => {
  t.regex(problemsOf(graph({ request: '{ value: 1 }' })), /3:3: "request" can not name a node: .* the request by it/);
  t.regex(problemsOf(graph({ params: '{ value: 1 }' })), /3:3: "params" can not name a node/);
  for (const name of ['true', 'null', 'in', 'for', 'function']) {
    t.regex(
      problemsOf(graph({ [name]: '{ value: 1 }' })),
      /3:3: "\w+" can not name a node: it is a word of expressions/,
    );
    t.deepEqual(told(`{ run: ./x.ts#x, foreach: { in: request.x, maxItems: 1, as: ${name} } }`)[1], name);
  }
  t.deepEqual(told('{ run: ./x.ts#x, foreach: { in: request.x, maxItems: 1, as: x } }'), [
    'the items of x can not be called x: a node is called so; give them another name by `as`',
    'x',
  ]);
});

test('values that JSON can not say are refused', (t) => {
  t.deepEqual(told('{ value: [1, .inf] }'), ['Infinity is no value of JSON', '.inf']);
  t.regex(problemsOf(graph({ x: '{ value: 1 }' }, 'tests: [{ name: x, request: .nan }]\n')), /NaN is no value of JSON/);
});
