// updateTails: the least time from the end of each node to the output, so that a node which can't be waited for any
// longer is given up while there is still time for the rest. The rule stands in semantics.md.

import type { GraphNode } from './graph-node.ts';

/** The quantile of "usually": late enough that a node is not started in vain. */
export const usualQuantile = 0.95;

/** `order`: every node after those that depend on it, adopters included. */
export function updateTails(
  nodes: readonly GraphNode[],
  order: readonly number[],
  adopters: readonly (readonly number[])[],
  nowMs: number,
): void {
  for (const index of order) {
    const node = nodes[index]!;
    let tailMs = 0;
    for (const consumer of node.consumers) {
      const { tailMs: after } = nodes[consumer]!;
      tailMs = Math.max(tailMs, cheapestMs(nodes[consumer]!, nodes, nowMs) + after);
    }
    for (const adopter of adopters[index]!) tailMs = Math.max(tailMs, nodes[adopter]!.tailMs);
    node.tailMs = tailMs;
  }
}

function cheapestMs(node: GraphNode, nodes: readonly GraphNode[], nowMs: number): number {
  if (node.isValue || node.fallback.some(({ kind }) => kind === 'value')) return 0;
  const runs = node.light === -1 ? node : nodes[node.light]!;
  return runs.usualMs(usualQuantile, nowMs) ?? 0;
}
