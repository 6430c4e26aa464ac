// A sheet of characters on which lines join: each cell knows the directions in which lines leave it, and the character
// that has just these arms is printed. Lines of different owners never join: where they meet, the upright one passes
// over.

import { columnsOfCharacter, type Ink, inked } from './text.ts';

const up = 1;
const right = 2;
const down = 4;
const left = 8;

// By arms, as the sum of the above.
const light = ' ╵╶└╷│┌├╴┘─┴┐┤┬┼';
const heavy = ' ╹╺┗╻┃┏┣╸┛━┻┓┫┳╋';

export type Dash = 'hard' | 'soft' | 'stand-in';
const uprights: Readonly<Record<Dash, string>> = { hard: '│', soft: '╎', 'stand-in': '┊' };
const levels: Readonly<Record<Dash, string>> = { hard: '─', soft: '╌', 'stand-in': '┈' };

export interface Pen {
  readonly owner: string;
  readonly dash: Dash;
  readonly heavy: boolean;
  readonly ink: Ink;
}

interface Stroke {
  arms: number;
  pen: Pen;
}

interface Cell {
  /** Written over all lines; empty: the right half of a wide character. */
  text: string | undefined;
  ink: Ink;
  readonly strokes: Stroke[];
}

export class Canvas {
  readonly #rows: Cell[][];

  constructor(width: number, height: number) {
    const cell = (): Cell => ({ text: undefined, ink: 'plain', strokes: [] });
    this.#rows = Array.from({ length: height }, () => Array.from({ length: width }, cell));
  }

  /** From the middle of one row's cell to that of another's below it. */
  upright(x: number, fromY: number, toY: number, pen: Pen): void {
    for (let y = fromY; y < toY; y++) {
      this.#arm(x, y, down, pen);
      this.#arm(x, y + 1, up, pen);
    }
  }

  level(y: number, fromX: number, toX: number, pen: Pen): void {
    for (let x = Math.min(fromX, toX); x < Math.max(fromX, toX); x++) {
      this.#arm(x, y, right, pen);
      this.#arm(x + 1, y, left, pen);
    }
  }

  frame(x: number, y: number, width: number, height: number, pen: Pen): void {
    this.level(y, x, x + width - 1, pen);
    this.level(y + height - 1, x, x + width - 1, pen);
    this.upright(x, y, y + height - 1, pen);
    this.upright(x + width - 1, y, y + height - 1, pen);
  }

  /** Takes away what lies in an area. */
  clear(x: number, y: number, width: number, height: number): void {
    for (const row of this.#rows.slice(y, y + height)) {
      for (const cell of row.slice(x, x + width)) cell.strokes.length = 0;
    }
  }

  text(x: number, y: number, text: string, ink: Ink): void {
    let column = x;
    for (const character of text) {
      const columns = columnsOfCharacter(character);
      if (columns === 0) {
        const before = this.#rows[y]?.[column - 1];
        if (before?.text !== undefined) before.text += character;
        continue;
      }
      for (let part = 0; part < columns; part++, column++) {
        const cell = this.#rows[y]?.[column];
        if (cell !== undefined) Object.assign(cell, { text: part === 0 ? character : '', ink });
      }
    }
  }

  /** Without blanks at the ends of lines. */
  lines(colour: boolean): string[] {
    return this.#rows.map((row) => {
      const cells = row.map((cell) => printed(cell));
      const end = cells.findLastIndex(({ text }) => text !== ' ') + 1;
      let line = '';
      for (let x = 0; x < end; ) {
        let next = x;
        while (next < end && cells[next]!.ink === cells[x]!.ink) next++;
        const run = cells.slice(x, next).map(({ text }) => text);
        line += inked(run.join(''), cells[x]!.ink, colour);
        x = next;
      }
      return line;
    });
  }

  #arm(x: number, y: number, arm: number, pen: Pen): void {
    const strokes = this.#rows[y]?.[x]?.strokes;
    if (strokes === undefined) return;
    const stroke = strokes.find(({ pen: { owner } }) => owner === pen.owner);
    if (stroke === undefined) {
      strokes.push({ arms: arm, pen });
      return;
    }
    stroke.arms |= arm;
    if (pen.heavy) stroke.pen = pen;
  }
}

function printed({ text, ink, strokes }: Cell): { text: string; ink: Ink } {
  if (text !== undefined) return { text, ink };
  if (strokes.length === 0) return { text: ' ', ink: 'plain' };
  const { arms, pen } = strokes.find((stroke) => stroke.arms === (up | down)) ?? strokes[0]!;
  const characters = pen.heavy ? heavy : light;
  if (arms === (up | down) && !pen.heavy) return { text: uprights[pen.dash], ink: pen.ink };
  if (arms === (left | right) && !pen.heavy) return { text: levels[pen.dash], ink: pen.ink };
  return { text: characters[arms]!, ink: pen.ink };
}
