// Text in a terminal: how many columns it takes, cut and padded by them, and without control characters: nothing that a
// strategy or an error says may move the cursor.

/** One line; control characters, halves of surrogate pairs and marks that turn the direction of text become `�`. */
export function plainLine(text: string): string {
  const line = text.replace(/\s+/gu, ' ').trim();
  return line.replace(/[\p{Cc}\p{Cs}\p{Bidi_Control}]/gu, '\u{FFFD}');
}

/** Columns of a line: 2 for wide characters, 0 for marks that combine. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += columnsOfCharacter(character);
  return columns;
}

export function columnsOfCharacter(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (/^[\p{Mn}\p{Me}\p{Cf}]$/u.test(character)) return 0;
  const wide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    code >= 0x1f000 ||
    /^\p{Emoji_Presentation}$/u.test(character);
  return wide ? 2 : 1;
}

/** As much of a line as fits, with `…` where it was cut. */
export function cutColumns(text: string, columnsMax: number): string {
  if (columnsOf(text) <= columnsMax) return text;
  let fitting = '';
  let columns = 0;
  for (const character of text) {
    columns += columnsOfCharacter(character);
    if (columns > columnsMax - 1) break;
    fitting += character;
  }
  return columnsMax > 0 ? `${fitting}…` : '';
}

export function padColumns(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)));
}

/** Lines of at most `columnsMax`, broken at blanks; those after the first begin with `indent`. */
export function wrapColumns(text: string, columnsMax: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line === '' || columnsOf(longer) <= columnsMax) {
      line = longer;
      continue;
    }
    lines.push(cutColumns(line, columnsMax));
    line = `${indent}${word}`;
  }
  lines.push(cutColumns(line, columnsMax));
  return lines;
}

/** Parts in lines of at most `columnsMax`, broken between them only, unless one is wider. */
export function wrapParts(parts: readonly string[], separator: string, columnsMax: number, indent = ''): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const before = lines.at(-1);
    const longer = before === undefined ? part : `${before}${separator}${part}`;
    if (before === undefined || columnsOf(longer) <= columnsMax) lines.splice(-1, 1, longer);
    else lines.push(`${indent}${part}`);
  }
  return lines.flatMap((line) => (columnsOf(line) <= columnsMax ? [line] : wrapColumns(line, columnsMax, indent)));
}

/** What a stretch of text is; with colour each has its own. */
export type Ink = 'plain' | 'bold' | 'faint' | 'call' | 'run' | 'strategy' | 'value' | 'critical' | 'failed' | 'mark';

const codes: Readonly<Record<Ink, string>> = {
  plain: '',
  bold: '1',
  faint: '2',
  call: '34',
  run: '32',
  strategy: '35',
  value: '36',
  critical: '1;33',
  failed: '31',
  mark: '33',
};

/** ANSI colours around it, when they are wanted. */
export function inked(text: string, ink: Ink, colour: boolean): string {
  return colour && codes[ink] !== '' && text !== '' ? `\u{1B}[${codes[ink]}m${text}\u{1B}[0m` : text;
}
