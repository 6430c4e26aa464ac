// A table for the terminal: columns as wide as their widest cell. Pure.

/** The first column is left, the others right. Rows of one width each; no trailing spaces. */
export function formatTable(rows: readonly (readonly string[])[], indent = '  '): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => {
    const cells = row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)));
    return `${indent}${cells.join('  ')}`.trimEnd();
  });
}

/** `████▌` of a share 0..1 of so many columns, in eighths. */
export function bar(share: number, columns: number): string {
  const eighths = Math.round(Math.max(0, Math.min(1, share)) * columns * 8);
  const rest = eighths % 8;
  const full = '█'.repeat(Math.floor(eighths / 8));
  if (rest > 0) return `${full}${'▏▎▍▌▋▊▉'[rest - 1]}`;
  return full === '' && share > 0 ? '▏' : full;
}
