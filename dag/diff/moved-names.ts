// movedNames: who must have changed place when one order of names became another. As few as possible, so that moving one
// name to the front says one name.

/** In their new order. Both lists hold the same names, each once. */
export function movedNames(before: readonly string[], after: readonly string[]): string[] {
  const placeBefore = new Map(before.map((name, place) => [name, place]));
  const places = after.map((name) => placeBefore.get(name) ?? -1);
  // The longest rising subsequence stays; quadratic, as a graph has few hundred nodes.
  const lengths: number[] = [];
  const previous: number[] = [];
  let last = -1;
  for (let at = 0; at < places.length; at++) {
    lengths[at] = 1;
    previous[at] = -1;
    for (let other = 0; other < at; other++) {
      if (places[other]! < places[at]! && lengths[other]! >= lengths[at]!) {
        lengths[at] = lengths[other]! + 1;
        previous[at] = other;
      }
    }
    if (last === -1 || lengths[at]! > lengths[last]!) last = at;
  }
  const staying = new Set<number>();
  for (let at = last; at !== -1; at = previous[at]!) staying.add(at);
  return after.filter((_, at) => !staying.has(at));
}
