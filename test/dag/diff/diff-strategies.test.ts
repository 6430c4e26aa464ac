import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import type { NodeDefinition, StrategyDefinition } from '../../../dag/definition.ts';
import { diffStrategies } from '../../../dag/diff/diff-strategies.ts';
import { formatDiff } from '../../../dag/diff/format-diff.ts';
import { expression, layer, node, strategy, template, testOf } from './world.ts';

/** Lines about one strategy, without its head. */
function lines(before: Partial<StrategyDefinition>, after: Partial<StrategyDefinition>): string[] {
  const text = formatDiff(diffStrategies([strategy(before)], [strategy(after)]));
  return text === 'nothing changed'
    ? []
    : text
        .split('\n')
        .slice(1)
        .map((line) => line.slice(2));
}

/** Every field is there, so that each can change. */
const full = node('rank', {
  input: template({ k: 'request.k', items: 'recall.items' }),
  hard: ['recall'],
  soft: ['extra'],
  when: 'request.k > 0',
  foreach: { in: 'recall.items', as: 'item', maxItems: 100, parallel: 4, quorum: 3, failed: 'hole' },
  pool: 'rank',
  timeoutMs: 20,
  retry: { attempts: 2, backoffMs: 10, on: ['UNAVAILABLE'] },
  hedge: { quantile: 0.95, max: 1, minimumMs: 2 },
  cache: { key: 'request.k', ttlMs: 60_000, staleMs: 0, maxEntries: 1000 },
  breaker: { failures: 0.5, windowMs: 10_000, minCalls: 20, openForMs: 5000 },
  concurrency: 10,
  fallback: [{ kind: 'stale' }],
  light: 'rankLight',
  estimateMs: 8,
});

/** For each field: its new value, and the lines that say so. `satisfies`: a new field must be added here. */
const changes = {
  name: ['best', ['+ best  run rank.ts#run', '- rank  run rank.ts#run']],
  work: [
    { kind: 'call', moduleUrl: 'file:///app/contract.ts', exportName: 'Rank', method: 'score' },
    ['~ rank  work run rank.ts#run → call contract.ts#Rank/score'],
  ],
  input: [
    template({ k: 'request.k * 2', n: '1' }),
    ['~ rank  input.k request.k → request.k * 2', '+ input.n 1', '- input.items recall.items'],
  ],
  hard: [['other'], ['~ rank  + needs other', '- needs recall']],
  soft: [[], ['~ rank  - needs extra?']],
  join: [{ kind: 'quorum', count: 2 }, ['~ rank  join all → quorum 2']],
  when: [undefined, ['~ rank  - when request.k > 0']],
  foreach: [
    { ...full.foreach!, parallel: 8, quorum: undefined, failed: 'drop' },
    ['~ rank  foreach.parallel 4 → 8', '- foreach.quorum 3', 'foreach.failed hole → drop'],
  ],
  pool: ['cpu', ['~ rank  pool rank → cpu']],
  timeoutMs: [30, ['~ rank  timeout 20ms → 30ms']],
  retry: [undefined, ['~ rank  - retry attempts 2, backoff 10ms, on UNAVAILABLE']],
  hedge: [{ quantile: 0.99, max: 2, minimumMs: 2 }, ['~ rank  hedge.quantile 95% → 99%', 'hedge.max 1 → 2']],
  cache: [{ ...full.cache!, ttlMs: 90_000 }, ['~ rank  cache.ttl 1m → 90s']],
  breaker: [{ ...full.breaker!, failures: 1 / 3 }, ['~ rank  breaker.failures 50% → 33.3333%']],
  concurrency: [undefined, ['~ rank  - concurrency 10']],
  fallback: [
    [{ kind: 'stale' }, { kind: 'value', value: template({ items: '[]' }) }, { kind: 'node', node: 'old' }],
    ['~ rank  fallback stale → stale, then value { items: [] }, then node old'],
  ],
  light: ['rankTiny', ['~ rank  light rankLight → rankTiny']],
  estimateMs: [9, ['~ rank  estimate 8ms → 9ms']],
} as const satisfies { [Field in keyof NodeDefinition]: readonly [NodeDefinition[Field], readonly string[]] };

for (const [field, [value, expected]] of Object.entries(changes)) {
  test(`tells that ${field} of a node changed`, (t) => {
    t.true(Object.hasOwn(full, field));
    t.not((full as unknown as Record<string, unknown>)[field], undefined);
    const told = lines({ nodes: [full] }, { nodes: [{ ...full, [field]: value }] });
    t.deepEqual(
      told.map((line, at) => (at === 0 || field === 'name' ? line : line.trimStart())),
      [...expected],
    );
    t.is(lines({ nodes: [{ ...full, [field]: value }] }, { nodes: [full] }).length > 0, true);
  });
}

test('every field of a node can change', (t) => {
  t.deepEqual(Object.keys(changes).sort(), Object.keys(full).sort());
});

test('a field that a node gains tomorrow is told too', (t) => {
  const older: NodeDefinition & { priority: number } = { ...full, priority: 1 };
  t.deepEqual(lines({ nodes: [older] }, { nodes: [{ ...older, priority: 2 } as NodeDefinition] }), [
    '~ rank  priority 1 → 2',
  ]);
});

const tells = test.macro<[Partial<StrategyDefinition>, Partial<StrategyDefinition>, string[]]>({
  exec(t, before, after, expected) {
    t.deepEqual(lines(before, after), expected);
  },
  title: (title) => `tells ${title}`,
});

test('the description', tells, { description: 'old' }, { description: 'new' }, ['~ description old → new']);
test(
  'the budget',
  tells,
  {},
  { budget: { totalMs: Number.POSITIVE_INFINITY, reserveMs: 5, retries: 0.1, hedges: 0.05 } },
  ['~ budget.total 80ms → none', '~ budget.retries 20% → 10%'],
);
test(
  'the request',
  tells,
  { request: { kind: 'record', fields: { k: { kind: 'number' }, user: { kind: 'string' } } } },
  { request: { kind: 'record', fields: { k: { kind: 'string' }, user: { kind: 'string' }, n: { kind: 'null' } } } },
  ['~ request.k number → string', '+ request.n null'],
);
test('the output', tells, {}, { output: template({ items: 'best.items' }), outputNeeds: ['best'] }, [
  '~ output.items rank.items → best.items',
  '~ output needs rank → best',
]);
test('what replies carry', tells, { report: ['path'] }, { report: ['path', 'degraded'] }, [
  '~ report path → path, degraded',
]);
test(
  'items of lists',
  tells,
  { output: { kind: 'list', items: [expression('a'), expression('b')] } },
  { output: { kind: 'list', items: [expression('a'), expression('c')] } },
  ['~ output[1] b → c'],
);
test(
  'a constant that became an expression',
  tells,
  { output: expression('1') },
  { output: { kind: 'constant', value: 1 } },
  ['~ output {"kind":"expression","text":"1"} → {"kind":"constant","value":1}'],
);
test(
  'a module of the same name elsewhere',
  tells,
  {},
  { nodes: [node('rank', { work: { kind: 'run', moduleUrl: 'file:///next/rank.ts', exportName: 'run' } })] },
  ['~ rank  work run file:///app/rank.ts#run → run file:///next/rank.ts#run'],
);
test(
  'levels',
  tells,
  {
    degrade: {
      levels: [
        { level: 1, skip: ['extra'], replace: [['rank', 'rankLight']], input: [['recall', template({ k: '10' })]] },
        { level: 2, skip: [], replace: [], input: [] },
      ],
      signals: [],
      limits: [],
    },
  },
  {
    degrade: {
      levels: [
        {
          level: 1,
          skip: ['more'],
          replace: [
            ['rank', 'rankTiny'],
            ['x', 'y'],
          ],
          input: [['recall', template({ k: '5' })]],
        },
        { level: 3, skip: [], replace: [], input: [] },
      ],
      signals: [],
      limits: [],
    },
  },
  [
    '~ level 1  - skip extra',
    '           + skip more',
    '           replace.rank rankLight → rankTiny',
    '           + replace.x y',
    '           input.recall.k 10 → 5',
    '+ level 3',
    '- level 2',
  ],
);
const signal = { level: 1, signal: 'queueDelay', above: 50, below: 25, holdMs: 1000, coolDownMs: 10_000 } as const;
test(
  'signals and limits',
  tells,
  {
    degrade: {
      levels: [],
      signals: [signal, { ...signal, above: 60 }],
      limits: [{ kind: 'count', level: 1, count: 100, gapMs: 1000 }],
    },
  },
  {
    degrade: {
      levels: [],
      signals: [
        { ...signal, holdMs: 2000 },
        { ...signal, above: 60, below: 1 },
        { ...signal, level: 2 },
      ],
      limits: [{ kind: 'rate', level: 1, perSecond: 10, burst: 5 }],
    },
  },
  [
    '~ signal queueDelay at level 1      hold 1s → 2s',
    '~ signal queueDelay at level 1 (2)  below 25 → 1',
    '+ signal queueDelay at level 2',
    '+ limit rate at level 1',
    '- limit count at level 1',
  ],
);
test(
  'tests',
  tells,
  { tests: [testOf('a'), testOf('b'), testOf('c')] },
  { tests: [testOf('d'), testOf('b', { level: 1 }), testOf('c', { where: 'feed.yaml:50' })] },
  ['+ test "d"', '- test "a"', '~ test "b"'],
);

test('a ramp', tells, { layers: [layer(100_000)] }, { layers: [layer(200_000)] }, [
  '~ experiment new-model: control 5% → 10%, treatment 5% → 10% of units (100,000 slots gained)',
]);
test(
  'what else an experiment changes',
  tells,
  { layers: [layer(1000)] },
  {
    layers: [layer(1000, { state: 'draft', when: 'request.k > 1', sampled: 50, allow: { a: 'treatment' }, deny: [7] })],
  },
  [
    '~ experiment new-model: running → draft; control 0.05% → 0%, treatment 0.05% → 0% of units; sampled 100% → 50%; when none → request.k > 1; allow 0 → 1 units (1 differing); deny 0 → 1 units (1 differing)',
  ],
);
test('a layer that comes', tells, {}, { layers: [layer(1000)] }, [
  '+ layer ranking, by request.user',
  '+ parameter model "old"',
  '+ experiment new-model: control 0% → 0.05%, treatment 0% → 0.05% of units (1,000 slots gained)',
]);
test('another unit', tells, { layers: [layer(1000)] }, { layers: [{ ...layer(1000), unit: 'request.device' }] }, [
  '~ layer ranking: unit request.user → request.device; all units are dealt anew',
  '~ experiment new-model: 1,000 slots gained, 1,000 lost',
]);
test(
  'values of variants',
  tells,
  { layers: [layer(1000)] },
  {
    layers: [
      layer(1000, {
        variants: [
          { name: 'control', weight: 40, parameters: {} },
          { name: 'treatment', weight: 60, parameters: { model: 'x' } },
        ],
      }),
    ],
  },
  [
    '~ experiment new-model: control 0.05% → 0.04%, treatment 0.05% → 0.06% of units; 10% of its units change their variant; treatment has model "new" → "x"',
  ],
);
test(
  'what no share tells',
  tells,
  { layers: [layer(1000)] },
  {
    layers: [
      {
        ...layer(1000, {
          variants: [...layer(1000).experiments[0]!.variants, { name: 'lab', weight: 0, parameters: { model: 'x' } }],
          sampled: 100,
        }),
        salt: 'ranking',
        parameters: [{ name: 'model', default: 'old', choices: ['old', 'new', 'x'] }],
      },
    ],
  },
  [
    '+ layers.ranking.salt ranking',
    '+ layers.ranking.params.model.choices ["old","new","x"]',
    '+ layers.ranking.experiments.new-model.sampled 100',
    '~ layers.ranking.experiments.new-model.order control, treatment → control, treatment, lab',
    '+ layers.ranking.experiments.new-model.variants.lab 0%',
    '+ layers.ranking.experiments.new-model.variants.lab.model "x"',
  ],
);
test('layers that are wrong, as texts', tells, { layers: [layer(1000)] }, { layers: [layer(9_000_000)] }, [
  '~ layers.ranking.experiments.new-model.slots 0-999 → 0-8999999',
]);

test('nodes that only changed place, as few as possible', (t) => {
  const nodes = ['a', 'b', 'c', 'd'].map((name) => node(name));
  const moved = [nodes[3]!, nodes[0]!, nodes[1]!, nodes[2]!];
  t.deepEqual(lines({ nodes }, { nodes: moved }), ['~ nodes in another order: d']);
  t.deepEqual(lines({ nodes }, { nodes: moved, description: 'x' }), ['+ description x']);
});

test('strategies come, go and change', (t) => {
  const before = [strategy({ name: 'gone' }), strategy({ name: 'same' }), strategy()];
  const nodes = [node('rank', { timeoutMs: 30 }), node('extra')];
  const after = [
    strategy({ nodes }),
    strategy({ name: 'same', origin: 'moved.yaml' }),
    strategy({ name: 'new', nodes }),
  ];
  t.is(
    formatDiff(diffStrategies(before, after)),
    [
      '~ feed',
      '  ~ rank   + timeout 30ms',
      '  + extra  run extra.ts#run',
      '+ new  2 nodes: rank, extra',
      '- gone  1 node: rank',
    ].join('\n'),
  );
});

test('orders that mean nothing are no change', (t) => {
  const base = {
    report: ['path', 'degraded'] as const,
    tests: [testOf('a'), testOf('b')],
    output: template({ a: '1', b: '2' }),
    layers: [layer(1000), { ...layer(0), name: 'ui', experiments: [], parameters: [] }],
  };
  const after = {
    report: base.report.toReversed(),
    tests: base.tests.toReversed(),
    output: template({ b: '2', a: '1' }),
    layers: base.layers.toReversed(),
  };
  t.deepEqual(lines(base, after), []);
});

test('a long value is cut to one line, to the part that differs', (t) => {
  const [added = ''] = lines({}, { description: `b\n${'x'.repeat(200)}` });
  t.is(added, `+ description b ${'x'.repeat(77)}…`);
  const long = 'a'.repeat(300);
  t.deepEqual(lines({ description: `${long}1` }, { description: `${long}2` }), [
    `~ description …${'a'.repeat(20)}1 → …${'a'.repeat(20)}2`,
  ]);
});

/** Few values for each part, so that two strategies are often alike. */
function arbitraryStrategy(): fc.Arbitrary<StrategyDefinition> {
  const either = <Value>(...values: Value[]) => fc.constantFrom(...values);
  const nodeChange = fc.record({
    work: either(
      full.work,
      { kind: 'value', value: expression('1') } as const,
      { kind: 'strategy', strategy: 'x' } as const,
    ),
    input: either(undefined, full.input, expression('request')),
    hard: either([], ['recall']),
    soft: either([], ['extra']),
    join: either<NodeDefinition['join']>({ kind: 'all' }, { kind: 'quorum', count: 2 }),
    retry: either(undefined, full.retry, { ...full.retry!, attempts: 3 }),
    foreach: either(undefined, full.foreach, { ...full.foreach!, quorum: undefined }),
    fallback: either([], full.fallback),
    timeoutMs: either(undefined, 20, 30),
  });
  const nodes = fc.array(nodeChange, { maxLength: 3 }).chain((list) =>
    fc.shuffledSubarray(
      list.map((change, at) => node(`n${at}`, change)),
      { minLength: list.length },
    ),
  );
  const layers = either(
    [],
    [layer(1000)],
    [layer(2000)],
    [layer(1000, { deny: ['x'] })],
    [layer(1000, { sampled: 100 })],
    [{ ...layer(1000), salt: 'ranking' }],
    [layer(9_000_000)],
  );
  const signals = either([], [signal], [signal, signal], [{ ...signal, below: 0 }]);
  return fc
    .record({
      description: either(undefined, 'x'),
      request: either<StrategyDefinition['request']>(
        { kind: 'any' },
        { kind: 'record', fields: { k: { kind: 'number' } } },
      ),
      budget: either(strategy().budget, { ...strategy().budget, totalMs: 90 }),
      nodes,
      layers,
      signals,
      report: either<StrategyDefinition['report']>([], ['path']),
      tests: either([], [testOf('a')], [testOf('a', { level: 1 })], [testOf('a'), testOf('a')]),
    })
    .map(({ signals: list, ...change }) => strategy({ ...change, degrade: { levels: [], signals: list, limits: [] } }));
}

test('there is a difference exactly where two versions are not equal', (t) => {
  const one = arbitraryStrategy();
  const pair = fc.tuple(one, one, fc.subarray(Object.keys(strategy()))).map(([before, other, fields]) => {
    const taken = Object.fromEntries(Object.entries(other).filter(([field]) => fields.includes(field)));
    return [before, { ...before, ...taken, origin: 'elsewhere.yaml' }] as const;
  });
  let equal = 0;
  const law = fc.property(pair, ([before, after]) => {
    t.deepEqual(diffStrategies([before], [structuredClone(before)]).strategies, []);
    const isEqual = isDeepStrictEqual(before, { ...after, origin: before.origin });
    if (isEqual) equal++;
    const { strategies } = diffStrategies([before], [after]);
    t.is(strategies.length === 0, isEqual);
    t.is(formatDiff({ strategies }).includes('undefined'), false);
    t.is(formatDiff({ strategies }).split('\n').length > (isEqual ? 0 : 1), true);
  });
  fc.assert(law, { numRuns: 500 });
  t.true(equal > 20);
});
