// The arrows of the SVG: curves between layers, straight lines through them, an open end at the source and a head at the
// target, and the labels of those that stand in, put where they cover nothing.

import { escapeMarkup } from '../escape.ts';
import { spread } from '../layout/spread.ts';
import type { Layout, LayoutOptions, PlacedBox, Point } from '../layout.ts';
import type { Arrow } from '../picture.ts';
import { textWidth } from './text-width.ts';

type Direction = NonNullable<LayoutOptions['direction']>;

export interface DrawnArrow {
  readonly arrow: Arrow;
  /** From the source's edge to the target's, by way of the bends. */
  readonly points: readonly Point[];
}

const headLength = 8;
const portGap = 14;
/** How far towards the other end a line may begin or end beside a box's middle; all the way where that makes it straight. */
const portPull = 0.3;
const straightMax = 30;
/** Points nearer than this are one. */
const same = 0.75;

/** Where each arrow leaves its source and enters its target: beside each other, in the order that crosses least. */
export function attachArrows(arrows: readonly Arrow[], layout: Layout, direction: Direction): DrawnArrow[] {
  const boxes = new Map(layout.boxes.map((box) => [box.id, box]));
  const across = (point: Point) => (direction === 'down' ? point.x : point.y);
  const ways = layout.arrows.map(({ points }) => [...points]);
  for (const side of ['from', 'to'] as const) {
    const byBox = Map.groupBy(arrows.keys(), (index) => arrows[index]![side]);
    for (const [id, indexes] of byBox) {
      const box = boxes.get(id)!;
      const size = direction === 'down' ? box.width : box.height;
      const next = (index: number) => across(ways[index]!.at(side === 'from' ? 1 : -2)!);
      const sorted = indexes.toSorted((a, b) => next(a) - next(b));
      const limit = Math.max(0, size / 2 - 16);
      const gap = sorted.length > 1 ? Math.min(portGap, (2 * limit) / (sorted.length - 1)) : 0;
      const wanted = sorted.map((index) => {
        const aside = next(index) - across(box);
        const pulled = Math.abs(aside) <= straightMax ? aside : aside * portPull;
        return Math.max(-limit, Math.min(limit, pulled));
      });
      const places = spread(wanted, gap).map((place) => Math.max(-limit, Math.min(limit, place)));
      for (const [order, index] of sorted.entries()) {
        const way = ways[index]!;
        const neighbour = way.at(side === 'from' ? 1 : -2)!;
        const forward = alongOf(neighbour, direction) > alongOf(box, direction);
        way[side === 'from' ? 0 : way.length - 1] = edgePoint(box, places[order]!, forward, direction);
      }
    }
  }
  return arrows.map((arrow, index) => ({ arrow, points: throughBands(ways[index]!, layout, direction) }));
}

/** The path of an arrow's line, and of its head. */
export function arrowPaths(points: readonly Point[], direction: Direction): { line: string; head: string } {
  const last = points.at(-1)!;
  const before = points.at(-2)!;
  const down = direction === 'down';
  const sign = Math.sign(alongOf(last, direction) - alongOf(before, direction)) || 1;
  const base = down ? { x: last.x, y: last.y - sign * headLength } : { x: last.x - sign * headLength, y: last.y };
  const way = [...points.slice(0, -1), base];
  const line = way.map((point, index) => {
    if (index === 0) return `M${at(point)}`;
    const from = way[index - 1]!;
    if (Math.abs(down ? from.x - point.x : from.y - point.y) < same) return `L${at(point)}`;
    const middle = down ? (from.y + point.y) / 2 : (from.x + point.x) / 2;
    const [a, b] = down
      ? [
          { x: from.x, y: middle },
          { x: point.x, y: middle },
        ]
      : [
          { x: middle, y: from.y },
          { x: middle, y: point.y },
        ];
    return `C${at(a)} ${at(b)} ${at(point)}`;
  });
  const side = headLength / 2;
  const corners = down
    ? [
        { x: last.x - side, y: base.y },
        { x: last.x + side, y: base.y },
      ]
    : [
        { x: base.x, y: last.y - side },
        { x: base.x, y: last.y + side },
      ];
  return { line: line.join(''), head: `M${at(last)}L${at(corners[0]!)} ${at(corners[1]!)}Z` };
}

interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Labels, each on its line where it covers no box and no other label; at worst beside the target. */
export function renderLabels(drawn: readonly DrawnArrow[], layout: Layout): string {
  const taken: Area[] = layout.boxes.map(({ x, y, width, height }) => ({
    left: x - width / 2,
    top: y - height / 2,
    width,
    height,
  }));
  const labels: string[] = [];
  for (const { arrow, points } of drawn) {
    if (arrow.label === undefined) continue;
    const width = textWidth(arrow.label, 10) + 10;
    const areas = spots(points).map(({ x, y }): Area => ({ left: x - width / 2, top: y - 8, width, height: 16 }));
    const area = areas.find((one) => !taken.some((other) => overlap(one, other))) ?? areas[0]!;
    taken.push(area);
    labels.push(
      `<g class="label" transform="translate(${area.left.toFixed(1)} ${area.top.toFixed(1)})"><rect width="${width.toFixed(1)}" height="16" rx="4"/><text x="${(width / 2).toFixed(1)}" y="11.5" text-anchor="middle">${escapeMarkup(arrow.label)}</text></g>`,
    );
  }
  return labels.join('\n');
}

/** Points of a line to try in turn: the middles of its parts, from its end, then quarters. */
function spots(points: readonly Point[]): Point[] {
  const parts = points.slice(1).map((to, index) => ({ from: points[index]!, to }));
  const long = parts.filter(({ from, to }) => Math.hypot(to.x - from.x, to.y - from.y) > 20).reverse();
  return [0.5, 0.4, 0.6, 0.3, 0.7].flatMap((t) => {
    // A curve with upright ends: across it goes by 3t² - 2t³.
    const eased = 3 * t * t - 2 * t * t * t;
    return long.map(({ from, to }) => {
      const upright = Math.abs(to.y - from.y) >= Math.abs(to.x - from.x) || from.x !== to.x;
      const [s, u] = upright ? [eased, t] : [t, eased];
      return { x: from.x + (to.x - from.x) * s, y: from.y + (to.y - from.y) * u };
    });
  });
}

function overlap(a: Area, b: Area): boolean {
  const apart = a.left >= b.left + b.width || b.left >= a.left + a.width;
  return !(apart || a.top >= b.top + b.height || b.top >= a.top + a.height);
}

/** Lines leave the layer of a box straight, so that they turn only where no box can be in the way. */
function throughBands(points: readonly Point[], layout: Layout, direction: Direction): Point[] {
  const [first, last] = [points[0]!, points.at(-1)!];
  const forward = alongOf(last, direction) >= alongOf(first, direction);
  const leave = bandEdge(first, forward);
  const enter = bandEdge(last, !forward);
  // Bends need no point at the far side of a layer that its box fills.
  const inner = [leave, ...points.slice(1, -1), enter].filter((point) => !isSame(point, first) && !isSame(point, last));
  return [first, ...inner.filter((point, index) => index === 0 || !isSame(point, inner[index - 1]!)), last];

  function bandEdge(point: Point, after: boolean): Point {
    const along = alongOf(point, direction);
    const band = layout.bands.find(({ start, end }) => along >= start - 0.5 && along <= end + 0.5);
    if (band === undefined) return point;
    const edge = after ? band.end : band.start;
    return direction === 'down' ? { x: point.x, y: edge } : { x: edge, y: point.y };
  }
}

function isSame(a: Point, b: Point): boolean {
  return Math.abs(a.x - b.x) < same && Math.abs(a.y - b.y) < same;
}

function edgePoint(box: PlacedBox, aside: number, forward: boolean, direction: Direction): Point {
  const sign = forward ? 1 : -1;
  if (direction === 'down') return { x: box.x + aside, y: box.y + (sign * box.height) / 2 };
  return { x: box.x + (sign * box.width) / 2, y: box.y + aside };
}

function alongOf(point: Point, direction: Direction): number {
  return direction === 'down' ? point.y : point.x;
}

function at({ x, y }: Point): string {
  return `${Number(x.toFixed(1))} ${Number(y.toFixed(1))}`;
}
