// table and indent: how what `heddle config --explain` says is laid out.

/** Lines with the cells of each row in columns. */
export function table(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

export function indent(lines: readonly string[], columns = 4): string[] {
  return lines.map((line) => ' '.repeat(columns) + line);
}

/** A bound, or `none` for 0 and undefined. */
export function orNone(value: number | undefined, format: (value: number) => string): string {
  return value === undefined || value === 0 ? 'none' : format(value);
}
