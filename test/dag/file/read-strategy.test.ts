import test from 'ava';
import { graph, problemsOf, read, settled } from './read.ts';

const least = 'strategy: feed\nnodes: { a: { value: 1 } }\noutput: a\n';

test('what nobody writes has its default', (t) => {
  const { definition } = settled(t, least);
  t.deepEqual(definition, {
    name: 'feed',
    origin: 'feed.yaml',
    description: undefined,
    request: { kind: 'any' },
    budget: { totalMs: Number.POSITIVE_INFINITY, reserveMs: 0, retries: 0.2, hedges: 0.1 },
    nodes: definition.nodes,
    output: { kind: 'expression', text: 'a' },
    outputNeeds: ['a'],
    layers: [],
    degrade: { levels: [], signals: [], limits: [] },
    report: ['degraded', 'experiments'],
    tests: [],
  });
  t.deepEqual(definition.nodes, [
    {
      name: 'a',
      work: { kind: 'value', value: { kind: 'constant', value: 1 } },
      input: undefined,
      hard: [],
      soft: [],
      join: { kind: 'all' },
      when: undefined,
      foreach: undefined,
      pool: undefined,
      timeoutMs: undefined,
      retry: undefined,
      hedge: undefined,
      breaker: undefined,
      concurrency: undefined,
      cache: undefined,
      light: undefined,
      estimateMs: undefined,
      fallback: [],
    },
  ]);
});

test('a node has what is written at it', (t) => {
  const text = graph(
    {
      rank: `
    run: ./deep/rank.ts#rank
    input: { items: request.items, k: 3, more: [true, null, { x: "'text'" }] }
    join: quorum 2
    when: request.k > 1
    foreach: { in: request.items, as: one, maxItems: 100, parallel: 4, quorum: 0, failed: drop }
    pool: rank
    timeout: 1.5s
    retry: { attempts: 3, backoff: 2ms, on: [ABORTED, ABORTED] }
    hedge: { after: p99.5, max: 2, minimum: 5ms }
    breaker: { failures: 12.5%, window: 1s, minCalls: 2, openFor: 20ms }
    concurrency: 7
    cache: { key: request.user, ttl: 1m, stale: 1h, maxEntries: 5 }
    light: rankLight
    estimate: 2.5ms
    fallback: [stale, { value: [] }, { node: rankLight }]`,
      rankLight: '{ call: ./contract.ts#Rank/light }',
      sub: '{ strategy: feed.sub, timeout: none }',
    },
    'budget: { total: 80ms, reserve: 5ms, retries: 0%, hedges: 100% }\nreport: [path]\ndescription: Items.\n',
  );
  const { definition } = settled(t, text, { folder: '/srv/feed', checksModules: false });
  const [rank, rankLight, sub] = definition.nodes;
  t.deepEqual(rank, {
    name: 'rank',
    work: { kind: 'run', moduleUrl: 'file:///srv/feed/deep/rank.ts', exportName: 'rank' },
    input: {
      kind: 'map',
      entries: [
        ['items', { kind: 'expression', text: 'request.items' }],
        ['k', { kind: 'constant', value: 3 }],
        [
          'more',
          {
            kind: 'list',
            items: [
              { kind: 'constant', value: true },
              { kind: 'constant', value: null },
              { kind: 'map', entries: [['x', { kind: 'expression', text: "'text'" }]] },
            ],
          },
        ],
      ],
    },
    hard: [],
    soft: [],
    join: { kind: 'quorum', count: 2 },
    when: 'request.k > 1',
    foreach: { in: 'request.items', as: 'one', maxItems: 100, parallel: 4, quorum: 0, failed: 'drop' },
    pool: 'rank',
    timeoutMs: 1500,
    retry: { attempts: 3, backoffMs: 2, on: ['ABORTED'] },
    hedge: { quantile: 0.995, max: 2, minimumMs: 5 },
    breaker: { failures: 0.125, windowMs: 1000, minCalls: 2, openForMs: 20 },
    concurrency: 7,
    cache: { key: 'request.user', ttlMs: 60_000, staleMs: 3_600_000, maxEntries: 5 },
    light: 'rankLight',
    estimateMs: 2.5,
    fallback: [
      { kind: 'stale' },
      { kind: 'value', value: { kind: 'list', items: [] } },
      { kind: 'node', node: 'rankLight' },
    ],
  });
  const contract = 'file:///srv/feed/contract.ts';
  t.deepEqual(rankLight?.work, { kind: 'call', moduleUrl: contract, exportName: 'Rank', method: 'light' });
  t.deepEqual(rankLight?.input, { kind: 'map', entries: [] });
  t.deepEqual(sub?.work, { kind: 'strategy', strategy: 'feed.sub' });
  t.deepEqual(definition.budget, { totalMs: 80, reserveMs: 5, retries: 0, hedges: 1 });
  t.deepEqual(definition.report, ['path']);
  t.is(definition.description, 'Items.');
});

test('defaults hold where a node says nothing, for the policies that its work can have', (t) => {
  const nodes = {
    plain: '{ run: ./a.ts#a }',
    own: '{ call: ./a.ts#A/a, timeout: 5ms, retry: { attempts: 4 }, hedge: p50, concurrency: 2 }',
    off: '{ run: ./a.ts#a, timeout: none, retry: none, hedge: none, breaker: none, concurrency: none }',
    sub: '{ strategy: feed.sub }',
    sum: '{ value: 1 }',
  };
  const defaults = 'defaults: { timeout: 30ms, retry: { on: [INTERNAL] }, hedge: p95, breaker: {}, concurrency: 9 }\n';
  const { definition, places } = settled(t, graph(nodes, defaults));
  const policies = definition.nodes.map(({ timeoutMs, retry, hedge, breaker, concurrency }) => [
    timeoutMs,
    retry?.attempts,
    hedge?.quantile,
    breaker?.windowMs,
    concurrency,
  ]);
  t.deepEqual(policies, [
    [30, 2, 0.95, 10_000, 9],
    [5, 4, 0.5, 10_000, 2],
    [undefined, undefined, undefined, undefined, undefined],
    [30, undefined, undefined, undefined, undefined],
    [undefined, undefined, undefined, undefined, undefined],
  ]);
  t.deepEqual(definition.nodes[1]?.retry?.on, ['UNAVAILABLE', 'RESOURCE_EXHAUSTED', 'ABORTED']);
  t.deepEqual(definition.nodes[0]?.hedge, { quantile: 0.95, max: 1, minimumMs: 1 });
  t.false(places.has('nodes.plain.timeout'));
});

test('levels, signals and limits are read, levels by rising number', (t) => {
  const degrade = `degrade:
  levels:
    10: { skip: [b] }
    2: { replace: { a: b }, input: { a: { k: request.k / 2 } } }
  signals:
    - { level: 2, signal: p99, above: 50 }
    - { level: 10, signal: errorRate, above: 0.5, below: 0.1, hold: none, coolDown: 1m }
  limits:
    - { level: 2, count: 100 per 2s }
    - { level: 2, rate: 2.5 }
    - { level: 2, rate: 0.5, burst: 10 }
`;
  t.deepEqual(settled(t, graph({ a: '{ run: ./a.ts#a }', b: '{ value: 1 }' }, degrade)).definition.degrade, {
    levels: [
      {
        level: 2,
        skip: [],
        replace: [['a', 'b']],
        input: [['a', { kind: 'map', entries: [['k', { kind: 'expression', text: 'request.k / 2' }]] }]],
      },
      { level: 10, skip: ['b'], replace: [], input: [] },
    ],
    signals: [
      { level: 2, signal: 'p99', above: 50, below: 25, holdMs: 1000, coolDownMs: 10_000 },
      { level: 10, signal: 'errorRate', above: 0.5, below: 0.1, holdMs: 0, coolDownMs: 60_000 },
    ],
    limits: [
      { kind: 'count', level: 2, count: 100, gapMs: 2000 },
      { kind: 'rate', level: 2, perSecond: 2.5, burst: 3 },
      { kind: 'rate', level: 2, perSecond: 0.5, burst: 10 },
    ],
  });
});

test('layers are read: slots include both ends, shares are percentages', (t) => {
  const layers = `layers:
  ranking:
    salt: '2024'
    unit: request.user
    params: { model: { default: light, choices: [light, full] }, size: { default: [1, { x: null }] } }
    experiments:
      new-model:
        slots: [0-99999, '7', 999999-999999]
        sampled: 0.07%
        when: request.k > 1
        variants: { control: { weight: 50 }, full: { weight: 50, params: { model: full } } }
        allow: { tester: full, 17: control }
        deny: [42, someone]
      old: { state: stopped, variants: {} }
`;
  t.deepEqual(settled(t, graph({ a: '{ value: 1 }' }, layers)).definition.layers, [
    {
      name: 'ranking',
      salt: '2024',
      unit: 'request.user',
      parameters: [
        { name: 'model', default: 'light', choices: ['light', 'full'] },
        { name: 'size', default: [1, { x: null }], choices: undefined },
      ],
      experiments: [
        {
          name: 'new-model',
          state: 'running',
          slots: [
            [0, 100_000],
            [7, 8],
            [999_999, 1_000_000],
          ],
          variants: [
            { name: 'control', weight: 50, parameters: {} },
            { name: 'full', weight: 50, parameters: { model: 'full' } },
          ],
          when: 'request.k > 1',
          sampled: 0.07,
          allow: { tester: 'full', 17: 'control' },
          deny: [42, 'someone'],
        },
        {
          name: 'old',
          state: 'stopped',
          slots: [],
          variants: [],
          when: undefined,
          sampled: undefined,
          allow: {},
          deny: [],
        },
      ],
    },
  ]);
});

test('tests are read with where they stand', (t) => {
  const tests = `tests:
  - name: all of it
    request: { user: u1, ids: [1, 2] }
    mocks: { a: { result: { x: 1 }, delay: 300us }, b: { error: UNAVAILABLE } }
    params: { model: full }
    level: 2
    expect: { path: [a], skipped: [], failed: [b], degraded: ["b: value"], within: 5ms, result: 1 }
  - name: nothing said
  - { name: a failure, expect: { error: INTERNAL, message: rank } }
`;
  const { definition } = settled(t, graph({ a: '{ run: ./a.ts#a }', b: '{ run: ./a.ts#a }' }, tests));
  const nothing = { result: undefined, error: undefined, message: undefined, path: undefined, skipped: undefined };
  const anything = { ...nothing, failed: undefined, degraded: undefined, withinMs: undefined };
  t.deepEqual(definition.tests, [
    {
      name: 'all of it',
      where: 'feed.yaml:7',
      request: { user: 'u1', ids: [1, 2] },
      mocks: [
        { node: 'a', result: { x: 1 }, error: undefined, delayMs: 0.3 },
        { node: 'b', result: null, error: 'UNAVAILABLE', delayMs: 0 },
      ],
      params: { model: 'full' },
      level: 2,
      expect: { ...anything, result: 1, path: ['a'], skipped: [], failed: ['b'], degraded: ['b: value'], withinMs: 5 },
    },
    {
      name: 'nothing said',
      where: 'feed.yaml:13',
      request: {},
      mocks: [],
      params: undefined,
      level: 0,
      expect: anything,
    },
    {
      name: 'a failure',
      where: 'feed.yaml:14',
      request: {},
      mocks: [],
      params: undefined,
      level: 0,
      expect: { ...anything, error: 'INTERNAL', message: 'rank' },
    },
  ]);
});

test('one mistake does not hide the next, and what could be read is there', (t) => {
  const text = graph(
    { a: '{ run: here, tmeout: 3ms }', b: '{ value: "a. + 1" }', c: '{ value: b + 2 }' },
    'layers: 3\n',
  );
  const { result, problems } = read(text);
  t.deepEqual(
    problems.map(({ line, column }) => [line, column]),
    [
      [3, 13],
      [3, 19],
      [4, 19],
      [7, 9],
    ],
  );
  t.deepEqual(
    result?.definition.nodes.map(({ name, work, hard }) => [name, work.kind, hard]),
    [
      ['a', 'run', []],
      ['b', 'value', []],
      ['c', 'value', ['b']],
    ],
  );
});

test('broken YAML and what is no map at all give problems and nothing else', (t) => {
  for (const text of ['strategy: [', '- a', 'text', 'a: 1\na: 2']) {
    const { result, problems } = read(text);
    t.is(result, undefined, text);
    t.true(problems.length > 0, text);
  }
  t.regex(problemsOf(''), /strategy is missing.*nodes is missing.*output is missing/s);
});

test('ten lines that stand for a billion values are refused at once', (t) => {
  const lines = ['x0: &x0 [1]'];
  for (let at = 1; at < 9; at++)
    lines.push(
      `x${at}: &x${at} [${Array(10)
        .fill(`*x${at - 1}`)
        .join(', ')}]`,
    );
  t.regex(problemsOf(lines.join('\n')), /the strategy holds more than 200000 values/);
});
