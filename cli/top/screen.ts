// Screen: a terminal in our hands: the alternate screen, keys one by one, and all of it given back at the end, whatever the
// end is. Knows nothing of what it draws.

import { keysOf } from './keys.ts';
import { type Line, lineWidth, type Tone } from './line.ts';

/** Of process.stdin. */
export interface Input {
  isTTY?: boolean;
  setRawMode?(on: boolean): unknown;
  on(event: 'data' | 'end' | 'error', hear: (chunk: Buffer | string) => void): unknown;
  off(event: 'data' | 'end' | 'error', hear: (chunk: Buffer | string) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** Of process.stdout. */
export interface Output {
  columns?: number;
  rows?: number;
  writableNeedDrain: boolean;
  write(text: string): boolean;
  on(event: 'resize' | 'drain' | 'error', hear: () => void): unknown;
  off(event: 'resize' | 'drain' | 'error', hear: () => void): unknown;
}

export interface ScreenEvents {
  key(key: string): void;
  /** The size has changed, or the screen is ours again: draw. */
  redraw(): void;
  /** The terminal has gone. */
  gone(): void;
}

// Another screen, no cursor, no wrapping at the right edge: a line that were too wide would push all others down.
const take = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const giveBack = '\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l';
/** What a terminal that knows them takes as one picture; others ignore both. */
const beginPicture = '\x1b[?2026h';
const endPicture = '\x1b[?2026l';
const home = '\x1b[H';
const clearToEndOfLine = '\x1b[K';
const clearBelow = '\x1b[J';

const defaultSize = { columns: 80, rows: 24 };

export class Screen {
  readonly #input: Input;
  readonly #output: Output;
  readonly #isColoured: boolean;
  #events: ScreenEvents | undefined;
  #isOurs = false;
  /** What stands on it. */
  #drawn = '';

  constructor(input: Input, output: Output, isColoured: boolean) {
    this.#input = input;
    this.#output = output;
    this.#isColoured = isColoured;
  }

  /** Some terminals say 0 columns. */
  get size(): { columns: number; rows: number } {
    return {
      columns: this.#output.columns || defaultSize.columns,
      rows: this.#output.rows || defaultSize.rows,
    };
  }

  open(events: ScreenEvents): void {
    this.#events = events;
    this.#input.on('data', this.#hearKeys);
    this.#input.on('end', this.#hearEnd);
    this.#input.on('error', this.#hearEnd);
    this.#output.on('resize', this.#hearResize);
    this.#output.on('drain', this.#hearDrain);
    this.#output.on('error', this.#hearEnd);
    this.take();
  }

  /** Gives the terminal back and tells nothing more. Idempotent. */
  close(): void {
    this.giveBack();
    this.#events = undefined;
    // Errors are still heard: one that nobody hears would end the process.
    this.#input.off('data', this.#hearKeys);
    this.#input.off('end', this.#hearEnd);
    this.#output.off('resize', this.#hearResize);
    this.#output.off('drain', this.#hearDrain);
  }

  take(): void {
    if (this.#isOurs) return;
    this.#isOurs = true;
    if (this.#input.isTTY === true) this.#input.setRawMode?.(true);
    this.#input.resume();
    this.#output.write(take);
    this.#drawn = '';
  }

  /** As it was before: for a while (Ctrl-Z), or for good. Safe in an exit listener. Idempotent. */
  giveBack(): void {
    if (!this.#isOurs) return;
    this.#isOurs = false;
    if (this.#input.isTTY === true) this.#input.setRawMode?.(false);
    this.#input.pause();
    this.#output.write(giveBack);
  }

  /** One write, and none when nothing has changed. A terminal that has not taken the last one yet gets no more now. */
  draw(lines: readonly Line[]): void {
    if (!this.#isOurs || this.#output.writableNeedDrain) return;
    const { columns, rows } = this.size;
    // Behind a full line the cursor still stands on its last cell, which would be cleared.
    const clear = (line: Line): string => (lineWidth(line) < columns ? clearToEndOfLine : '');
    const text = lines.map((line) => ansiText(line, this.#isColoured) + clear(line)).join('\r\n');
    if (text === this.#drawn) return;
    this.#drawn = text;
    const below = lines.length < rows ? `\r\n${clearBelow}` : '';
    this.#output.write(`${beginPicture}${home}${text}${below}${endPicture}`);
  }

  readonly #hearKeys = (chunk: Buffer | string): void => {
    for (const key of keysOf(chunk.toString())) this.#events?.key(key);
  };

  readonly #hearResize = (): void => {
    // The terminal has moved what stood there.
    this.#drawn = '';
    this.#events?.redraw();
  };

  readonly #hearDrain = (): void => this.#events?.redraw();

  readonly #hearEnd = (): void => this.#events?.gone();
}

const styles: Record<Tone, string> = {
  plain: '',
  strong: '1',
  quiet: '2',
  head: '7',
  good: '32',
  warning: '33',
  alarm: '1;31',
  bar: '36',
};
/** Without colours: what is neither dim nor coloured says it in words. */
const colourless: Record<Tone, string> = { ...styles, good: '', warning: '', alarm: '1', bar: '' };

/** The line with the escape sequences of its tones, ended by a reset where there was one. */
export function ansiText(line: Line, isColoured: boolean): string {
  return line
    .map(({ text, tone }) => {
      const style = (isColoured ? styles : colourless)[tone];
      return style === '' || text === '' ? text : `\x1b[${style}m${text}\x1b[0m`;
    })
    .join('');
}
