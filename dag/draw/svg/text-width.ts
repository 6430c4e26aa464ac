// How wide a text is, without a browser: the advance widths of Helvetica, which Arial and Liberation Sans share, in
// thousandths of the font's size. Boxes are cut to fit by these.

const rows: readonly (readonly [width: number, characters: string])[] = [
  [191, "'"],
  [222, 'ijl'],
  [260, '|'],
  [278, ' !,./:;I[\\]ft'],
  [333, '()-`r·'],
  [334, '{}'],
  [355, '"'],
  [389, '*'],
  [469, '^'],
  [500, 'Jckvsxyz'],
  [556, '#$0123456789?L_abdeghnopqu'],
  [584, '+<=>~×'],
  [611, 'FTZ'],
  [667, '&ABEKPSVXY'],
  [722, 'CDHNRUw'],
  [778, 'GOQ'],
  [833, 'Mm'],
  [889, '%'],
  [944, 'W'],
  [1000, '…'],
  [1015, '@'],
];

const widths = new Map(rows.flatMap(([width, characters]) => [...characters].map((character) => [character, width])));

/** Other fonts stand in where these are missing, and bold is wider: boxes leave that much. */
const spare = 1.05;
const boldSpare = 1.07;
const monospaceWidth = 0.61;

export type Font = 'plain' | 'bold' | 'monospace';

/** In px. */
export function textWidth(text: string, fontPx: number, font: Font = 'plain'): number {
  let thousandths = 0;
  for (const character of text) {
    const wide = (character.codePointAt(0) ?? 0) >= 0x1100;
    if (font === 'monospace') thousandths += wide ? 1250 : 1000 * monospaceWidth;
    else thousandths += (wide ? 1000 : (widths.get(character) ?? 650)) * spare * (font === 'bold' ? boldSpare : 1);
  }
  return (thousandths / 1000) * fontPx;
}

/** As much of a line as fits into `widthPx`, with `…` where it was cut. */
export function fitText(text: string, widthPx: number, fontPx: number, font: Font = 'plain'): string {
  const line = text.replace(/\s+/g, ' ').trim();
  if (line.length < 1000 && textWidth(line, fontPx, font) <= widthPx) return line;
  let fitting = '';
  for (const character of line) {
    if (textWidth(`${fitting}${character}…`, fontPx, font) > widthPx) break;
    fitting += character;
  }
  return `${fitting.trimEnd()}…`;
}
