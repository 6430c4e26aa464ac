// nearest: the known name closest to what somebody wrote, for "did you mean".

/** Longest name that is compared, UTF-16 units, and most names: the cost is their product. */
const nameCharsMax = 40;
const namesMax = 500;

/** The nearest of `known` at no more than one slip per three letters; undefined when none is so near. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  if (name.length > nameCharsMax) return undefined;
  let best: string | undefined;
  let bestSlips = Math.max(1, Math.floor(name.length / 3)) + 1;
  let seen = 0;
  for (const candidate of known) {
    if (++seen > namesMax) break;
    if (candidate.length > nameCharsMax) continue;
    const slips = slipsBetween(name.toLowerCase(), candidate.toLowerCase());
    if (slips < bestSlips) [best, bestSlips] = [candidate, slips];
  }
  return best;
}

/** Letters added, left out, changed, or swapped with their neighbour: three rows of the usual table. */
function slipsBetween(left: string, right: string): number {
  let before: number[] = [];
  let above = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const change = above[column - 1]! + (left[row - 1] === right[column - 1] ? 0 : 1);
      let slips = Math.min(change, above[column]! + 1, current[column - 1]! + 1);
      const swapped = row > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (swapped) slips = Math.min(slips, before[column - 2]! + 1);
      current.push(slips);
    }
    before = above;
    above = current;
  }
  return above[right.length]!;
}
