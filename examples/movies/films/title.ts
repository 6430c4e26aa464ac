// cleanTitle: titles as the file has them, as titles are read. The file's faults are known ones: numbers for titles, one
// null, accents that went through the wrong character set, articles at the end, notes in parentheses. Pure.

/**
 * What Latin-1's accents look like once they were read as Mac OS Roman. Only signs that occur in this file and are
 * wrong wherever they do; `Alien³` and `Ri¢hie Ri¢h` are as they should be.
 */
const misread: ReadonlyMap<string, string> = new Map([
  ['È', 'é'],
  ['Ë', 'è'],
  ['Í', 'ê'],
  ['Î', 'ë'],
  ['‡', 'à'],
  ['·', 'á'],
  ['‰', 'ä'],
  ['Û', 'ó'],
  ['Ù', 'ô'],
  ['˘', 'ù'],
  ['Ω', '½'],
  ['Ö', '…'],
]);
const misreadSign = new RegExp(`[${[...misread.keys()].join('')}]`, 'g');

/** Says which release it was, not which film: `King Kong (1933)`. */
const releaseNote = / \((?:\d{4}|IMAX|(?:Theatrical|Canadian) Release)\)$/;
/** `Story of Bonnie and Clyde, The`. */
const articleLast = /^(.+), (The|Les)$/;

/** The title to show; `undefined` for a film that has none. */
export function cleanTitle(written: string | number | null): string | undefined {
  if (written === null) return undefined;
  return String(written)
    .replace(misreadSign, (sign) => misread.get(sign)!)
    .replace(releaseNote, '')
    .replace(articleLast, '$2 $1')
    .replace(/\s+/g, ' ')
    .trim();
}
