// Where boxes stand and lines go: a layered drawing after Sugiyama, Tagawa and Toda ("Methods for Visual Understanding of
// Hierarchical System Structures", 1981) in the steps that Gansner et al. made usual ("A Technique for Drawing Directed
// Graphs", 1993): layers, bends for long lines, order within layers, coordinates. No randomness: the same graph has the
// same picture. Pure; SVG and terminal call it, each with its own unit.

import { coordinates } from './layout/coordinates.ts';
import { countCrossings, orderLayers } from './layout/crossings.ts';
import { assignLayers } from './layout/layers.ts';

export interface LayoutBox {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

export interface LayoutArrow {
  readonly from: string;
  readonly to: string;
  /** How much it matters that it is short. Default 1. */
  readonly weight?: number;
  /** The gap before its target is deeper by `labelGap`. Default false. */
  readonly labelled?: boolean;
  /** Arrows of one source and one bundle share their bends. Default: none does. */
  readonly bundle?: string;
}

export interface LayoutOptions {
  /** Way of the arrows. Default `down`. */
  readonly direction?: 'down' | 'right';
  /** Stands before all others. */
  readonly first?: string;
  /** Stands after all others. */
  readonly last?: string;
  /** Between two boxes of a layer, between two lines; between layers (at least). */
  readonly boxGap: number;
  readonly lineGap: number;
  readonly layerGap: number;
  /** Default 0. */
  readonly labelGap?: number;
  /** Room of a line between boxes. */
  readonly lineSize: number;
  /** Default 24; 0 keeps the order given. */
  readonly sweepsMax?: number;
  /** The narrowest coordinates instead of the most even. */
  readonly narrow?: boolean;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PlacedBox extends LayoutBox {
  readonly layer: number;
  /** Centre. */
  readonly x: number;
  readonly y: number;
}

export interface RoutedArrow {
  readonly from: string;
  readonly to: string;
  /** From box to box, by the bends of the layers between: by each one's centre across the page. */
  readonly points: readonly Point[];
  /** It passes layers without bends of its own: it may run behind boxes. Only in graphs beyond `bendsMax`. */
  readonly direct: boolean;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** In the order given. */
  readonly boxes: readonly PlacedBox[];
  readonly arrows: readonly RoutedArrow[];
  /** Along the arrows: where each layer begins and ends. */
  readonly bands: readonly { readonly start: number; readonly end: number }[];
  readonly crossings: number;
}

/** Bends of one picture; the longest arrows beyond it get none. Nobody can follow so many lines anyway. */
export const bendsMax = 6000;

/** Of arrows from the first box: heavier than all others of a node together. */
export const firstWeight = 1000;

/** Takes arrows between boxes that are given, none from a box to itself; ids are unique. Sizes in any one unit. */
export function layoutGraph(
  boxes: readonly LayoutBox[],
  arrows: readonly LayoutArrow[],
  options: LayoutOptions,
): Layout {
  const down = options.direction !== 'right';
  const indexes = new Map(boxes.map(({ id }, index) => [id, index]));
  const ends = arrows.map(({ from, to }) => ({ from: indexes.get(from)!, to: indexes.get(to)! }));
  const layerOf = layersOf(boxes, arrows, indexes, options);
  const bent = bendArrows(ends, arrows, layerOf, boxes.length);
  const vertices = { layers: initialLayers(bent.layers), before: bent.before, after: bent.after };
  const layers = orderLayers(vertices, options.sweepsMax ?? 24);

  const isBend = bent.layers.map((_, vertex) => vertex >= boxes.length);
  const sizes = isBend.map((bend, vertex) => {
    if (bend) return options.lineSize;
    return down ? boxes[vertex]!.width : boxes[vertex]!.height;
  });
  const { boxGap, lineGap } = options;
  const across = coordinates({ ...vertices, layers }, { sizes, bends: isBend, boxGap, lineGap }, options.narrow);
  const bands = bandsOf(layers, across, bent, boxes, labelledLayers(arrows, indexes, layerOf), options);
  const point = (a: number, b: number): Point => (down ? { x: a, y: b } : { x: b, y: a });

  const placed = boxes.map((box, index) => {
    const { start, end } = bands[layerOf[index]!]!;
    return { ...box, layer: layerOf[index]!, ...point(across[index]!, (start + end) / 2) };
  });
  const routed = arrows.map(({ from, to }, index): RoutedArrow => {
    const points = bent.ways[index]!.flatMap((vertex) => {
      const { start, end } = bands[bent.layers[vertex]!]!;
      if (!isBend[vertex]) return [point(across[vertex]!, (start + end) / 2)];
      const way = [point(across[vertex]!, start), point(across[vertex]!, end)];
      return bent.turned[index] ? way.reverse() : way;
    });
    return { from, to, points, direct: bent.direct[index]! };
  });
  const breadth = Math.max(0, ...across.map((place, vertex) => place + sizes[vertex]! / 2));
  const depth = bands.at(-1)?.end ?? 0;
  const [width, height] = down ? [breadth, depth] : [depth, breadth];
  return { width, height, boxes: placed, arrows: routed, bands, crossings: countCrossings(bent, layers) };
}

function layersOf(
  boxes: readonly LayoutBox[],
  arrows: readonly LayoutArrow[],
  indexes: ReadonlyMap<string, number>,
  { first, last }: LayoutOptions,
): number[] {
  const edges = arrows.map(({ from, to, weight = 1 }) => ({ from: indexes.get(from)!, to: indexes.get(to)!, weight }));
  const [start, end] = [indexes.get(first ?? ''), indexes.get(last ?? '')];
  const entered = new Set(edges.map(({ to }) => to));
  const left = new Set(edges.map(({ from }) => from));
  for (const vertex of boxes.keys()) {
    if (vertex === start || vertex === end) continue;
    // What waits for nothing stands right after the first, however far its targets are.
    if (start !== undefined && !entered.has(vertex)) edges.push({ from: start, to: vertex, weight: firstWeight });
    if (end !== undefined && !left.has(vertex)) edges.push({ from: vertex, to: end, weight: 0 });
  }
  return assignLayers(boxes.length, edges);
}

interface BentArrows {
  /** By vertex, bends after the boxes. */
  readonly layers: number[];
  readonly before: number[][];
  readonly after: number[][];
  /** By arrow: the vertices it passes, ends included, from its source to its target. */
  readonly ways: number[][];
  readonly turned: boolean[];
  readonly direct: boolean[];
}

function bendArrows(
  ends: readonly { from: number; to: number }[],
  arrows: readonly LayoutArrow[],
  boxLayers: readonly number[],
  boxCount: number,
): BentArrows {
  const layers = [...boxLayers];
  const before = boxLayers.map((): number[] => []);
  const after = boxLayers.map((): number[] => []);
  const ways = ends.map((): number[] => []);
  const turned = ends.map(({ from, to }) => boxLayers[from]! > boxLayers[to]!);
  const direct = ends.map(() => false);
  const bundles = new Map<string, number>();
  const lengthOf = (index: number) => Math.abs(boxLayers[ends[index]!.to]! - boxLayers[ends[index]!.from]!);
  const join = (upper: number, lower: number) => {
    if (after[upper]!.includes(lower)) return;
    after[upper]!.push(lower);
    before[lower]!.push(upper);
  };

  // Short ones first: they have bends where not all can.
  for (const index of [...ends.keys()].sort((a, b) => lengthOf(a) - lengthOf(b) || a - b)) {
    const { from, to } = ends[index]!;
    const [upper, lower] = turned[index] ? [to, from] : [from, to];
    if (layers.length - boxCount + lengthOf(index) - 1 > bendsMax) {
      direct[index] = true;
      ways[index] = [from, to];
      continue;
    }
    const way = [upper];
    for (let layer = boxLayers[upper]! + 1; layer < boxLayers[lower]!; layer++) {
      const bundle = arrows[index]!.bundle;
      const key = bundle === undefined || turned[index] ? `arrow ${index} ${layer}` : `${upper} ${layer} ${bundle}`;
      let bend = bundles.get(key);
      if (bend === undefined) {
        bend = layers.push(layer) - 1;
        before.push([]);
        after.push([]);
        bundles.set(key, bend);
      }
      join(way.at(-1)!, bend);
      way.push(bend);
    }
    join(way.at(-1)!, lower);
    way.push(lower);
    ways[index] = turned[index] ? way.reverse() : way;
  }
  return { layers, before, after, ways, turned, direct };
}

function labelledLayers(
  arrows: readonly LayoutArrow[],
  indexes: ReadonlyMap<string, number>,
  layerOf: readonly number[],
): Set<number> {
  return new Set(arrows.filter(({ labelled }) => labelled).map(({ to }) => layerOf[indexes.get(to)!]!));
}

/** Boxes in the order given, bends after them. */
function initialLayers(layerOf: readonly number[]): number[][] {
  const layers = Array.from({ length: Math.max(-1, ...layerOf) + 1 }, (): number[] => []);
  for (const [vertex, layer] of layerOf.entries()) layers[layer]!.push(vertex);
  return layers;
}

/** Layers are as deep as their deepest box; where lines go far aside, the gap is up to twice as wide. */
function bandsOf(
  layers: readonly (readonly number[])[],
  across: readonly number[],
  { after }: BentArrows,
  boxes: readonly LayoutBox[],
  labelled: ReadonlySet<number>,
  { direction, layerGap, labelGap = 0 }: LayoutOptions,
): { start: number; end: number }[] {
  const bands: { start: number; end: number }[] = [];
  let start = 0;
  for (const [index, layer] of layers.entries()) {
    const depths = layer.map((vertex) => boxes[vertex]?.[direction === 'right' ? 'width' : 'height'] ?? 0);
    const end = start + Math.max(0, ...depths);
    bands.push({ start, end });
    const aside = layer.flatMap((vertex) => after[vertex]!.map((next) => Math.abs(across[next]! - across[vertex]!)));
    const wide = Math.ceil(Math.max(0, ...aside) / 5);
    start = end + Math.max(layerGap, Math.min(2 * layerGap, wide)) + (labelled.has(index + 1) ? labelGap : 0);
  }
  return bands;
}
