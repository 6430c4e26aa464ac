// One graph, written as a file and as a program: both must mean the same.

import { type Strategy, strategy } from '../../../dag/strategy.ts';

export interface FeedRequest {
  user: string;
  k: number;
}

export const richFile = `strategy: feed.recommend
description: Items for the start page.
request: { user: string, k: number, at: { lat: number? } }
budget: { total: 80ms, reserve: 5ms, retries: 10% }
defaults: { timeout: 30ms, retry: { attempts: 3 } }
nodes:
  profile:
    call: ./contract.ts#Users/get
    input: { id: request.user }
    timeout: 10ms
    hedge: p95
    cache: { key: request.user, ttl: 1m, stale: 1h }
    fallback: [stale, { value: { segment: "'new'" } }]
  recall: { run: ./recall.ts#recall, input: { segment: profile.segment, k: request.k * 3 }, breaker: { failures: 20% } }
  extra: { call: ./contract.ts#Extra/find, input: { id: request.user }, when: params.useExtra, retry: none }
  details:
    run: ./details.ts#details
    foreach: { in: recall.items, maxItems: 100, quorum: 50, failed: drop }
    input: { item: item, of: request.user }
  rank:
    run: ./rank.ts#rank
    pool: rank
    needs: [extra?, sub]
    join: none_failed
    input: { items: details, more: "extra.?items.orValue([])", weights: [1, 0.5, null, true] }
    light: rankLight
    estimate: 2.5ms
    concurrency: none
  rankLight: { run: ./rank.ts#light, input: { items: recall.items } }
  sub: { strategy: feed.sub, input: request }
  sum: { value: { n: size(rank.items) } }
output: { items: rank.items, n: sum.n }
layers:
  ranking:
    unit: request.user
    params: { useExtra: { default: false, choices: [true, false] }, size: { default: 20 } }
    experiments:
      extra-recall:
        slots: [0-99999]
        variants: { without: { weight: 50 }, with: { weight: 50, params: { useExtra: true } } }
        allow: { tester: with }
        deny: [42]
degrade:
  levels: { 1: { replace: { rank: rankLight } }, 2: { skip: [extra], input: { rank: { more: "[]" } } } }
  signals: [{ level: 1, signal: queueDelay, above: 20, coolDown: 5s }]
  limits: [{ level: 2, count: 100 per 1s }, { level: 1, rate: 10 }]
report: [path]
tests:
  - name: without a profile everybody is new
    request: { user: u1, k: 2 }
    mocks: { profile: { error: UNAVAILABLE }, rank: { result: { items: [b] }, delay: 2.5ms } }
    expect: { result: { items: [b] }, degraded: ["profile: value"] }
`;

export const richProgram: Strategy<FeedRequest, { items: string[]; n: number }> = strategy('feed.recommend', {
  description: 'Items for the start page.',
  request: { user: 'string', k: 'number', at: { lat: 'number?' } },
  budget: { total: '80ms', reserve: '5ms', retries: '10%' },
  defaults: { timeout: '30ms', retry: { attempts: 3 } },
  nodes: {
    profile: {
      call: './contract.ts#Users/get',
      input: { id: 'request.user' },
      timeout: '10ms',
      hedge: 'p95',
      cache: { key: 'request.user', ttl: '1m', stale: '1h' },
      fallback: ['stale', { value: { segment: "'new'" } }],
    },
    recall: {
      run: './recall.ts#recall',
      input: { segment: 'profile.segment', k: 'request.k * 3' },
      breaker: { failures: '20%' },
    },
    extra: {
      call: './contract.ts#Extra/find',
      input: { id: 'request.user' },
      when: 'params.useExtra',
      retry: 'none',
    },
    details: {
      run: './details.ts#details',
      foreach: { in: 'recall.items', maxItems: 100, quorum: 50, failed: 'drop' },
      input: { item: 'item', of: 'request.user' },
    },
    rank: {
      run: './rank.ts#rank',
      pool: 'rank',
      needs: ['extra?', 'sub'],
      join: 'none_failed',
      input: { items: 'details', more: 'extra.?items.orValue([])', weights: [1, 0.5, null, true] },
      light: 'rankLight',
      estimate: '2.5ms',
      concurrency: 'none',
    },
    rankLight: { run: './rank.ts#light', input: { items: 'recall.items' } },
    sub: { strategy: 'feed.sub', input: 'request' },
    sum: { value: { n: 'size(rank.items)' } },
  },
  output: { items: 'rank.items', n: 'sum.n' },
  layers: {
    ranking: {
      unit: 'request.user',
      params: { useExtra: { default: false, choices: [true, false] }, size: { default: 20 } },
      experiments: {
        'extra-recall': {
          slots: ['0-99999'],
          variants: { without: { weight: 50 }, with: { weight: 50, params: { useExtra: true } } },
          allow: { tester: 'with' },
          deny: [42],
        },
      },
    },
  },
  degrade: {
    levels: { 1: { replace: { rank: 'rankLight' } }, 2: { skip: ['extra'], input: { rank: { more: '[]' } } } },
    signals: [{ level: 1, signal: 'queueDelay', above: 20, coolDown: '5s' }],
    limits: [
      { level: 2, count: '100 per 1s' },
      { level: 1, rate: 10 },
    ],
  },
  report: ['path'],
  tests: [
    {
      name: 'without a profile everybody is new',
      request: { user: 'u1', k: 2 },
      mocks: { profile: { error: 'UNAVAILABLE' }, rank: { result: { items: ['b'] }, delay: '2.5ms' } },
      expect: { result: { items: ['b'] }, degraded: ['profile: value'] },
    },
  ],
});
