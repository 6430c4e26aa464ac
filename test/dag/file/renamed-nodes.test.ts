import test from 'ava';
import { graph, problemsOf } from './read.ts';

test('a name that expressions can not read is told once, whatever names the node', (t) => {
  const text = graph(
    {
      'my-hotels': '{ run: ./my-hotels.ts#run }',
      rank: '{ run: ./rank.ts#rank, needs: ["my-hotels?"], input: { a: "my-hotels.?x.orValue(1)" }, light: my-hotels }',
      'old.rank': '{ value: my-hotels.x }',
    },
    'degrade: { levels: { 1: { replace: { rank: old.rank } } } }\ntests: [{ name: x, mocks: { my-hotels: { result: 1 } } }]\n',
  );
  const heads = problemsOf(text)
    .split('\n\n')
    .map((one) => one.split('\n')[0]?.replace(/^\S+ /, ''));
  const rule = 'can not name a node: letters, digits and _, beginning with a letter or _, at most 64';
  t.deepEqual(heads, [
    `"my-hotels" ${rule}; did you mean "my_hotels"?`,
    `"old.rank" ${rule}; did you mean "old_rank"?`,
  ]);
});

test('a name that would become one that is taken, or none at all, is left as it is', (t) => {
  for (const name of ['a-b', '1-b']) {
    const told = problemsOf(graph({ a_b: '{ value: 1 }', [name]: '{ value: 2 }' }));
    t.true(told.includes(`"${name}" can not name a node`), told);
    t.false(told.includes('did you mean'), told);
  }
});
