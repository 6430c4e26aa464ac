// plainNode: a node with nothing but a name and its work, for tests that make definitions by hand.

import type { NodeDefinition } from '../../dag/definition.ts';

export function plainNode(
  name: string,
  work: NodeDefinition['work'],
  change: Partial<NodeDefinition> = {},
): NodeDefinition {
  return {
    name,
    work,
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
    cache: undefined,
    breaker: undefined,
    concurrency: undefined,
    fallback: [],
    light: undefined,
    estimateMs: undefined,
    ...change,
  };
}
