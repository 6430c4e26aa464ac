// fitTable: a table that is no wider than the terminal: the least important columns give way. Pure.

import { table } from '../admin-tables.ts';

/** `givesWay`: heads of columns, the first to go first. With all of them gone the table may still be too wide. */
export function fitTable(rows: readonly string[][], width: number, givesWay: readonly string[]): string[] {
  const head = rows[0] ?? [];
  for (let gone = 0; ; gone++) {
    const left = head.flatMap((name, column) => (givesWay.slice(0, gone).includes(name) ? [] : [column]));
    const drawn = table(rows.map((row) => left.map((column) => row[column]!)));
    if (gone >= givesWay.length || drawn.every((line) => line.length <= width)) return drawn;
  }
}
