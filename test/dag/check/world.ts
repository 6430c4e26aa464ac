// A right strategy file with a bit of everything, what is known of the world around it, and how a file is told its
// mistakes. The tests of dag/check/ change it where a mistake belongs.

import { checkStrategies } from '../../../dag/check/check-strategies.ts';
import type { Known, WorkShape } from '../../../dag/check/known.ts';
import {
  listOf,
  nullType,
  numberType,
  recordOf,
  stringType,
  type Type,
  unionOf,
} from '../../../dag/expression/types.ts';
import { readStrategy } from '../../../dag/file/read-strategy.ts';
import { formatProblems } from '../../../document/format-problems.ts';
import { ProblemList, Source } from '../../../document/problem.ts';

export const feed = `strategy: feed.recommend
request: { user: string, k: number, tags: list<string> }
budget: { total: 80ms, reserve: 5ms }
defaults: { timeout: 30ms }
nodes:
  profile:
    call: ./contract.ts#Users/get
    input: { id: request.user }
    timeout: 10ms
    fallback: [{ value: { segment: "'new'", age: 0 } }]
  recall:
    run: ./recall.ts#recall
    input: { segment: profile.segment, k: request.k * 3 }
    estimate: 20ms
  extra:
    call: ./contract.ts#Extra/find
    input: { id: request.user }
    when: params.useExtra
    cache: { key: request.user, ttl: 10s, stale: 1m }
    fallback: [stale]
  rank:
    run: ./rank.ts#rank
    pool: rank
    needs: [extra?]
    input: { items: recall.items, more: "extra.?items.orValue([])", size: 100 }
    light: rankLight
    estimate: 25ms
    fallback: [{ node: popular }]
  rankLight:
    run: ./rank.ts#light
    input: { items: recall.items }
  popular: { call: ./contract.ts#Popular/list }
  photos:
    strategy: feed.photo
    foreach: { in: rank.items, maxItems: 100, quorum: 0 }
    input: { id: item.id }
output: { items: rank.items, photos: photos, segment: profile.segment }
layers:
  ranking:
    unit: request.user
    params:
      useExtra: { default: false }
      model: { default: light, choices: [light, full] }
    experiments:
      extra-items:
        slots: [0-99999]
        when: request.k > 10
        variants:
          control: { weight: 50 }
          treatment: { weight: 50, params: { useExtra: true } }
degrade:
  levels:
    1: { skip: [extra], input: { rank: { size: 10 } } }
    2: { replace: { rank: rankLight } }
  signals:
    - { level: 1, signal: queueDelay, above: 10, below: 5 }
  limits:
    - { level: 2, count: 100 per 1s }
tests:
  - name: a new user gets popular items
    request: { user: u1, k: 5, tags: [] }
    mocks:
      profile: { error: UNAVAILABLE }
      recall: { result: { items: [] } }
    params: { model: full }
    level: 1
    expect: { path: [profile, recall], skipped: [extra], degraded: ["profile: value"] }
`;

/** Runs for each item of `photos`. */
export const photo = `strategy: feed.photo
request: { id: string }
nodes:
  sizes: { run: ./sizes.ts#sizes, foreach: { in: "[1, 2, 3]", maxItems: 10 }, input: { size: item } }
output: { url: "'/photos/' + request.id", sizes: sizes }
`;

const items = listOf(recordOf({ id: stringType, score: numberType }));

const works: Readonly<Record<string, WorkShape>> = {
  'Users/get': { ...shapes({ id: stringType }, { segment: stringType, age: numberType }), idempotent: true },
  'Extra/find': { ...shapes({ id: stringType }, { items }), idempotent: true },
  'Orders/create': { ...shapes({ id: stringType }, { order: stringType }), idempotent: false },
  'Popular/list': shapes({ count: unionOf([nullType, numberType]) }, { items }),
  recall: shapes({ segment: stringType, k: numberType }, { items }),
  missing: { problem: './recall.ts exports no missing' },
};

function shapes(request: Record<string, Type>, response: Record<string, Type>): WorkShape {
  return { request: recordOf(request), response: recordOf(response) };
}

export const known: Known = {
  pools: new Set(['io', 'rank']),
  work: (_, { work }) => {
    if (work.kind === 'call') return works[`${work.exportName}/${work.method}`];
    return work.kind === 'run' ? works[work.exportName] : undefined;
  },
};

/** What the files are told, as it is printed; '' is right. */
export function told(files: Readonly<Record<string, string>>, world: Known = known): string {
  const problems = new ProblemList();
  const read = Object.entries(files).flatMap(([name, text]) => {
    const strategy = readStrategy(new Source('file', name, text), problems);
    return strategy === undefined ? [] : [strategy];
  });
  checkStrategies(read, world, problems);
  return formatProblems(problems.sorted());
}
