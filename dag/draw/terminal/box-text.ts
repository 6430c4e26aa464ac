// What stands in a box of a terminal's drawing: as many lines, as long, as there is room for.

import type { StrategyDefinition } from '../../definition.ts';
import type { NodeEnd, NodeTrace } from '../../run/trace.ts';
import { formatMs, knownEnd, policyTexts } from '../describe.ts';
import type { Arrow, Box } from '../picture.ts';
import { columnsOf, cutColumns, type Ink, plainLine } from './text.ts';

/** How much is written: columns of a line at most, and whether what it does and its policies are. */
export interface Detail {
  readonly columnsMax: number;
  readonly doing: boolean;
  readonly policies: boolean;
}

export interface BoxText {
  readonly box: Box;
  readonly lines: readonly { readonly text: string; readonly ink: Ink }[];
  /** Frame included; odd, so that it has a middle. */
  readonly width: number;
  readonly height: number;
}

export const endSigns: Readonly<Record<NodeEnd, string>> = { done: '✓', failed: '✗', skipped: '-', cancelled: '×' };

/** `ports`: lines that arrive or leave on one side; the frame is wide enough for them. */
export function boxText(
  box: Box,
  standsIn: readonly Arrow[],
  definition: StrategyDefinition,
  ended: NodeTrace | undefined,
  detail: Detail,
  ports: number,
): BoxText {
  const lines: { text: string; ink: Ink }[] = [{ text: headLine(box, ended), ink: headInk(ended) }];
  const { node } = box;
  if (node !== undefined && detail.doing) lines.push({ text: box.doing, ink: inkOf(box) });
  if (node !== undefined && detail.policies) {
    const policies = policyTexts(node, definition.degrade).join(', ');
    if (policies !== '') lines.push({ text: policies, ink: 'faint' });
  }
  for (const { to, label } of standsIn) lines.push({ text: `for ${to}: ${label}`, ink: 'faint' });
  for (const mark of ended?.marks ?? []) lines.push({ text: `! ${mark}`, ink: 'mark' });
  const cut = lines.map(({ text, ink }) => ({ text: cutColumns(plainLine(text), detail.columnsMax), ink }));
  const inner = Math.max(...cut.map(({ text }) => columnsOf(text)), 2 * ports - 3);
  const width = inner + 4;
  return { box, lines: cut, width: width % 2 === 0 ? width + 1 : width, height: cut.length + 2 };
}

/** `✓ rank 10.5 ms`. */
export function headLine({ name }: Pick<Box, 'name'>, ended: NodeTrace | undefined): string {
  if (ended === undefined) return name;
  const ran = ended.startMs !== undefined && ended.end !== 'skipped';
  return `${endSigns[knownEnd(ended.end)]} ${name}${ran ? ` ${formatMs(ended.endMs - ended.startMs!)}` : ''}`;
}

export function headInk(ended: NodeTrace | undefined): Ink {
  if (ended?.end === 'failed') return 'failed';
  return ended?.critical ? 'critical' : 'bold';
}

export function inkOf({ kind }: Box): Ink {
  return kind === 'request' || kind === 'output' ? 'plain' : kind;
}
