// editDistance: how many slips of the finger lie between two texts. The inner loop of ranking, so it runs on numbers in
// rows that are made once per thread. Pure, but not to be entered twice at once.

/** Longer texts are compared by their first so many characters. */
export const comparedMaxLength = 256;

let row = new Uint16Array(comparedMaxLength + 1);
let above = new Uint16Array(comparedMaxLength + 1);
let aboveThat = new Uint16Array(comparedMaxLength + 1);

/** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
export function editDistance(one: string, other: string): number {
  const height = Math.min(one.length, comparedMaxLength);
  const width = Math.min(other.length, comparedMaxLength);
  for (let x = 0; x <= width; x++) above[x] = x;
  for (let y = 1; y <= height; y++) {
    row[0] = y;
    const char = one.charCodeAt(y - 1);
    for (let x = 1; x <= width; x++) {
      const same = char === other.charCodeAt(x - 1);
      let best = above[x - 1]! + (same ? 0 : 1);
      if (above[x]! + 1 < best) best = above[x]! + 1;
      if (row[x - 1]! + 1 < best) best = row[x - 1]! + 1;
      const swapped =
        y > 1 && x > 1 && char === other.charCodeAt(x - 2) && one.charCodeAt(y - 2) === other.charCodeAt(x - 1);
      if (swapped && aboveThat[x - 2]! + 1 < best) best = aboveThat[x - 2]! + 1;
      row[x] = best;
    }
    const spare = aboveThat;
    aboveThat = above;
    above = row;
    row = spare;
  }
  return above[width]!;
}

/** 1: the same text; 0: nothing in common. */
export function similarity(one: string, other: string): number {
  const longest = Math.min(comparedMaxLength, Math.max(one.length, other.length));
  return longest === 0 ? 1 : 1 - editDistance(one, other) / longest;
}
