// Line: what `heddle top` draws, before any terminal knows of it: pieces of text, each with what it means. Widths are
// counted in cells of a terminal, where Chinese and emoji take two. Pure functions.

/** What a piece means; a terminal shows it by colour, and the text says it in words too. */
export type Tone = 'plain' | 'strong' | 'quiet' | 'head' | 'good' | 'warning' | 'alarm' | 'bar';

export interface Piece {
  text: string;
  tone: Tone;
}

export type Line = readonly Piece[];

/** Makes a piece of text from anywhere safe to print: names of fibers and errors are other people's. */
export function piece(text: string, tone: Tone = 'plain'): Piece {
  return { text: printable(text), tone };
}

const plainAscii = /^[ -~]*$/;
const spaces = /[\p{Zs}\t\n\r]/gu;
/** Control characters, joiners, marks that stand on the character before, direction switches: no cell, or none to trust. */
const cellLess = /[\p{Cc}\p{Cf}\p{M}\p{Zl}\p{Zp}]/gu;
/** Nobody knows how wide these are. */
const unknown = /[\p{Cs}\p{Co}\p{Cn}]/gu;

function printable(text: string): string {
  if (plainAscii.test(text)) return text;
  return text.normalize('NFC').replace(spaces, ' ').replace(cellLess, '').replace(unknown, '?');
}

const wide =
  /[\u1100-\u115f\u231a\u231b\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18fff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/u;

/** Cells that printable text takes. */
export function textWidth(text: string): number {
  if (plainAscii.test(text)) return text.length;
  let cells = 0;
  for (const character of text) cells += wide.test(character) ? 2 : 1;
  return cells;
}

/** The text in at most `cells` cells; what is cut off leaves `mark` behind, one cell wide. */
export function cutText(text: string, cells: number, mark: string): string {
  if (textWidth(text) <= cells) return text;
  if (cells < 1) return '';
  let cut = '';
  let used = 0;
  for (const character of text) {
    const width = wide.test(character) ? 2 : 1;
    if (used + width > cells - 1) break;
    cut += character;
    used += width;
  }
  return cut + mark;
}

export function lineWidth(line: Line): number {
  return line.reduce((sum, { text }) => sum + textWidth(text), 0);
}

/** The line in at most `cells` cells. */
export function fitLine(line: Line, cells: number, mark: string): Line {
  if (lineWidth(line) <= cells) return line;
  const fitted: Piece[] = [];
  let left = cells;
  for (const { text, tone } of line) {
    const width = textWidth(text);
    // What follows has to leave its mark here, so the last cell is not given away.
    if (width < left) {
      fitted.push({ text, tone });
      left -= width;
      continue;
    }
    fitted.push({ text: cutText(`${text}  `, left, mark), tone });
    break;
  }
  return fitted;
}

/** `left` and `right` with the space between them that the width leaves; at least two cells, else only `left`. */
export function spread(left: Line, right: Line, cells: number): Line {
  const space = cells - lineWidth(left) - lineWidth(right);
  return space < 2 ? left : [...left, piece(' '.repeat(space)), ...right];
}

/** Pieces with two spaces between them. */
export function sentence(pieces: readonly Piece[]): Line {
  return pieces.flatMap((one, index) => (index === 0 ? [one] : [piece('  '), one]));
}

export function lineText(line: Line): string {
  return line
    .map(({ text }) => text)
    .join('')
    .trimEnd();
}
