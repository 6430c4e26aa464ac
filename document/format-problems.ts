// formatProblems: problems as people read them, with the source line and a caret under the part that is wrong.

import type { Problem } from './problem.ts';

/** Printed problems at most; the rest is counted. */
const printedMax = 100;
/** Names listed after "allowed here" at most. */
const allowedMax = 24;
/** Longest piece of a source line that is shown, UTF-16 units; a longer line is cut around the caret. */
const lineMax = 160;

/**
 * ```
 * heddle.yaml:12:5: unknown key "thread"; allowed here: threads, maxFibers; did you mean "threads"?
 *       thread: 4
 *       ^^^^^^
 * ```
 * Problems are separated by an empty line; no problems give an empty text.
 */
export function formatProblems(problems: readonly Problem[]): string {
  const texts = problems.slice(0, printedMax).map(formatProblem);
  if (problems.length > printedMax) texts.push(`and ${problems.length - printedMax} more`);
  return texts.join('\n\n');
}

function formatProblem(problem: Problem): string {
  let head = `${problem.where}: ${problem.message}`;
  if (problem.allowed !== undefined && problem.allowed.length > 0) {
    const more = problem.allowed.length - allowedMax;
    head += `; allowed here: ${problem.allowed.slice(0, allowedMax).join(', ')}`;
    if (more > 0) head += ` and ${more} more`;
  }
  if (problem.suggestion !== undefined) head += `; did you mean "${problem.suggestion}"?`;
  if (problem.sourceLine === undefined) return head;
  const { before, marked, after } = cutAround(problem.sourceLine, problem.column - 1, problem.length);
  const prefix = problem.where === problem.file ? `${problem.file}: ` : '';
  const line = `  ${prefix}${visible(before)}${visible(marked)}${visible(after)}`;
  // Tabs of the line are repeated, so that the caret stands right whatever a tab is worth on the reader's screen.
  const padding = `${prefix}${before}`.replace(/[^\t]+/gu, (text) => ' '.repeat(displayWidth(text)));
  return `${head}\n${line.trimEnd()}\n  ${padding}${'^'.repeat(Math.max(1, displayWidth(marked)))}`;
}

function cutAround(line: string, start: number, length: number): { before: string; marked: string; after: string } {
  if (line.length <= lineMax) {
    return {
      before: line.slice(0, start),
      marked: line.slice(start, start + length),
      after: line.slice(start + length),
    };
  }
  const from = Math.max(0, start - lineMax / 2);
  const to = Math.min(line.length, from + lineMax);
  const end = Math.min(start + length, to);
  const ellipsis = { before: from > 0 ? '…' : '', after: to < line.length ? '…' : '' };
  return {
    before: ellipsis.before + line.slice(from, start).toWellFormed(),
    marked: line.slice(start, end).toWellFormed(),
    after: line.slice(end, to).toWellFormed() + ellipsis.after,
  };
}

// Control characters and direction marks would move the cursor or the caret: they are shown as one replacement sign.
// A tab is none of them: the caret's line has one in the same place.
const unprintable = /(?!\t)[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

function visible(text: string): string {
  return text.replace(unprintable, '\ufffd');
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f1e6}-\u{1f1ff}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]|\ufe0f/u;
const zeroWidth = /^[\p{Mn}\p{Me}\u200b-\u200d]+$/u;

/** Columns of a terminal: 2 for East Asian wide signs and emoji, 0 for lone marks, else 1 for each grapheme. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(visible(text))) {
    if (zeroWidth.test(segment)) continue;
    width += wide.test(segment) ? 2 : 1;
  }
  return width;
}
