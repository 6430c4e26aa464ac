// Third step of a layered drawing: where across the page each vertex stands, its layer's order kept. After Brandes and
// Köpf, "Fast and Simple Horizontal Coordinate Assignment" (Graph Drawing 2001): vertices are aligned with a median
// neighbour into blocks that share a coordinate, blocks are packed; that is done from all four corners, and each vertex
// gets the mean of the middle two of its four places. Long lines come out straight. Blocks are packed by longest paths
// over the graph of blocks, which needs none of the shifting between classes that the paper's erratum is about.

import type { LayeredVertices } from './crossings.ts';

export interface Extents {
  /** By vertex: its size across the page. */
  readonly sizes: readonly number[];
  /** By vertex: it is a bend of a long line. */
  readonly bends: readonly boolean[];
  /** Free space between two boxes, or a box and a line. */
  readonly boxGap: number;
  /** Between two lines. */
  readonly lineGap: number;
}

/**
 * The centre of each vertex; the leftmost edge is at 0. Whole numbers where all sizes are odd and the gaps whole.
 * `narrow` takes the narrowest of the four packings instead of their middle.
 */
export function coordinates(vertices: LayeredVertices, extents: Extents, narrow = false): number[] {
  const conflicts = findConflicts(vertices, extents.bends);
  const packings = [0, 1, 2, 3].map((corner) => pack(vertices, extents, conflicts, corner));
  const count = vertices.before.length;
  const bounds = packings.map((places) => boundsOf(places, extents.sizes));
  const widths = bounds.map(([low, high]) => high - low);
  const narrowest = widths.indexOf(Math.min(...widths));
  const [low, high] = bounds[narrowest]!;
  if (narrow) return packings[narrowest]!.map((place) => place - low);

  const shifted = packings.map((places, corner) => {
    const shift = corner % 2 === 0 ? low - bounds[corner]![0] : high - bounds[corner]![1];
    return places.map((place) => place + shift);
  });
  const middles = Array.from({ length: count }, (_, vertex) => {
    const four = shifted.map((places) => places[vertex]!).sort((a, b) => a - b);
    return Math.floor((four[1]! + four[2]!) / 2);
  });
  const [left] = boundsOf(middles, extents.sizes);
  return middles.map((place) => place - left);
}

function boundsOf(places: readonly number[], sizes: readonly number[]): [low: number, high: number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const [vertex, place] of places.entries()) {
    low = Math.min(low, place - sizes[vertex]! / 2);
    high = Math.max(high, place + sizes[vertex]! / 2);
  }
  return [low, high];
}

/** Lines that cross the inner part of a long line: that one stays straight, so these can't be aligned. `upper lower`. */
function findConflicts({ layers, before }: LayeredVertices, bends: readonly boolean[]): Set<string> {
  const conflicts = new Set<string>();
  for (let index = 1; index < layers.length; index++) {
    const places = new Map(layers[index - 1]!.map((vertex, place) => [vertex, place]));
    const lower = layers[index]!;
    const innerOf = (vertex: number) =>
      bends[vertex] ? before[vertex]!.find((neighbour) => bends[neighbour]) : undefined;
    let scanned = 0;
    let from = 0;
    for (const [at, vertex] of lower.entries()) {
      const inner = innerOf(vertex);
      if (inner === undefined && at < lower.length - 1) continue;
      const to = inner === undefined ? layers[index - 1]!.length - 1 : places.get(inner)!;
      for (; scanned <= at; scanned++) {
        for (const neighbour of before[lower[scanned]!]!) {
          const place = places.get(neighbour)!;
          const isInner = bends[lower[scanned]!] && bends[neighbour];
          if ((place < from || place > to) && !isInner) conflicts.add(`${neighbour} ${lower[scanned]}`);
        }
      }
      from = to;
    }
  }
  return conflicts;
}

/** Packed towards one corner: bit 0 from the right, bit 1 from below. */
function pack(vertices: LayeredVertices, extents: Extents, conflicts: ReadonlySet<string>, corner: number): number[] {
  const [fromRight, fromBelow] = [(corner & 1) === 1, (corner & 2) === 2];
  const turned = fromRight ? vertices.layers.map((layer) => layer.toReversed()) : vertices.layers;
  const layers = fromBelow ? turned.toReversed() : turned;
  const neighbours = fromBelow ? vertices.after : vertices.before;
  const isConflict = (previous: number, vertex: number) =>
    conflicts.has(fromBelow ? `${vertex} ${previous}` : `${previous} ${vertex}`);
  const roots = align(layers, neighbours, isConflict);
  const places = compact(layers, roots, extents);
  return fromRight ? places.map((place) => -place) : places;
}

/** The first vertex of the block of each vertex. */
function align(
  layers: readonly (readonly number[])[],
  neighbours: readonly (readonly number[])[],
  isConflict: (previous: number, vertex: number) => boolean,
): number[] {
  const roots = neighbours.map((_, vertex) => vertex);
  const taken = neighbours.map(() => false);
  for (let index = 1; index < layers.length; index++) {
    const places = new Map(layers[index - 1]!.map((vertex, place) => [vertex, place]));
    let reached = -1;
    for (const vertex of layers[index]!) {
      const sorted = neighbours[vertex]!.toSorted((a, b) => places.get(a)! - places.get(b)!);
      const half = (sorted.length - 1) / 2;
      for (const at of new Set([Math.floor(half), Math.ceil(half)])) {
        const neighbour = sorted[at];
        if (neighbour === undefined || taken[neighbour] || isConflict(neighbour, vertex)) continue;
        if (places.get(neighbour)! <= reached) continue;
        reached = places.get(neighbour)!;
        taken[neighbour] = true;
        roots[vertex] = roots[neighbour]!;
        break;
      }
    }
  }
  return roots;
}

/** Each block as far left as those before it let it; then as near to those after it as they are. */
function compact(layers: readonly (readonly number[])[], roots: readonly number[], extents: Extents): number[] {
  const { sizes, bends, boxGap, lineGap } = extents;
  const after = roots.map((): { block: number; distance: number }[] => []);
  const missing = roots.map(() => 0);
  for (const layer of layers) {
    for (let place = 1; place < layer.length; place++) {
      const [left, right] = [layer[place - 1]!, layer[place]!];
      const gap = bends[left] && bends[right] ? lineGap : boxGap;
      after[roots[left]!]!.push({ block: roots[right]!, distance: (sizes[left]! + sizes[right]!) / 2 + gap });
      missing[roots[right]!]!++;
    }
  }
  const order = roots.flatMap((root, vertex) => (root === vertex && missing[vertex] === 0 ? [vertex] : []));
  const places = roots.map(() => 0);
  for (const block of order) {
    for (const { block: next, distance } of after[block]!) {
      places[next] = Math.max(places[next]!, places[block]! + distance);
      missing[next]!--;
      if (missing[next] === 0) order.push(next);
    }
  }
  for (const block of order.toReversed()) {
    const nearest = Math.min(...after[block]!.map(({ block: next, distance }) => places[next]! - distance));
    if (Number.isFinite(nearest)) places[block] = Math.max(places[block]!, nearest);
  }
  return roots.map((root) => places[root]!);
}
