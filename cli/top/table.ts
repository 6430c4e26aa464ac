// Table: rows under a head, in as many cells as there are. What does not fit: first the columns that may shrink do, then
// the least important ones go.

import { cutText, fitLine, type Line, type Piece, piece, textWidth } from './line.ts';

export interface Column {
  title: string;
  align: 'left' | 'right';
  /** Cells at least, so that columns stand still from frame to frame. Default: the title's. */
  least?: number;
  /** It may be cut down to `least`. */
  shrinks?: true;
  /** It goes when the width is short, the highest first. Absent: it stays. */
  drop?: number;
}

export interface Table {
  columns: readonly Column[];
  /** A cell for each column. */
  rows: readonly (readonly Piece[])[];
}

interface Sized {
  column: Column;
  index: number;
  cells: number;
}

/** The head, then the rows `from` up to `from + count`. No line is wider than `cells`. */
export function tableLines(table: Table, from: number, count: number, cells: number, mark: string): Line[] {
  // All rows, not only the ones that are seen: scrolling must not move the columns.
  const sized = sizesFor(measure(table), cells);
  const rowLine = (row: readonly Piece[]): Line => {
    const pieces = sized.flatMap(({ column, index, cells: width }, place) => {
      const { text, tone } = row[index]!;
      const cut = cutText(text, width, mark);
      const space = ' '.repeat(width - textWidth(cut));
      const gap = place === 0 ? '' : ' ';
      return column.align === 'left'
        ? [piece(gap), { text: cut, tone }, piece(space)]
        : [piece(gap + space), { text: cut, tone }];
    });
    return fitLine(pieces, cells, mark);
  };
  const heads = table.columns.map(({ title }) => piece(title, 'head'));
  const body = table.rows.slice(from, from + count).map(rowLine);
  return [headLine(rowLine(heads), cells), ...body];
}

/** The head is one stripe, its gaps too. */
function headLine(line: Line, cells: number): Line {
  const text = line.map((one) => one.text).join('');
  return [piece(text + ' '.repeat(cells - textWidth(text)), 'head')];
}

function measure({ columns, rows }: Table): Sized[] {
  return columns.map((column, index) => {
    const least = Math.max(column.least ?? 0, textWidth(column.title));
    const cells = rows.reduce((most, row) => Math.max(most, textWidth(row[index]!.text)), least);
    return { column, index, cells };
  });
}

function sizesFor(sized: Sized[], cells: number): Sized[] {
  for (;;) {
    const over = sized.reduce((sum, one) => sum + one.cells, sized.length - 1) - cells;
    if (over <= 0 || shrink(sized, over)) return sized;
    const goes = sized.reduce((worst, one) => ((one.column.drop ?? 0) > (worst.column.drop ?? 0) ? one : worst));
    if (goes.column.drop === undefined) return sized;
    sized = sized.filter((one) => one !== goes);
  }
}

/** False, and nothing changed: shrinking would not do. */
function shrink(sized: readonly Sized[], over: number): boolean {
  const room = ({ column, cells }: Sized) => (column.shrinks ? Math.max(0, cells - (column.least ?? 4)) : 0);
  if (sized.reduce((sum, one) => sum + room(one), 0) < over) return false;
  for (let left = over; left > 0; left--) {
    // The one with most to give, cell by cell: two long columns share the loss.
    const widest = sized.reduce((most, one) => (room(one) > room(most) ? one : most));
    widest.cells--;
  }
  return true;
}
