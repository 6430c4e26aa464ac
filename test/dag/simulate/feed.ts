// What the tests of simulations share: strategies read from a text, and the one that the guide shows.

import type { StrategyDefinition } from '../../../dag/definition.ts';
import { readStrategy } from '../../../dag/file/read-strategy.ts';
import { formatProblems } from '../../../document/format-problems.ts';
import { ProblemList, Source } from '../../../document/problem.ts';

/** Of a text that must be right; `strategy: feed` stands before it. */
export function definitionOf(text: string): StrategyDefinition {
  const problems = new ProblemList();
  const read = readStrategy(new Source('file', 'feed.yaml', `strategy: feed\n${text}`), problems);
  if (read === undefined || problems.size > 0) throw new Error(formatProblems(problems.sorted()));
  return read.definition;
}

const graph = `
request: { user: string, k: number }
budget: { total: 80ms, reserve: 5ms }
nodes:
  profile: { call: ./c.ts#Users/get, input: { id: request.user }, timeout: 10ms, fallback: [{ value: { segment: "'new'" } }] }
  recall: { run: ./r.ts#recall, input: { segment: profile.segment, k: request.k * 3 } }
  extra: { call: ./c.ts#Extra/find, input: { id: request.user }, when: params.useExtra }
  rank:
    run: ./r.ts#rank
    needs: [extra?]
    input: { items: recall.items, more: "extra.?items.orValue([])" }
    light: rankLight
    estimate: 20ms
  rankLight: { run: ./r.ts#light, input: { items: recall.items } }
output: { items: rank.items, segment: profile.segment }
layers:
  ranking:
    unit: request.user
    params: { useExtra: { default: false } }
    experiments:
      extras: { slots: [0-999999], variants: { on: { weight: 100, params: { useExtra: true } } }, when: request.k > 100 }
degrade: { levels: { 1: { replace: { rank: rankLight } } } }
`;

const plainTest = `
  - name: a known user gets ranked items
    request: { user: u1, k: 5 }
    mocks:
      profile: { result: { segment: old }, delay: 3ms }
      recall: { result: { items: [1, 2, 3] }, delay: 5ms }
      rank: { result: { items: [3, 2] }, delay: 10ms }
      rankLight: { result: { items: [1] }, delay: 1ms }
    expect: { result: { items: [3, 2] }, path: [profile, recall, rank], degraded: [], within: 18ms }`;

/** The graph with a plain test and more of them, as they stand under `tests`. */
export function feed(tests = ''): StrategyDefinition {
  return definitionOf(`${graph}tests:${plainTest}${tests}\n`);
}
