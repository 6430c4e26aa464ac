// Which nodes may be tried again, told to a graph whose modules are not loaded.

import type { Graph } from '../graph/compile-graph.ts';

/** By node: false where a second attempt may do harm. Nodes that are left out are idempotent. */
export type Idempotent = Readonly<Record<string, boolean>>;

export function setIdempotent(graph: Graph, idempotent: Idempotent | undefined): void {
  if (idempotent === undefined) return;
  for (const node of graph.nodes) {
    if (Object.hasOwn(idempotent, node.name)) node.idempotent = idempotent[node.name]!;
  }
}
