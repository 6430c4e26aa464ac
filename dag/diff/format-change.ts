// One change as a text: `timeout 20ms → 30ms`, `+ pool rank`, `- when request.user != ""`.

import type { TextChange } from './strategies-diff.ts';

/** Characters of a value that a line shows. */
const valueShown = 80;

/** Characters before the first difference that a line shows of values that begin alike. */
const alikeShown = 20;

export function changeLine({ field, before, after }: TextChange): string {
  if (before === undefined) return `+ ${field} ${shortText(after ?? '')}`;
  if (after === undefined) return `- ${field} ${shortText(before)}`;
  // Of two long texts the part that differs is shown, which may be far behind.
  const isLong = Math.max(before.length, after.length) > valueShown;
  const from = isLong ? Math.max(0, firstDifference(before, after) - alikeShown) : 0;
  return `${field} ${shortText(before, from)} → ${shortText(after, from)}`;
}

/** On one line, from the character `from` on, cut to a readable length. */
export function shortText(text: string, from = 0): string {
  const line = text.slice(from).replace(/\s+/g, ' ');
  const cut = line.length > valueShown ? `${line.slice(0, valueShown - 1)}…` : line;
  return from > 0 ? `…${cut}` : cut;
}

function firstDifference(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  return at;
}
