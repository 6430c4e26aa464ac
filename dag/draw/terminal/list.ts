// A graph too wide for its terminal: its layers as a list, each node with what it does and what it waits for.

import type { NodeTrace } from '../../run/trace.ts';
import { firstWeight, layoutGraph } from '../layout.ts';
import { type Arrow, type Box, outputId, type Picture, requestId } from '../picture.ts';
import { headInk, headLine } from './box-text.ts';
import { columnsOf, cutColumns, inked, plainLine, wrapColumns } from './text.ts';

const nameColumnsMax = 28;

/** Lines of at most `widthMax` columns: `rank  run rank in pool rank`, below it `← recall, extra?`. */
export function drawList(
  { boxes, arrows }: Picture,
  widthMax: number,
  colour: boolean,
  ended: ReadonlyMap<string, NodeTrace> | undefined,
): string[] {
  const sizes = boxes.map(({ id }) => ({ id, width: 1, height: 1 }));
  const gaps = { boxGap: 1, lineGap: 1, layerGap: 1, lineSize: 1, sweepsMax: 0 };
  const ends = arrows.map(({ from, to }) => ({ from, to, weight: from === requestId ? firstWeight : 1 }));
  const layout = layoutGraph(sizes, ends, { first: requestId, last: outputId, ...gaps });
  const layers = layout.bands.map((_, layer) => boxes.filter((_, index) => layout.boxes[index]!.layer === layer));

  const heads = new Map(boxes.map((box) => [box.id, plainLine(headLine(box, ended?.get(box.id)))]));
  const nameColumns = Math.min(nameColumnsMax, Math.max(...[...heads.values()].map(columnsOf)) + 2);
  const into = Map.groupBy(arrows, ({ to }) => to);
  return layers.flatMap((layer, index) => {
    const nodes = layer.flatMap((box) => {
      const trace = ended?.get(box.id);
      const head = cutColumns(heads.get(box.id)!, Math.max(4, widthMax - 4));
      const room = widthMax - 2 - Math.max(nameColumns, columnsOf(head) + 2);
      const doing = room < 8 ? '' : cutColumns(plainLine(box.doing), room);
      const critical = trace?.critical ? '*' : ' ';
      const padded = doing === '' ? '' : ' '.repeat(Math.max(2, nameColumns - columnsOf(head)));
      const first = `${critical} ${inked(head, headInk(trace), colour)}${padded}${inked(doing, 'faint', colour)}`;
      const marks = (trace?.marks ?? []).map((mark) => `! ${plainLine(mark)}`);
      const more = [...marks, sourcesText(box, into.get(box.id) ?? [])].filter((text) => text !== '');
      const lines = more.flatMap((text) => wrapColumns(text, Math.max(1, widthMax - 6), '  '));
      return [first.trimEnd(), ...lines.map((line) => `      ${line}`)];
    });
    return [inked(cutColumns(`layer ${index + 1}`, widthMax), 'faint', colour), ...nodes];
  });
}

/** `← recall, extra?, light (light)`. */
function sourcesText({ id }: Box, arrows: readonly Arrow[]): string {
  const names = arrows.map(({ from, kind, label }) => {
    const name = from === requestId ? 'request' : from;
    const optional = kind === 'soft' ? '?' : '';
    return `${name}${optional}${label === undefined ? '' : ` (${label})`}`;
  });
  if (id === requestId || names.length === 0) return '';
  return plainLine(`← ${names.join(', ')}`);
}
