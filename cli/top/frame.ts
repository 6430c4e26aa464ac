// frame: one picture of a process as lines of a terminal of a given size: never more lines than rows, never a line wider
// than the columns. Pure.

import { defaultFiberThread, fibersTable, fiberThreads } from './fibers.ts';
import { helpLines, hintLine } from './help.ts';
import { fitLine, type Line, piece } from './line.ts';
import { methodsTable } from './methods.ts';
import { durationText } from './numbers.ts';
import type { Picture } from './picture.ts';
import { poolsTable } from './pools.ts';
import { quarantineTable } from './quarantine.ts';
import type { Symbols } from './symbols.ts';
import { type Table, tableLines } from './table.ts';
import { runningPiece, threadsTable } from './threads.ts';
import { alertLines, type Now, rateLine, titleLine } from './title.ts';
import type { View } from './view.ts';

export interface Size {
  columns: number;
  /** Infinity: as many as it takes. */
  rows: number;
}

export interface Frame {
  lines: Line[];
  /** The view's, no further than there are rows. */
  scroll: number;
}

/** Alerts shown at most: there must be room for what they are about. */
const alertsMax = 4;

/** `interactive`: somebody can press keys, so the last line tells which. */
export function frame(picture: Picture, view: View, size: Size, now: Now, symbols: Symbols, interactive = true): Frame {
  const { columns, rows } = size;
  const head = [
    titleLine(picture, view.paused, now, columns),
    rateLine(picture, now.nowMs, columns, symbols),
    ...alertLines(picture, view.paused, now).slice(0, alertsMax),
  ];
  const foot = interactive ? [hintLine(view)] : [];
  const room = Math.max(0, rows - head.length - foot.length);
  const { lines: body, scroll } = bodyOf(picture, view, { columns, rows: room }, now, symbols);
  // The keys stay on the last line of the screen.
  const space = interactive ? Array.from({ length: Math.max(0, room - body.length) }, (): Line => []) : [];
  const all = [...head, ...body.slice(0, room), ...space, ...foot];
  return { lines: all.slice(0, rows).map((line) => fitLine(line, columns, symbols.cut)), scroll };
}

function bodyOf(picture: Picture, view: View, size: Size, now: Now, symbols: Symbols): Frame {
  if (view.focus === 'help') return scrolled(helpLines(), view.scroll, size);
  if (view.focus === 'fibers') return fiberBody(picture, view, size, symbols);
  const tables = tablesOf(picture, view, now, symbols);
  if (tables.length === 0) return { lines: [[piece('nothing is known of it yet', 'quiet')]], scroll: 0 };
  const [only] = tables;
  if (view.focus !== 'overview') return tableBody(only!, view.scroll, size, symbols);
  const lines = share(tables, size.rows).flatMap(({ table, rows }, index) => {
    if (rows < 1) return [];
    const drawn = tableLines(table, 0, Math.max(0, rows - 1), size.columns, symbols.cut);
    const hidden = table.rows.length - (drawn.length - 1);
    if (hidden > 0) drawn[0] = withNote(drawn[0]!, `${symbols.cut} ${hidden} more`);
    return index > 0 && hasSpace(tables, size.rows) ? [[], ...drawn] : drawn;
  });
  return { lines, scroll: 0 };
}

/** Those of the focus; what has not been answered yet is left out. */
function tablesOf({ parts, rates }: Picture, view: View, { wallMs }: Now, symbols: Symbols): Table[] {
  const { pools, threads, services, quarantine } = parts;
  const wanted = (focus: View['focus']): boolean => view.focus === 'overview' || view.focus === focus;
  const tables: Table[] = [];
  if (pools !== undefined && wanted('pools')) tables.push(poolsTable(pools.answer.pools, symbols));
  if (threads !== undefined && wanted('threads')) tables.push(threadsTable(threads.answer.threads, view.threadSort));
  if (services !== undefined && wanted('methods')) {
    tables.push(methodsTable(services.answer.services, rates, view.methodSort));
  }
  if (quarantine !== undefined && quarantine.answer.refused.length > 0 && view.focus === 'overview') {
    tables.push(quarantineTable(quarantine.answer.refused, wallMs));
  }
  return tables;
}

interface Share {
  table: Table;
  /** Lines, the head included. */
  rows: number;
}

/** An empty line between tables, when all of them fit with it. */
function hasSpace(tables: readonly Table[], rows: number): boolean {
  return tables.reduce((sum, { rows: all }) => sum + all.length + 2, -1) <= rows;
}

/** Row by row to each table that wants more, until the room is used up: a long one can't push out a short one. */
function share(tables: readonly Table[], room: number): Share[] {
  const shares = tables.map((table) => ({ table, rows: 0 }));
  const wants = ({ table, rows }: Share): boolean => rows < table.rows.length + 1;
  if (room === Number.POSITIVE_INFINITY) return tables.map((table) => ({ table, rows: table.rows.length + 1 }));
  for (let left = room; left > 0; ) {
    const hungry = shares.filter(wants).slice(0, left);
    if (hungry.length === 0) break;
    for (const one of hungry) one.rows++;
    left -= hungry.length;
  }
  return shares;
}

/** The note at the right end of a head, over its empty space or its last title. */
function withNote(head: Line, note: string): Line {
  const text = head.map((one) => one.text).join('');
  return text.length < note.length + 12
    ? head
    : [piece(text.slice(0, -note.length - 1), 'head'), piece(` ${note}`, 'head')];
}

function tableBody(table: Table, scroll: number, { columns, rows }: Size, symbols: Symbols): Frame {
  const room = Math.max(0, rows - 1);
  const from = Math.max(0, Math.min(scroll, table.rows.length - room));
  const lines = tableLines(table, from, room, columns, symbols.cut);
  const hidden = table.rows.length - from - (lines.length - 1);
  if (hidden > 0) lines[0] = withNote(lines[0]!, `${symbols.cut} ${hidden} more`);
  return { lines: rows < 1 ? [] : lines, scroll: from };
}

function scrolled(lines: Line[], scroll: number, { rows }: Size): Frame {
  const from = Math.max(0, Math.min(scroll, lines.length - rows));
  return { lines: lines.slice(from, from + rows), scroll: from };
}

function fiberBody(picture: Picture, view: View, size: Size, symbols: Symbols): Frame {
  const names = fiberThreads(picture).map(({ name }) => name);
  const name = view.fiberThread ?? defaultFiberThread(picture);
  const thread = picture.parts.fibers?.answer.threads.find((one) => one.thread === name);
  if (thread === undefined) {
    const of = name === undefined ? '' : ` of ${name}`;
    return { lines: [[piece(`the fibers${of} are not known yet; left, right: another thread`, 'quiet')]], scroll: 0 };
  }
  const more = thread.more > 0 ? `, ${thread.more} more left out` : '';
  const head: Line[] = [
    [
      piece(`${thread.thread}`, 'strong'),
      piece(` (${names.indexOf(thread.thread) + 1} of ${names.length}; left, right: another)  `, 'quiet'),
      piece(`${thread.fibers.length} at the root${more}`),
    ],
  ];
  if (!thread.answered) {
    const running = thread.running;
    const doing = running === undefined ? 'nothing of ours is on its stack' : 'on its stack: ';
    const since = running === undefined ? [] : [runningPiece(running), piece(` (fiber #${running.fiber})`)];
    head.push([piece(`DID NOT ANSWER within ${durationText(100)}; ${doing}`, 'alarm'), ...since]);
  }
  const body = tableBody(
    fibersTable(thread, symbols),
    view.scroll,
    { ...size, rows: size.rows - head.length },
    symbols,
  );
  return { lines: [...head, ...body.lines], scroll: body.scroll };
}
