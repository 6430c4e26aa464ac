import test from 'ava';
import { atLevel } from '../../cli/dag/at-level.ts';
import { readStrategy } from '../../dag/file/read-strategy.ts';
import { ProblemList, Source } from '../../document/problem.ts';

const text = `strategy: feed
budget: { total: 80ms }
nodes:
  user: { run: ./a.ts#a }
  recall: { run: ./a.ts#a, input: { user: user } }
  extra: { run: ./a.ts#a, input: { user: user, k: 3 } }
  more: { run: ./a.ts#a, input: { items: extra.items } }
  either: { run: ./a.ts#a, needs: [ extra, recall ], join: "any" }
  rank: { run: ./a.ts#a, needs: [ more?, either ], input: { items: recall } }
  light: { run: ./a.ts#a, input: { items: recall } }
output: rank
degrade:
  levels:
    1: { input: { extra: { k: 1 } } }
    2: { skip: [ extra ] }
    4: { replace: { rank: light } }
`;
const { definition } = readStrategy(new Source('file', 'feed.yaml', text), new ProblemList(), {})!;
const nodesAt = (level: number) => atLevel(definition, level).nodes.map(({ name }) => name);

test('level 0 is the whole graph, and an input that a level changes is changed', (t) => {
  t.is(atLevel(definition, 0), definition);
  const extra = atLevel(definition, 1).nodes.find(({ name }) => name === 'extra')!;
  t.deepEqual(extra.input, {
    kind: 'map',
    entries: [
      ['user', { kind: 'expression', text: 'user' }],
      ['k', { kind: 'constant', value: 1 }],
    ],
  });
});

test('what needs a node that is skipped goes with it; what can do without it stays', (t) => {
  t.deepEqual(nodesAt(2), ['user', 'recall', 'either', 'rank']);
  const either = atLevel(definition, 2).nodes.find(({ name }) => name === 'either')!;
  t.deepEqual(either.hard, ['recall']);
});

test('a level between two holds as the lower one, and includes all below it', (t) => {
  t.deepEqual(nodesAt(3), nodesAt(2));
  t.deepEqual(nodesAt(4), ['user', 'recall', 'rank', 'light']);
  t.deepEqual(nodesAt(9), nodesAt(4));
});
