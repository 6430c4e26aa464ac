// drawTimelineTerminal: one run as bars in a terminal: dotted while a node waited, full while it ran.

import type { NodeTrace, RunTrace } from '../../run/trace.ts';
import { outcomeText } from '../critical-path.ts';
import { formatMs, knownEnd } from '../describe.ts';
import { endSigns, headInk } from '../terminal/box-text.ts';
import { criticalLines } from '../terminal/critical-lines.ts';
import {
  columnsOf,
  cutColumns,
  type Ink,
  inked,
  padColumns,
  plainLine,
  wrapColumns,
  wrapParts,
} from '../terminal/text.ts';
import { timelineOf } from './rows.ts';

export interface TimelineTerminalOptions {
  /** ANSI colours. Default false. */
  readonly colour?: boolean;
}

const nameColumnsMax = 24;
/** Of the width; the bars have the rest. */
const nameShareMax = 0.3;
const noteShareMax = 0.35;
const barColumnsMin = 6;
const bars: Readonly<Record<NodeTrace['end'], string>> = { done: '█', failed: '▓', cancelled: '░', skipped: '-' };
const barInks: Readonly<Record<NodeTrace['end'], Ink>> = {
  done: 'run',
  failed: 'failed',
  cancelled: 'faint',
  skipped: 'faint',
};

/** Ends with a newline; no line is wider than `width`, which counts as at least 30 columns. */
export function drawTimelineTerminal(
  trace: RunTrace,
  width: number,
  { colour = false }: TimelineTerminalOptions = {},
): string {
  const columns = Math.max(30, Math.floor(width));
  const { rows, scaleMs } = timelineOf(trace);
  const nameColumns = Math.min(
    nameColumnsMax,
    Math.floor(columns * nameShareMax),
    Math.max(4, ...trace.nodes.map(({ name }) => columnsOf(plainLine(name)))),
  );
  const notes = rows.map(({ node }) => notesOf(node));
  const noteColumns = Math.min(Math.floor(columns * noteShareMax), Math.max(8, ...notes.map(columnsOf)));
  const barColumns = Math.max(barColumnsMin, columns - nameColumns - noteColumns - 6);
  const column = (ms: number) => Math.min(barColumns, Math.max(0, Math.round((ms / scaleMs) * barColumns)));

  const lines = rows.map(({ node }, index) => {
    const end = knownEnd(node.end);
    const sign = inked(endSigns[end], barInks[end], colour);
    const name = padColumns(cutColumns(plainLine(node.name), nameColumns), nameColumns);
    const note = cutColumns(notes[index]!, noteColumns);
    const [demanded, started, ended] = [
      column(node.demandedMs),
      column(node.startMs ?? node.endMs),
      column(node.endMs),
    ];
    const ran = node.startMs !== undefined && node.end !== 'skipped';
    // What ran is seen, however short: in its own column, or in the last.
    const [from, to] = ran ? [Math.min(started, barColumns - 1), Math.max(ended, started + 1)] : [started, started];
    const waiting = inked('·'.repeat(Math.max(0, from - demanded)), 'faint', colour);
    const bar = inked(bars[end].repeat(Math.max(0, Math.min(to, barColumns) - from)), barInks[end], colour);
    const blank = ' '.repeat(Math.max(0, barColumns - Math.max(from, Math.min(to, barColumns))));
    const head = `${sign} ${inked(name, headInk(node), colour)}${node.critical ? '*' : ' '} `;
    return `${head}${' '.repeat(Math.min(demanded, from))}${waiting}${bar}${blank} ${note}`.trimEnd();
  });
  const last = formatMs(scaleMs);
  const axis = `${' '.repeat(nameColumns + 4)}0${' '.repeat(Math.max(1, barColumns - 1 - columnsOf(last)))}${last}`;
  const failure = trace.failure === undefined ? [] : [`${trace.failure.code}: ${trace.failure.message}`];
  return `${[
    ...wrapColumns(plainLine(`${trace.strategy} ${outcomeText(trace)}`), columns).map((line) =>
      inked(line, 'bold', colour),
    ),
    ...failure.flatMap((text) => wrapColumns(plainLine(text), columns, '  ')),
    ...criticalLines(trace, columns),
    '',
    inked(cutColumns(axis, columns), 'faint', colour),
    ...lines,
    '',
    ...wrapParts(
      ['· waits', '█ runs', '* critical path', '✓ done', '✗ failed', '- skipped', '× cancelled'],
      '   ',
      columns,
    ).map((line) => inked(line, 'faint', colour)),
  ].join('\n')}\n`;
}

function notesOf({ startMs, endMs, end, marks, attempts, cached, failure }: NodeTrace): string {
  const parts = [startMs === undefined || end === 'skipped' ? end : formatMs(endMs - startMs)];
  const items = new Set(attempts.map(({ item }) => item).filter((item) => item !== undefined)).size;
  const hedges = attempts.filter(({ hedge }) => hedge).length;
  if (items > 0) parts.push(`${items} items`);
  else if (attempts.length - hedges > 1) parts.push(`${attempts.length - hedges} attempts`);
  if (hedges > 0) parts.push(hedges === 1 ? 'hedged' : `${hedges} hedges`);
  if (cached) parts.push('cached');
  if (end === 'failed' && failure !== undefined) parts.push(failure.code);
  parts.push(...marks);
  return plainLine(parts.join(', '));
}
