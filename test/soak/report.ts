// The soak's report: its table and the lines that a person or a script looks for.

import type { Ledger, Tally } from './ledger.ts';

export interface Outcome {
  ledger: Ledger;
  leaks: readonly string[];
  seed: number;
  /** Rest of the command that repeats the run. */
  again: string;
  ranMs: number;
}

/** Whether nothing was wrong. */
export function isGood({ ledger, leaks }: Pick<Outcome, 'ledger' | 'leaks'>): boolean {
  const wrong = ledger.sum('wrong') + ledger.sum('unanswered') + ledger.sum('unexpected') + ledger.failures;
  return wrong === 0 && leaks.length === 0 && ledger.sum('right') > 0;
}

export function reportText(outcome: Outcome): string {
  const { ledger, leaks, seed, again, ranMs } = outcome;
  const faults = [...ledger.injected].sort(([one], [other]) => one.localeCompare(other));
  const injected = faults.reduce((sum, [, count]) => sum + count, 0);
  const rows = [...ledger.tallies].map(([kind, tally]) => rowOf(kind, tally));
  const head = ['requests', 'sent', 'right', 'wrong', 'unanswered', 'unexpected', 'errors by code'];
  const good = isGood(outcome);
  return [
    '',
    ...table([['faults injected', 'times'], ...faults.map(([kind, count]) => [kind, String(count)])]),
    ...table([['all', String(injected)]]),
    '',
    ...table([head, ...rows, rowOf('all', sumOf(ledger))]),
    '',
    ...ledger.complaints.map((sentence) => `! ${sentence}`),
    ...(ledger.complaintsMissed === 0 ? [] : [`! and ${ledger.complaintsMissed} more`]),
    ...leaks.map((sentence) => `! leak: ${sentence}`),
    `seed ${seed}, ${(ranMs / 1000).toFixed(0)} s`,
    `unanswered ${ledger.sum('unanswered')}`,
    `leaked ${leaks.length}`,
    good ? 'good: every answer was right, and every failure has its fault' : `FAILED; again: npm run soak -- ${again}`,
    '',
  ].join('\n');
}

/** One line while it runs. */
export function progressText(ledger: Ledger, elapsedMs: number, part: string): string {
  const injected = [...ledger.injected.values()].reduce((sum, count) => sum + count, 0);
  const bad = ledger.sum('wrong') + ledger.sum('unanswered') + ledger.sum('unexpected') + ledger.failures;
  const { codes } = sumOf(ledger);
  const failed = [...codes.values()].reduce((sum, count) => sum + count, 0);
  return `${(elapsedMs / 1000).toFixed(0).padStart(5)} s  ${part}: ${injected} faults, ${ledger.sum('sent')} requests, ${ledger.sum('right')} right, ${failed} failed as they may, ${bad} bad, ${ledger.pending} under way`;
}

function rowOf(kind: string, { sent, right, wrong, unanswered, unexpected, codes }: Tally): string[] {
  const errors = [...codes].sort(([, one], [, other]) => other - one).map(([code, count]) => `${code} ${count}`);
  return [kind, ...[sent, right, wrong, unanswered, unexpected].map(String), errors.join(', ')];
}

function sumOf(ledger: Ledger): Tally {
  const codes: Tally['codes'] = new Map();
  for (const tally of ledger.tallies.values()) {
    for (const [code, count] of tally.codes) codes.set(code, (codes.get(code) ?? 0) + count);
  }
  return {
    sent: ledger.sum('sent'),
    right: ledger.sum('right'),
    wrong: ledger.sum('wrong'),
    unanswered: ledger.sum('unanswered'),
    unexpected: ledger.sum('unexpected'),
    codes,
  };
}

/** Columns as wide as their widest cell: the first and the last to the left, numbers to the right. */
function table(rows: readonly string[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => {
    const cells = row.map((cell, column) => {
      if (column === 0) return cell.padEnd(Math.max(24, widths[0]!));
      return column === 6 ? cell : cell.padStart(widths[column]!);
    });
    return cells.join('  ').trimEnd();
  });
}
