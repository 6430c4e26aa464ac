// First step of a layered drawing: which layer each vertex stands in, so that every arrow points onwards. Longest paths
// first, then vertices move within their slack to where their arrows are shortest.

export interface WeightedEdge {
  readonly from: number;
  readonly to: number;
  /** How much its length matters; 0: only its direction. */
  readonly weight: number;
}

/** Passes that shorten arrows; each can only shorten, and more than a few change nothing. */
const shorteningPassesMax = 12;

/**
 * The layer of each of `count` vertices, from 0. Arrows that close a cycle (no valid strategy has one, a file under
 * repair may) count as turned round; arrows from a vertex to itself must not be given.
 */
export function assignLayers(count: number, edges: readonly WeightedEdge[]): number[] {
  const acyclic = turnBackEdges(count, edges);
  const incoming = Array.from({ length: count }, (): WeightedEdge[] => []);
  const outgoing = Array.from({ length: count }, (): WeightedEdge[] => []);
  for (const edge of acyclic) {
    incoming[edge.to]!.push(edge);
    outgoing[edge.from]!.push(edge);
  }
  const order = topologicalOrder(incoming, outgoing);
  const layers = new Array<number>(count).fill(0);
  const earliest = (vertex: number) => Math.max(-1, ...incoming[vertex]!.map(({ from }) => layers[from]!)) + 1;
  for (const vertex of order) layers[vertex] = earliest(vertex);

  for (let pass = 0; pass < shorteningPassesMax; pass++) {
    let moved = false;
    for (const vertex of pass % 2 === 0 ? order.toReversed() : order) {
      const pull = sumOf(outgoing[vertex]!) - sumOf(incoming[vertex]!);
      if (pull === 0 || outgoing[vertex]!.length === 0) continue;
      const latest = Math.min(...outgoing[vertex]!.map(({ to }) => layers[to]!)) - 1;
      const best = pull > 0 ? latest : earliest(vertex);
      moved ||= best !== layers[vertex];
      layers[vertex] = best;
    }
    if (!moved) break;
  }
  return layers;
}

function sumOf(edges: readonly WeightedEdge[]): number {
  return edges.reduce((sum, { weight }) => sum + weight, 0);
}

/** Depth first from the vertices that nothing points to, in their order; edges into the way that led here are turned. */
function turnBackEdges(count: number, edges: readonly WeightedEdge[]): WeightedEdge[] {
  const outgoing = Array.from({ length: count }, (): WeightedEdge[] => []);
  const isTarget = new Array<boolean>(count).fill(false);
  for (const edge of edges) {
    outgoing[edge.from]!.push(edge);
    isTarget[edge.to] = true;
  }
  const state = new Array<'new' | 'open' | 'closed'>(count).fill('new');
  const turned = new Set<WeightedEdge>();
  const visit = (vertex: number): void => {
    state[vertex] = 'open';
    for (const edge of outgoing[vertex]!) {
      if (state[edge.to] === 'open') turned.add(edge);
      else if (state[edge.to] === 'new') visit(edge.to);
    }
    state[vertex] = 'closed';
  };
  const vertices = Array.from({ length: count }, (_, vertex) => vertex);
  for (const vertex of vertices.toSorted((a, b) => Number(isTarget[a]) - Number(isTarget[b]))) {
    if (state[vertex] === 'new') visit(vertex);
  }
  return edges.map((edge) => (turned.has(edge) ? { from: edge.to, to: edge.from, weight: edge.weight } : edge));
}

function topologicalOrder(incoming: readonly WeightedEdge[][], outgoing: readonly WeightedEdge[][]): number[] {
  const missing = incoming.map((edges) => edges.length);
  const order = missing.flatMap((count, vertex) => (count === 0 ? [vertex] : []));
  for (const vertex of order) {
    for (const { to } of outgoing[vertex]!) {
      missing[to] = missing[to]! - 1;
      if (missing[to] === 0) order.push(to);
    }
  }
  return order;
}
