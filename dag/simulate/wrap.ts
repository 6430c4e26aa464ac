// wrapped: a long line broken between words, for terminals that are narrower. Pure.

/** Columns that a line keeps for words, however far it is indented. */
const wordsMin = 24;

/** The lines after the first begin with `indent` columns. A word that is longer than a line stays whole. */
export function wrapped(line: string, width: number, indent: number): string[] {
  const margin = ' '.repeat(indent);
  const lines: string[] = [];
  let rest = line;
  while (rest.length > Math.max(width, indent + wordsMin)) {
    const least = lines.length === 0 ? /^ */.exec(rest)![0].length : indent;
    const before = rest.lastIndexOf(' ', Math.max(width, indent + wordsMin));
    const at = before > least ? before : rest.indexOf(' ', least + 1);
    if (at === -1) break;
    lines.push(rest.slice(0, at).trimEnd());
    rest = margin + rest.slice(at + 1).trimStart();
  }
  return [...lines, rest];
}
