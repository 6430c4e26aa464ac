// Second step of a layered drawing: the order within each layer, so that few lines cross. Sweeps down and up sort each
// layer by where its neighbours stand (barycenters, then medians), then neighbours that cross less the other way round
// change places. The best order seen is kept, so it is never worse than the one given.

/** Vertices of a layered drawing: boxes, and the bends of long lines. Lines join neighbouring layers only. */
export interface LayeredVertices {
  /** Vertices of each layer, in order. */
  readonly layers: readonly (readonly number[])[];
  /** By vertex: neighbours in the layer before and in the one after. */
  readonly before: readonly (readonly number[])[];
  readonly after: readonly (readonly number[])[];
}

/** Sweeps without a better order after which it ends. */
const idleSweepsMax = 6;
/** Lines beyond which places are not exchanged pair by pair: it takes their number squared in the worst case. */
const exchangedLinesMax = 4000;
const exchangePassesMax = 8;

/** An order of each layer. `sweepsMax` 0 keeps the one given. */
export function orderLayers(vertices: LayeredVertices, sweepsMax: number): number[][] {
  let layers = vertices.layers.map((layer) => [...layer]);
  let best = { layers, crossings: countCrossings(vertices, layers) };
  const lines = vertices.after.reduce((sum, { length }) => sum + length, 0);
  const keepIfBetter = () => {
    const crossings = countCrossings(vertices, layers);
    const better = crossings < best.crossings;
    if (better) best = { layers: layers.map((layer) => [...layer]), crossings };
    return better;
  };
  for (let sweep = 0, idle = 0; sweep < sweepsMax && idle < idleSweepsMax && best.crossings > 0; sweep++) {
    layers = layers.map((layer) => [...layer]);
    sortSweep(vertices, layers, sweep);
    if (lines <= exchangedLinesMax) exchange(vertices, layers);
    idle = keepIfBetter() ? 0 : idle + 1;
  }
  return best.layers;
}

/** How many pairs of lines cross. */
export function countCrossings(
  { before }: Pick<LayeredVertices, 'before'>,
  layers: readonly (readonly number[])[],
): number {
  let crossings = 0;
  for (let index = 1; index < layers.length; index++) {
    const positions = positionsOf(layers[index - 1]!);
    // Lines in the order of their lower ends: those before it that begin further right cross it. A Fenwick tree counts.
    const counts = new Array<number>(layers[index - 1]!.length + 1).fill(0);
    let seen = 0;
    for (const vertex of layers[index]!) {
      const starts = before[vertex]!.map((neighbour) => positions.get(neighbour)!);
      for (const start of starts) {
        let upTo = 0;
        for (let at = start + 1; at > 0; at -= at & -at) upTo += counts[at]!;
        crossings += seen - upTo;
      }
      for (const start of starts) {
        for (let at = start + 1; at < counts.length; at += at & -at) counts[at]!++;
        seen++;
      }
    }
  }
  return crossings;
}

/** Even sweeps go down, odd ones up; of each four the last two sort by medians; ties fall left, then right. */
function sortSweep({ before, after }: LayeredVertices, layers: number[][], sweep: number): void {
  const down = sweep % 2 === 0;
  const neighbours = down ? before : after;
  const middle = sweep % 4 < 2 ? mean : median;
  const last = layers.length - 1;
  for (let step = 1; step <= last; step++) {
    const index = down ? step : last - step;
    const positions = positionsOf(layers[down ? index - 1 : index + 1]!);
    const keys = new Map<number, number>();
    for (const vertex of layers[index]!) {
      const found = neighbours[vertex]!.map((neighbour) => positions.get(neighbour)!);
      if (found.length > 0) keys.set(vertex, middle(found));
    }
    const tie = sweep % 8 < 4 ? 1 : -1;
    const places = positionsOf(layers[index]!);
    const sorted = [...keys.keys()].sort(
      (a, b) => keys.get(a)! - keys.get(b)! || tie * (places.get(a)! - places.get(b)!),
    );
    // Who has no neighbours there keeps its place.
    let next = 0;
    layers[index] = layers[index]!.map((vertex) => (keys.has(vertex) ? sorted[next++]! : vertex));
  }
}

function exchange({ before, after }: LayeredVertices, layers: number[][]): void {
  const positions = new Map<number, number>();
  for (const layer of layers) for (const [place, vertex] of layer.entries()) positions.set(vertex, place);
  const placesOf = (list: readonly number[]) => list.map((vertex) => positions.get(vertex)!).sort((a, b) => a - b);
  for (let pass = 0, changed = true; pass < exchangePassesMax && changed; pass++) {
    changed = false;
    for (const layer of layers) {
      for (let place = 1; place < layer.length; place++) {
        const [left, right] = [layer[place - 1]!, layer[place]!];
        const sides = [before, after].map((side) => [placesOf(side[left]!), placesOf(side[right]!)] as const);
        const now = sides.reduce((sum, [a, b]) => sum + inversions(a, b), 0);
        const then = sides.reduce((sum, [a, b]) => sum + inversions(b, a), 0);
        if (then >= now) continue;
        layer[place - 1] = right;
        layer[place] = left;
        positions.set(right, place - 1).set(left, place);
        changed = true;
      }
    }
  }
}

/** Pairs with the left one's place beyond the right one's; both sorted. */
function inversions(left: readonly number[], right: readonly number[]): number {
  let count = 0;
  let smaller = 0;
  for (const place of left) {
    while (smaller < right.length && right[smaller]! < place) smaller++;
    count += smaller;
  }
  return count;
}

function positionsOf(layer: readonly number[]): Map<number, number> {
  return new Map(layer.map((vertex, place) => [vertex, place]));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
