// A graph as boxes and joined lines, for a terminal of so many columns: the layered layout in whole columns, then the
// rows between layers.

import { firstWeight, type Layout, layoutGraph, type PlacedBox } from '../layout.ts';
import { type Arrow, outputId, type Picture, requestId } from '../picture.ts';
import { type BoxText, inkOf } from './box-text.ts';
import { Canvas, type Pen } from './canvas.ts';
import { routeChannel, type Track } from './channel.ts';
import { type Line, linesOf } from './ports.ts';

export interface DrawingOptions {
  readonly widthMax: number;
  readonly colour: boolean;
  /** Arrows of the critical path, and its nodes. */
  readonly critical: ReadonlySet<Arrow>;
  readonly criticalNodes: ReadonlySet<string>;
}

/** Lines of text. Undefined: it does not fit, or has arrows that can't be drawn so. */
export function drawBoxes(picture: Picture, texts: readonly BoxText[], options: DrawingOptions): string[] | undefined {
  if (Math.max(...texts.map(({ width }) => width)) > options.widthMax) return undefined;
  return drawOnce(picture, texts, options, false) ?? drawOnce(picture, texts, options, true);
}

function drawOnce(picture: Picture, texts: readonly BoxText[], options: DrawingOptions, narrow: boolean) {
  const layout = layoutGraph(
    texts.map(({ box, width, height }) => ({ id: box.id, width, height })),
    picture.arrows.map(({ from, to, kind }) => ({
      from,
      to,
      bundle: kind,
      weight: from === requestId ? firstWeight : 1,
    })),
    { first: requestId, last: outputId, boxGap: 2, lineGap: 2, layerGap: 1, lineSize: 1, narrow },
  );
  const columns = Math.ceil(layout.width);
  if (columns > options.widthMax || !leadsDown(picture, layout)) return undefined;

  const channels = linesOf(picture.arrows, layout);
  const tracks = channels.map((lines) => routeChannel(lines, columns));
  const used = tracks.flat().flatMap(({ tops, bottoms }) => [...tops, ...bottoms]);
  const width = Math.max(columns, ...used.map((column) => column + 1));
  if (width > options.widthMax) return undefined;

  const heights = layout.bands.map(({ start, end }) => end - start);
  const rows = [0];
  for (const [layer, height] of heights.entries()) {
    // A blank row below the turns, so that they don't seem to lie on the boxes.
    const turns = Math.max(0, ...(tracks[layer] ?? []).map(({ row }) => row + 1));
    rows.push(rows[layer]! + height + turns + 1);
  }
  const canvas = new Canvas(width, rows.at(-1)!);
  const sheet = { canvas, rows, heights, options, boxes: new Map(layout.boxes.map((box) => [box.id, box])) };
  for (const [layer, lines] of channels.entries()) {
    for (const line of lines) {
      drawLine(
        sheet,
        layer,
        line,
        tracks[layer]!.filter(({ net }) => net === line),
      );
    }
  }
  for (const text of texts) drawBox(sheet, text);
  for (const [layer, lines] of channels.entries()) for (const line of lines) drawEnds(sheet, layer, line);
  return canvas.lines(options.colour).slice(0, rows.at(-2)! + heights.at(-1)!);
}

interface Sheet {
  readonly canvas: Canvas;
  /** First row of each layer. */
  readonly rows: readonly number[];
  readonly heights: readonly number[];
  readonly boxes: ReadonlyMap<string, PlacedBox>;
  readonly options: DrawingOptions;
}

function leadsDown({ arrows }: Picture, layout: Layout): boolean {
  const layers = new Map(layout.boxes.map(({ id, layer }) => [id, layer]));
  return arrows.every(({ from, to }, index) => layers.get(from)! < layers.get(to)! && !layout.arrows[index]!.direct);
}

function drawBox({ canvas, rows, boxes, options }: Sheet, { box, lines, width, height }: BoxText): void {
  const placed = boxes.get(box.id)!;
  const x = leftOf(placed);
  const y = rows[placed.layer]!;
  const critical = options.criticalNodes.has(box.id);
  const ink = critical ? 'critical' : inkOf(box);
  canvas.clear(x, y, width, height);
  canvas.frame(x, y, width, height, { owner: `box ${box.id}`, dash: 'hard', heavy: critical, ink });
  for (const [index, line] of lines.entries()) canvas.text(x + 2, y + 1 + index, line.text, line.ink);
}

/** Down from its source or bend, aside in its tracks, down to each of its ends; critical parts on top. */
function drawLine(
  { canvas, rows, heights, options, boxes }: Sheet,
  layer: number,
  line: Line,
  tracks: readonly Track[],
) {
  const top = line.atSource ? rows[layer]! + boxes.get(line.from)!.height - 1 : rows[layer]!;
  const gap = rows[layer]! + heights[layer]!;
  const bottom = rows[layer + 1]!;
  const turns = tracks.toSorted((a, b) => a.row - b.row);
  const isCritical = (arrows: readonly Arrow[]) => arrows.some((arrow) => options.critical.has(arrow));
  for (const end of line.ends.toSorted((a, b) => Number(isCritical(a.arrows)) - Number(isCritical(b.arrows)))) {
    const critical = isCritical(end.arrows);
    const ink = critical ? 'critical' : line.kind === 'stand-in' ? 'faint' : 'plain';
    const pen: Pen = { owner: `line ${line.id}`, dash: line.kind, heavy: critical, ink };
    let [x, y] = [line.top, top];
    for (const [index, { row, bottoms }] of turns.entries()) {
      const next = index === turns.length - 1 ? end.column : bottoms[0]!;
      canvas.upright(x, y, gap + row, pen);
      canvas.level(gap + row, x, next, pen);
      [x, y] = [next, gap + row];
    }
    canvas.upright(x, y, bottom, pen);
  }
}

/** Where lines leave and enter frames. */
function drawEnds({ canvas, rows, options, boxes }: Sheet, layer: number, line: Line): void {
  if (line.atSource) {
    const critical = line.ends.some(({ arrows }) => arrows.some((arrow) => options.critical.has(arrow)));
    const bottom = rows[layer]! + boxes.get(line.from)!.height - 1;
    canvas.text(line.top, bottom, critical ? '┳' : '┬', critical ? 'critical' : 'plain');
  }
  for (const { column, arrows, atTarget } of line.ends) {
    if (!atTarget) continue;
    const critical = arrows.some((arrow) => options.critical.has(arrow));
    canvas.text(column, rows[layer + 1]!, '▼', critical ? 'critical' : 'plain');
  }
}

function leftOf({ x, width }: PlacedBox): number {
  return Math.floor(x) - (width - 1) / 2;
}
