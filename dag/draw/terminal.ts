// drawTerminal: a strategy's graph for a terminal: boxes and lines where they fit, else a list of its layers. Complete
// without colour: kinds of lines differ in form, the critical path is drawn heavy.

import type { StrategyDefinition } from '../definition.ts';
import type { RunTrace } from '../run/trace.ts';
import { criticalArrows, outcomeText } from './critical-path.ts';
import { formatMs } from './describe.ts';
import { type ArrowKind, type Picture, pictureOf } from './picture.ts';
import { boxText, type Detail } from './terminal/box-text.ts';
import { criticalLines } from './terminal/critical-lines.ts';
import { drawBoxes } from './terminal/drawing.ts';
import { drawList } from './terminal/list.ts';
import { inked, plainLine, wrapColumns, wrapParts } from './terminal/text.ts';

export interface TerminalOptions {
  /** Columns; at least 20. */
  readonly width: number;
  /** ANSI colours. Default false. */
  readonly colour?: boolean;
  /** Draws a run over the graph. */
  readonly trace?: RunTrace;
}

/** From the most to the least that a drawing can say; what fits first is taken. */
const details: readonly Detail[] = [
  { columnsMax: 36, doing: true, policies: true },
  { columnsMax: 26, doing: true, policies: true },
  { columnsMax: 20, doing: true, policies: false },
  { columnsMax: 24, doing: false, policies: false },
];

/** Boxes beyond which nobody finds a way through a drawing of characters. */
const drawnBoxesMax = 60;

/** Ends with a newline; no line is wider than `width`. */
export function drawTerminal(definition: StrategyDefinition, options: TerminalOptions): string {
  const { colour = false, trace } = options;
  const width = Math.max(20, Math.floor(options.width));
  const picture = pictureOf(definition);
  const ended = trace === undefined ? undefined : new Map(trace.nodes.map((node) => [node.name, node]));
  const critical = criticalArrows(picture.arrows, trace);
  const ports = portsOf(picture);
  const standsIn = Map.groupBy(
    picture.arrows.filter(({ kind }) => kind === 'stand-in'),
    ({ from }) => from,
  );

  let drawing: string[] | undefined;
  for (const detail of picture.boxes.length > drawnBoxesMax ? [] : details) {
    const texts = picture.boxes.map((box) =>
      boxText(box, standsIn.get(box.id) ?? [], definition, ended?.get(box.id), detail, ports.get(box.id) ?? 1),
    );
    const criticalNodes = new Set(trace?.nodes.filter((node) => node.critical).map(({ name }) => name));
    drawing = drawBoxes(picture, texts, { widthMax: width, colour, critical, criticalNodes });
    if (drawing !== undefined) break;
  }
  const lines = [
    ...heading(definition, trace, width, colour),
    '',
    ...(drawing ?? drawList(picture, width, colour, ended)),
    '',
    ...legend(picture, trace, drawing === undefined, width, colour),
  ];
  return `${lines.join('\n')}\n`;
}

function heading(
  definition: StrategyDefinition,
  trace: RunTrace | undefined,
  width: number,
  colour: boolean,
): string[] {
  const { name, description, budget } = definition;
  const reserve = budget.reserveMs > 0 ? `, ${formatMs(budget.reserveMs)} of it in reserve` : '';
  const texts = [
    description,
    Number.isFinite(budget.totalMs) ? `budget ${formatMs(budget.totalMs)}${reserve}` : undefined,
    trace === undefined ? undefined : outcomeText(trace),
    trace?.failure === undefined ? undefined : `${trace.failure.code}: ${trace.failure.message}`,
  ].filter((text) => text !== undefined);
  return [
    ...wrapColumns(plainLine(name), width).map((line) => inked(line, 'bold', colour)),
    ...texts.flatMap((text) => wrapColumns(plainLine(text), width, '  ')),
    ...criticalLines(trace, width),
  ];
}

function legend(
  { arrows }: Picture,
  trace: RunTrace | undefined,
  list: boolean,
  width: number,
  colour: boolean,
): string[] {
  const kinds = new Set<ArrowKind>(arrows.map(({ kind }) => kind));
  const texts: string[] = [];
  if (kinds.has('soft')) texts.push(list ? 'name? can do without' : '╌╌ can do without');
  if (kinds.has('stand-in')) texts.push(list ? 'name (how) may stand in' : '┈┈ may stand in');
  if (trace !== undefined) {
    texts.push(list ? '* critical path' : '━━ critical path', '✓ done', '✗ failed', '- skipped', '× cancelled');
  }
  return wrapParts(texts, '   ', width).map((line) => inked(line, 'faint', colour));
}

/** Lines on the busier side of each box. */
function portsOf({ boxes, arrows }: Picture): Map<string, number> {
  return new Map(
    boxes.map(({ id }) => {
      const entering = arrows.filter(({ to }) => to === id).length;
      const leaving = new Set(arrows.filter(({ from }) => from === id).map(({ kind }) => kind)).size;
      return [id, Math.max(entering, leaving)];
    }),
  );
}
