// reportText: what a scenario found, for a terminal.

import type { Goal, ScenarioReport } from './scenario.ts';

export function reportText(name: string, { method, columns, rows, goals }: ScenarioReport): string {
  const goalLines = goals.map(goalLine);
  return [name, '', ...tableLines(columns, rows), '', ...goalLines, '', ...method].join('\n');
}

/** `met`, `missed` or, when it could not be judged, `open`, and the goal. */
export function goalLine({ sentence, met }: Goal): string {
  return `${met === undefined ? 'open  ' : met ? 'met   ' : 'missed'}  ${sentence}`;
}

/** The first column to the left, the others, which are numbers, to the right. */
function tableLines(columns: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [columns, ...rows];
  const widths = columns.map((_, at) => Math.max(...all.map((row) => row[at]!.length)));
  const lines = all.map((row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  '),
  );
  return [lines[0]!, widths.map((width) => '─'.repeat(width)).join('  '), ...lines.slice(1)];
}
