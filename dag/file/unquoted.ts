// Unquoted expressions: `city: rank.ids[0]` within braces, `when: !has(x)`. YAML reads them as something else; here is
// looked for what the author meant, so that the mistake can be told with the quotes that lack. Asked by the reader of
// files, at an error of YAML's grammar and at a text that is no expression.

import type { Explanation } from '../../document/parse-yaml.ts';
import type { Place } from '../../document/problem.ts';
import { parseExpression } from '../expression/parse-expression.ts';

/** Characters of a line on each side of an error that are looked at. */
const aroundMax = 500;
/** Beginnings, and ends for each, that are tried. */
const triesMax = 12;

/** The expression around `offset` that YAML could not read as one text; undefined: there is none. */
export function explainUnquoted(text: string, offset: number): Explanation | undefined {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const from = Math.max(lineStart, offset - aroundMax);
  for (const start of beginnings(text.slice(from, offset + 1)).slice(0, triesMax)) {
    const end = expressionEnd(text, from + start, offset);
    if (end === undefined) continue;
    const written = text.slice(from + start, end);
    // A word or a number never lacks quotes; something else is wrong.
    if (/^[\w.]+$/.test(written)) continue;
    return { start: from + start, end, message: `put the expression in quotes: ${inYamlQuotes(written)}` };
  }
  const [word = ''] = /^[@%`][^\s,\]}'"\\]*/.exec(text.slice(offset, offset + aroundMax)) ?? [];
  if (word === '') return undefined;
  const sign = word[0] === '`' ? 'a backtick' : word[0];
  const message = `a value can not begin with ${sign}: put it in quotes, as a constant text in two: "'${word}'"`;
  return { start: offset, end: offset + word.length, message };
}

/** Of a text that YAML ended at a comma or a bracket, the expression that was begun by it; undefined: there is none. */
export function cutExpression({ source, start, end }: Place): { whole: string; sign: string } | undefined {
  const wholeEnd = expressionEnd(source.text, start, end);
  if (wholeEnd === undefined) return undefined;
  return { whole: source.text.slice(start, wholeEnd), sign: source.text.slice(end, wholeEnd).trimStart().charAt(0) };
}

/** Where the longest expression ends that begins at `start`, goes beyond `offset` and stands in one line. */
function expressionEnd(text: string, start: number, offset: number): number | undefined {
  const [line = ''] = /^[^\r\n]*/.exec(text.slice(start, offset + aroundMax)) ?? [];
  const ends = [...line.matchAll(/\s*(?=[,\]}]|\s#|$)/g)].map(({ index }) => start + index);
  return ends
    .filter((end) => end > offset && text.slice(start, end).trimEnd().length === end - start)
    .slice(0, triesMax)
    .reverse()
    .find((end) => parseExpression(text.slice(start, end)).expression !== undefined);
}

/** As YAML takes it for one text, with the quotes that need the least in it. */
export function inYamlQuotes(text: string): string {
  if (!/["\\]/.test(text)) return `"${text}"`;
  return text.includes("'") ? JSON.stringify(text) : `'${text}'`;
}

/** Offsets in a line where a value may begin, the last one first. */
function beginnings(line: string): number[] {
  return [...line.matchAll(/(?:\S:\s|[[{,]|^\s*-\s)\s*(?=\S)/g)]
    .map((match) => match.index + match[0].length)
    .reverse();
}
