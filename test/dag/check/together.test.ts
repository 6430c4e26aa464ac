// Mistakes that need several files, or another world than that of the table.

import test from 'ava';
import { checkStrategies } from '../../../dag/check/check-strategies.ts';
import { readStrategy } from '../../../dag/file/read-strategy.ts';
import { ProblemList, Source } from '../../../document/problem.ts';
import { feed, known, photo, told } from './world.ts';

/** A strategy that runs another, for each of `maxItems` if it is given. */
function caller(name: string, callee: string, maxItems?: number): string {
  const foreach = maxItems === undefined ? '' : `, foreach: { in: request.list, maxItems: ${maxItems} }`;
  return `strategy: ${name}\nnodes:\n  next: { strategy: ${callee}${foreach} }\noutput: next\n`;
}

const mistake = test.macro({
  title: (law) => `tells ${law}`,
  exec(t, files: Readonly<Record<string, string>>, ...printed: string[]) {
    t.is(told(files), printed.join('\n'));
  },
});

test(
  'two strategies of one name',
  mistake,
  { 'feed.yaml': feed, 'photo.yaml': photo, 'picture.yaml': photo },
  'picture.yaml:1:11: there are two strategies named feed.photo; the other stands at photo.yaml:1',
  '  strategy: feed.photo',
  '            ^^^^^^^^^^',
);
test(
  'strategies that run each other',
  mistake,
  { 'a.yaml': caller('a', 'b'), 'b.yaml': caller('b', 'c'), 'c.yaml': caller('c', 'a'), 'd.yaml': caller('d', 'a') },
  'a.yaml:3:21: these strategies run each other, without an end: a → b → c → a',
  '    next: { strategy: b }',
  '                      ^',
);
test(
  'lists within lists that are too long together',
  mistake,
  {
    'a.yaml': caller('a', 'b', 100),
    'b.yaml': caller('b', 'c', 500),
    'c.yaml': caller('c', 'd', 10),
    'd.yaml': photo.replace('feed.photo', 'd').replace('{ id: string }', '{ id: string? }'),
  },
  'a.yaml:3:63: one run could make 5,000,000 items, more than 100,000: 100 of a.next × 500 of b.next × 10 of c.next × 10 of d.sizes; lower one of the maxItems',
  '    next: { strategy: b, foreach: { in: request.list, maxItems: 100 } }',
  '                                                                ^^^',
);
test(
  'parameters where there are no layers',
  mistake,
  { 'a.yaml': 'strategy: a\nnodes:\n  n: { value: params.size * 2 }\noutput: n\n' },
  'a.yaml:3:22: there is no parameter "size", and no layer that could own one: declare it under layers.<layer>.params',
  '    n: { value: params.size * 2 }',
  '                       ^^^^',
);
test(
  'a level that skips one too many for a quorum',
  mistake,
  {
    'a.yaml': `strategy: a
nodes:
  x: { run: ./x.ts#x }
  y: { run: ./x.ts#y }
  z: { run: ./x.ts#z }
  two: { run: ./x.ts#two, needs: [x, y, z], join: quorum 2 }
  none: { run: ./x.ts#none, needs: [x, y], join: none_failed }
output: [two, none]
degrade: { levels: { 1: { skip: [x] }, 2: { skip: [y] } } }
`,
  },
  'a.yaml:9:34: level 1 skips x, and then every run fails, since the output needs it: x → two → output; replace it with another node, or let two do without it (needs: [x?])',
  '  degrade: { levels: { 1: { skip: [x] }, 2: { skip: [y] } } }',
  '                                   ^',
);

const ramp = feed.replace('slots: [0-99999]', 'slots: [0-49999]').replace('{ default: light', '{ default: full');

test('tells what a new version would do to a running experiment', (t) => {
  const files = { 'feed.yaml': ramp.replace('when: request.k > 10', 'when: request.k > 20'), 'photo.yaml': photo };
  const before = readStrategy(new Source('file', 'feed.yaml', feed), new ProblemList());
  const previous = new Map([['feed.recommend', before!.definition]]);
  t.is(
    told(files, { ...known, previous }),
    [
      "feed.yaml:46:16: running experiment 'extra-items' loses 50000 of its 100000 slots, 50000-99999: 5% of all units leave it; slots may only be added; to change it, stop 'extra-items' and start a new experiment under a new name",
      '          slots: [0-49999]',
      '                 ^^^^^^^^^',
      '',
      "feed.yaml:47:15: when of running experiment 'extra-items' changes from 'request.k > 10' to 'request.k > 20': up to 10% of all units leave, whoever meets only the first; to change it, stop 'extra-items' and start a new experiment under a new name",
      '          when: request.k > 20',
      '                ^^^^^^^^^^^^^^',
    ].join('\n'),
  );
});

test('does not check what is not known', (t) => {
  const text = feed.replace('pool: rank', 'pool: other').replace('k: request.k * 3', 'kk: request.k * 3');
  t.is(told({ 'feed.yaml': text, 'photo.yaml': photo }, {}), '');
});

test('takes reads that ask first', (t) => {
  for (const read of [
    'has(extra) ? extra : []',
    'has(extra.items) && extra.items.size() > 0 ? extra.items : []',
    '!has(extra) || extra.items.size() == 0',
    'extra[?\\"items\\"][?0].id.orValue(\\"none\\")',
    'extra.?items.hasValue() ? extra.items : []',
    '[1, 2].map(extra, extra + 1)',
  ]) {
    const text = feed.replace('extra.?items.orValue([])', () => read);
    t.is(told({ 'feed.yaml': text, 'photo.yaml': photo }), '', read);
  }
});

test('takes a signal that is lowered at 0', (t) => {
  const text = feed.replace('signal: queueDelay, above: 10, below: 5', 'signal: openBreakers, above: 0');
  t.is(told({ 'feed.yaml': text, 'photo.yaml': photo }), '');
});

test('takes what a higher level says of a node in place of what a lower one says', (t) => {
  const text = feed
    .replace('skip: [extra], input: { rank: { size: 10 } }', 'replace: { popular: rankLight }')
    .replace('2: { replace: { rank: rankLight } }', '2: { skip: [popular], replace: { rank: rankLight } }')
    .replace('skipped: [extra], ', '');
  t.is(told({ 'feed.yaml': text, 'photo.yaml': photo }), '');
});

test('takes defaults that do not apply to what is not idempotent', (t) => {
  const text = feed
    .replace('defaults: { timeout: 30ms }', 'defaults: { timeout: 30ms, retry: { attempts: 2 }, hedge: p95 }')
    .replace('#Popular/list }', '#Orders/create, input: { id: request.user } }');
  t.is(told({ 'feed.yaml': text, 'photo.yaml': photo }), '');
});

test('takes a read as proven by when', (t) => {
  const guarded = feed
    .replace('"extra.?items.orValue([])"', 'extra.items')
    .replace('pool: rank\n', 'pool: rank\n    when: has(extra.items)\n')
    .replace('path: [profile, recall]', 'path: [profile]');
  t.is(told({ 'feed.yaml': guarded, 'photo.yaml': photo }), '');
});

test('says nothing about edges that lack only since a name is wrong', (t) => {
  const text = feed.replace('input: { items: recall.items, more', 'input: { items: recal.items, more');
  t.is(told({ 'feed.yaml': text, 'photo.yaml': photo }).match(/^feed/gm)?.length, 1);
});

test('needs no long time for large graphs and for types that would grow without end', (t) => {
  const nodes = Array.from({ length: 250 }, (_, at) => {
    const before = Array.from({ length: at }, (_, other) => `n${other}`);
    return `  n${at}: { value: { a: ${at === 0 ? 1 : `n${at - 1}`}, b: ${at === 0 ? 1 : `n${at - 1}`} }, needs: [${before.join(', ')}] }`;
  });
  const levels = Array.from({ length: 10 }, (_, at) => `    ${at + 1}: { replace: { n240: n${at} } }`);
  const text = `strategy: a\nnodes:\n${nodes.join('\n')}\noutput: n249.a\ndegrade:\n  levels:\n${levels.join('\n')}\n`;
  const problems = new ProblemList();
  const read = readStrategy(new Source('file', 'a.yaml', text), problems);
  const started = process.cpuUsage().user;
  checkStrategies([read!], {}, problems);
  t.deepEqual(problems.sorted(), []);
  t.true(process.cpuUsage().user - started < 5_000_000);
});
