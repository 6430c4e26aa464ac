import test from 'ava';
import { loadStrategies } from '../../../dag/load/load-strategies.ts';
import { folderOf, heddleIndex } from './folder.ts';

const contract = `
import { json, method, service } from ${heddleIndex};
import { z } from ${JSON.stringify(import.meta.resolve('zod'))};
export const Users = service('demo.Users', {
  get: method(json(z.object({ id: z.string() }), z.object({ segment: z.string() })), { reads: true }),
  add: method(json(z.object({ id: z.string() }), z.object({ ok: z.boolean() }))),
});
`;
const rank = 'export function rank(input: unknown) { return input; }\n';

const feed = `strategy: feed
request: { user: string }
budget: { total: 80ms }
nodes:
  users: { call: ./contract.ts#Users/get, input: { id: request.user }, retry: { attempts: 2 } }
  rank: { run: ./rank.ts#rank, input: { segment: users.segment } }
output: { items: rank }
`;

test('files and modules become one set of definitions', async (t) => {
  const { source } = folderOf(t, {
    'contract.ts': contract,
    'rank.ts': rank,
    'feed.yaml': feed,
    'more.ts': `
      import { strategy } from ${heddleIndex};
      export const second = strategy('second', { nodes: { feed: { strategy: 'feed', input: { user: "'a'" } } }, output: 'feed' });
      export const first = strategy('first', { nodes: { one: { run: () => 1 } }, output: 'one' });
      export default first;
      export const limit = 7;
    `,
  });
  const { definitions, problems, texts, known } = await loadStrategies([source('feed.yaml'), source('more.ts')]);
  t.deepEqual(problems, []);
  t.deepEqual(
    definitions.map(({ name }) => name),
    ['feed', 'first', 'second'],
  );
  t.deepEqual(texts, { 'feed.yaml': feed });
  t.deepEqual(known.feed, {
    idempotent: { users: true },
    responses: { users: { kind: 'record', fields: { segment: { kind: 'string' } } } },
  });
  t.deepEqual(structuredClone(definitions), definitions);
});

test('a method is checked by its contract: what it takes, what it gives, and that it may be tried again', async (t) => {
  const { source, printed } = folderOf(t, {
    'contract.ts': contract,
    'feed.yaml': `strategy: feed
request: { user: string, age: number }
budget: { total: 80ms }
nodes:
  get: { call: ./contract.ts#Users/get, input: { id: request.age } }
  add: { call: ./contract.ts#Users/add, input: { id: get.segmnet }, retry: { attempts: 2 } }
output: { done: add.ok }
`,
  });
  const loaded = await loadStrategies([source('feed.yaml')]);
  const text = printed(loaded);
  t.regex(text, /^feed\.yaml:5:\d+: input\.id of get/m);
  t.regex(text, /^feed\.yaml:6:\d+: .*segmnet.*did you mean "segment"\?$/m);
  t.regex(text, /^feed\.yaml:6:\d+: add can't be retried, since Users\/add is not idempotent/m);
  t.deepEqual(loaded.known.feed?.idempotent, { get: true, add: false });
});

test('all that lacks behind nodes is told at once, each at its node, in the order of the file', async (t) => {
  const { source, printed } = folderOf(t, {
    'contract.ts': contract,
    'rank.ts': rank,
    'broken.ts': 'throw new Error("no model");\n',
    'feed.yaml': `strategy: feed
budget: { total: 80ms }
nodes:
  one: { run: ./rank.ts#rnak }
  two: { call: ./contract.ts#Users/fetch }
  three: { run: ./broken.ts#run }
  four: { run: ./gone.ts#run }
  five: { run: ./contract.ts#Users }
  six: { call: ./contract.ts#Users/gte }
output: [one, two, three, four, five, six]
`,
  });
  const lines = printed(await loadStrategies([source('feed.yaml')]))
    .split('\n\n')
    .map((one) => one.split('\n')[0]);
  t.deepEqual(lines, [
    'feed.yaml:4:15: /srv/rank.ts exports no rnak; did you mean rank?',
    'feed.yaml:5:16: /srv/contract.ts: Users is no contract with a method fetch; it has get, add',
    'feed.yaml:6:17: /srv/broken.ts: it does not load: Error: no model (at /srv/broken.ts:1:7)',
    'feed.yaml:7:16: the module "./gone.ts" does not exist: looked at /srv/gone.ts',
    'feed.yaml:8:16: /srv/contract.ts: Users is no function (input, fiber) => output',
    'feed.yaml:9:16: /srv/contract.ts: Users is no contract with a method gte; did you mean get?',
  ]);
});

test('a file that can not be read and a module without strategies are problems beside the others', async (t) => {
  const { source, printed } = folderOf(t, {
    'none.ts': 'export const a = 1;\n',
    'empty.ts': 'export {};\n',
    'throws.mjs': 'throw new TypeError("x");\n',
    'syntax.ts': 'export const = 1;\n',
    'latin.yaml': Buffer.from([0x61, 0x3a, 0xe9]).toString('latin1'),
    'feed.yaml': 'strategy: feed\nnodes: { a: { value: 1 } }\noutput: b\n',
  });
  const names = ['none.ts', 'empty.ts', 'throws.mjs', 'syntax.ts', 'gone.yaml', 'feed.yaml'];
  const text = printed(await loadStrategies(names.map(source)));
  t.regex(text, /^none\.ts: exports no strategy, only a: write export const/m);
  t.regex(text, /^empty\.ts: exports no strategy, only nothing/m);
  t.regex(text, /^throws\.mjs: it does not load: TypeError: x \(at \/srv\/throws\.mjs:1:7\)$/m);
  t.regex(text, /^syntax\.ts: it does not load: SyntaxError: /m);
  t.regex(text, /^gone\.yaml: no such file: looked at \/srv\/gone\.yaml$/m);
  t.regex(text, /^feed\.yaml:3:9: there is no .*b/m);
});

test('a strategy that two modules export is one', async (t) => {
  const { source } = folderOf(t, {
    'feed.ts': `import { strategy } from ${heddleIndex};\nexport const feed = strategy('feed', { nodes: { a: { value: 1 } }, output: 'a' });\n`,
    'all.ts': "export * from './feed.ts';\n",
  });
  const { definitions, problems } = await loadStrategies([source('feed.ts'), source('all.ts')]);
  t.deepEqual(problems, []);
  t.is(definitions.length, 1);
});

test('pools and the version that runs are checked against', async (t) => {
  const text = (pool: string, weights: [number, number], slots = '0-99999') => `strategy: feed
request: { user: string }
budget: { total: 80ms }
nodes:
  a: { run: ./rank.ts#rank, pool: ${pool}, input: { k: params.k } }
output: a
layers:
  ui:
    unit: request.user
    params: { k: { default: 1 } }
    experiments:
      more: { slots: [ ${slots} ], variants: { a: { weight: ${weights[0]} }, b: { weight: ${weights[1]}, params: { k: 2 } } } }
`;
  const { source, printed } = folderOf(t, {
    'rank.ts': rank,
    'old.yaml': text('rank', [50, 50]),
    'new.yaml': text('rnak', [50, 50], '0-49999'),
  });
  const pools = new Set(['rank', 'io']);
  const old = await loadStrategies([source('old.yaml')], { pools });
  t.is(printed(old), '');
  const loaded = await loadStrategies([source('new.yaml')], { pools, previous: old.definitions });
  t.regex(printed(loaded), /^new\.yaml:5:\d+: there is no pool "rnak"; did you mean "rank"\?$/m);
  t.regex(printed(loaded), /^new\.yaml:12:\d+: .*more/m);
});

test('without modules nothing is imported and nothing of them is checked', async (t) => {
  const { source } = folderOf(t, { 'feed.yaml': feed });
  const { problems, definitions } = await loadStrategies([source('feed.yaml')], {}, { modules: false });
  t.deepEqual(problems, []);
  t.is(definitions.length, 1);
});
