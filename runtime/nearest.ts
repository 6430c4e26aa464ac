// nearest: the known spelling closest to what somebody wrote, for "did you mean".

/** Longest word that is compared, UTF-16 units: distance costs length², and nobody mistypes more than this. */
const wordMax = 64;

/** Names that are compared: some come with a request, and as many as it likes. */
const namesMax = 2_000;

/** The nearest of `known`, or undefined when none is near: about one slip per three letters, case free of charge. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  if (word.length > wordMax) return undefined;
  const lower = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  let seen = 0;
  for (const candidate of known) {
    if (++seen > namesMax) break;
    if (candidate.length > wordMax) continue;
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

/** ` (did you mean 'x'?)`, or nothing. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const name = nearest(word, known);
  return name === undefined ? '' : ` (did you mean '${name}'?)`;
}

/** Damerau-Levenshtein (optimal string alignment): insertions, deletions, changes and swaps of neighbours cost 1. */
export function editDistance(left: string, right: string): number {
  const width = right.length + 1;
  const table = new Uint16Array((left.length + 1) * width);
  for (let row = 0; row <= left.length; row++) table[row * width] = row;
  for (let column = 0; column < width; column++) table[column] = column;
  for (let row = 1; row <= left.length; row++) {
    for (let column = 1; column < width; column++) {
      const at = row * width + column;
      const same = left[row - 1] === right[column - 1];
      let cost = Math.min(table[at - width]! + 1, table[at - 1]! + 1, table[at - width - 1]! + (same ? 0 : 1));
      const swapped =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (swapped) cost = Math.min(cost, table[at - 2 * width - 2]! + 1);
      table[at] = cost;
    }
  }
  return table[left.length * width + right.length]!;
}
