import test from 'ava';
import { graph, settled } from './read.ts';

/** `hard` and `soft` of each node. */
function edgesOf(t: Parameters<typeof settled>[0], nodes: Record<string, string>, rest = '') {
  const { definition } = settled(t, graph(nodes, rest));
  return Object.fromEntries(definition.nodes.map(({ name, hard, soft }) => [name, [hard.join(' '), soft.join(' ')]]));
}

const sources = { a: '{ value: 1 }', b: '{ value: 2 }', c: '{ value: 3 }' };

test('a node waits for every node that one of its expressions names', (t) => {
  const edges = edgesOf(t, {
    ...sources,
    input: "{ run: ./x.ts#x, input: { p: [c.x, { q: 'b + a' }] } }",
    value: `{ value: { p: a.x.y, q: ['b["k"]'] } }`,
    when: '{ run: ./x.ts#x, when: c > request.k && params.on }',
    each: '{ run: ./x.ts#x, foreach: { in: b.items, maxItems: 9 }, input: [item, a] }',
    key: '{ run: ./x.ts#x, cache: { key: a.id + b.id, ttl: 1s } }',
    none: '{ value: ["\'a\'", 1, request.a, params.b] }',
  });
  t.deepEqual(edges, {
    a: ['', ''],
    b: ['', ''],
    c: ['', ''],
    input: ['a b c', ''],
    value: ['a b', ''],
    when: ['c', ''],
    each: ['a b', ''],
    key: ['a b', ''],
    none: ['', ''],
  });
});

test("variables of macros and a foreach's item are no nodes", (t) => {
  const edges = edgesOf(t, {
    ...sources,
    macro: '{ value: "request.items.map(a, a.x + b)" }',
    each: '{ run: ./x.ts#x, foreach: { in: request.items, as: one, maxItems: 9 }, input: { p: one.c } }',
  });
  t.deepEqual(
    [edges.macro, edges.each],
    [
      ['b', ''],
      ['', ''],
    ],
  );
});

test('needs adds nodes, and a question mark makes them soft, named or not', (t) => {
  const edges = edgesOf(t, {
    x: '{ run: ./x.ts#x, needs: [c, a?, b?], input: { p: "b.?p.orValue(1)" } }',
    ...sources,
  });
  t.deepEqual(edges.x, ['c', 'a b']);
});

test('edges stand in the order of the file, each once', (t) => {
  const edges = edgesOf(t, { x: '{ value: c + b + a + c, needs: [c, b] }', ...sources });
  t.deepEqual(edges.x, ['a b c', '']);
});

test('what only a fallback reads is soft; what the node reads too stays hard', (t) => {
  const edges = edgesOf(t, {
    ...sources,
    x: '{ run: ./x.ts#x, input: { p: a }, fallback: [{ value: { q: a, r: "b.?r.orValue(1)" } }, { node: c }] }',
  });
  t.deepEqual(edges.x, ['a', 'b']);
});

test('a level that changes an input adds what the new one reads; what takes a place is no dependency', (t) => {
  const degrade = 'degrade: { levels: { 1: { input: { x: { p: b } }, replace: { x: c } } } }\n';
  const edges = edgesOf(t, { ...sources, x: '{ run: ./x.ts#x, input: { p: a }, light: c }' }, degrade);
  t.deepEqual(edges.x, ['a b', '']);
});

test('the output needs the nodes that it names, in the order of the file', (t) => {
  const text =
    'strategy: s\nnodes: { a: { value: 1 }, b: { value: 1 }, c: { value: 1 } }\noutput: { x: [c.y], z: a }\n';
  t.deepEqual(settled(t, text).definition.outputNeeds, ['a', 'c']);
});

test('names of no node make no edge: whoever checks names tells', (t) => {
  t.deepEqual(edgesOf(t, { x: '{ value: ghost + a, needs: [spirit, wraith?] }', ...sources }).x, ['a', '']);
});
