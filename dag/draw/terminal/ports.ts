// Which columns the lines of a terminal's drawing take: where they leave a box, pass a layer, and enter the next box. One
// line per source and kind until its arrows part, so that wide graphs stay readable.

import { spread } from '../layout/spread.ts';
import type { Layout, PlacedBox, RoutedArrow } from '../layout.ts';
import type { Arrow } from '../picture.ts';
import type { Net } from './channel.ts';

/** How far from a box's middle to its corner lines end that come from beside it: 0..1. */
const cornerPull = 0.4;

/** A line within one gap between layers. */
export interface Line extends Net {
  readonly kind: Arrow['kind'];
  readonly from: string;
  /** It comes from its source's box, not from a bend. */
  readonly atSource: boolean;
  readonly ends: readonly LineEnd[];
}

export interface LineEnd {
  readonly column: number;
  readonly arrows: readonly Arrow[];
  /** It enters a box here. */
  readonly atTarget: boolean;
}

interface Step {
  readonly arrow: Arrow;
  /** Layer above the gap. */
  readonly layer: number;
  /** Of the bends; undefined: it begins or ends at a box. */
  readonly topBend: number | undefined;
  readonly bottomBend: number | undefined;
}

/** The lines of each gap. Only for layouts whose arrows all lead down. */
export function linesOf(arrows: readonly Arrow[], layout: Layout): Line[][] {
  const boxes = new Map(layout.boxes.map((box) => [box.id, box]));
  const steps = arrows.flatMap((arrow, index) => stepsOf(arrow, layout.arrows[index]!, boxes));
  const keyOf = ({ arrow: { from, kind } }: Step) => `${from} ${kind}`;
  return layout.bands.slice(1).map((_, layer) => {
    const groups = Map.groupBy(
      steps.filter((step) => step.layer === layer),
      keyOf,
    );
    const tops = new Map<string, number>();
    for (const [id, leaving] of Map.groupBy(groups.keys(), (key) => groups.get(key)![0]!.arrow.from)) {
      const box = boxes.get(id)!;
      const atBox = leaving.filter((key) => groups.get(key)![0]!.topBend === undefined);
      const columns = leavingColumns(
        box,
        atBox.map((key) => groups.get(key)!),
        boxes,
      );
      for (const [index, key] of atBox.entries()) tops.set(key, columns[index]!);
    }
    for (const [key, [step]] of groups) if (step!.topBend !== undefined) tops.set(key, step!.topBend);

    const entries = new Map<Step, number>();
    const arriving = [...groups.values()].flat().filter(({ bottomBend }) => bottomBend === undefined);
    for (const [id, group] of Map.groupBy(arriving, ({ arrow: { to } }) => to)) {
      const sorted = group.toSorted((a, b) => tops.get(keyOf(a))! - tops.get(keyOf(b))!);
      const columns = portColumns(
        boxes.get(id)!,
        sorted.map((step) => tops.get(keyOf(step))!),
      );
      for (const [index, step] of sorted.entries()) entries.set(step, columns[index]!);
    }
    return [...groups].map(([key, group]) => lineOf(key, group, tops.get(key)!, entries));
  });
}

function stepsOf(arrow: Arrow, { points }: RoutedArrow, boxes: ReadonlyMap<string, PlacedBox>): Step[] {
  const { layer } = boxes.get(arrow.from)!;
  // Two points for each bend: where its layer begins and ends.
  const bends = points.slice(1, -1).filter((_, index) => index % 2 === 0);
  const columns = [undefined, ...bends.map(({ x }) => Math.floor(x)), undefined];
  return columns.slice(1).map((bottomBend, index) => ({
    arrow,
    layer: layer + index,
    topBend: columns[index],
    bottomBend,
  }));
}

function lineOf(key: string, group: readonly Step[], top: number, entries: ReadonlyMap<Step, number>): Line {
  const { arrow, topBend } = group[0]!;
  const byColumn = Map.groupBy(group, (step) => step.bottomBend ?? entries.get(step)!);
  const ends = [...byColumn].map(([column, steps]) => ({
    column,
    arrows: steps.map((step) => step.arrow),
    atTarget: steps[0]!.bottomBend === undefined,
  }));
  const bottoms = ends.map(({ column }) => column);
  return { id: key, top, bottoms, kind: arrow.kind, from: arrow.from, atSource: topBend === undefined, ends };
}

/** One column for each kind of line that leaves a box: the bend's below where that makes it straight, else the middle. */
function leavingColumns(
  box: PlacedBox,
  groups: readonly (readonly Step[])[],
  boxes: ReadonlyMap<string, PlacedBox>,
): number[] {
  const middle = Math.floor(box.x);
  const aims = groups.map((steps) => {
    const next = steps.map(({ bottomBend, arrow }) => bottomBend ?? Math.floor(boxes.get(arrow.to)!.x));
    const straight = steps.length === 1 && Math.abs(next[0]! - middle) < box.width / 2 - 1;
    return { mean: next.reduce((sum, column) => sum + column, 0) / next.length, wanted: straight ? next[0]! : middle };
  });
  const order = [...groups.keys()].sort((a, b) => aims[a]!.mean - aims[b]!.mean || a - b);
  const columns = portColumns(
    box,
    order.map((index) => aims[index]!.wanted),
  );
  return groups.map((_, index) => columns[order.indexOf(index)]!);
}

/** Whole columns on a box's frame between its corners, near those wanted, in their order, two apart where it can be. */
function portColumns(box: PlacedBox, wanted: readonly number[]): number[] {
  const first = Math.floor(box.x) - (box.width - 1) / 2 + 1;
  const last = first + box.width - 3;
  const gap = (wanted.length - 1) * 2 <= last - first ? 2 : 1;
  const middle = Math.floor(box.x);
  const pulled = wanted.map((column) => {
    // Straight where it can be; else it turns off over the box, not at its corner.
    if (column > first && column < last) return column;
    return middle + Math.trunc((Math.max(first, Math.min(last, column)) - middle) * cornerPull);
  });
  const columns: number[] = [];
  for (const [index, place] of spread(pulled, gap).entries()) {
    const lowest = index === 0 ? first : columns[index - 1]! + gap;
    columns.push(Math.max(lowest, Math.min(Math.round(place), last - (wanted.length - 1 - index) * gap)));
  }
  return columns;
}
