// The lexer: an expression's text as tokens. It knows the spellings of other languages that people try, and says what
// to write instead.

import { ProblemSignal } from './problem.ts';
import { readString } from './string-literal.ts';

export type Token = { start: number; end: number } & (
  | { kind: 'number'; value: number }
  | { kind: 'string'; value: string }
  | { kind: 'name'; text: string }
  | { kind: 'symbol'; text: string }
  | { kind: 'end' }
);

const blank = /(?:[ \t\r\n\f]|\/\/[^\n]*)*/y;
const name = /[A-Za-z_][A-Za-z0-9_]*/y;
const number = /0[xX][0-9a-fA-F]+|(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?/y;
const string = /[rRbB]?["']/y;
const symbol = /&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()[\]{}]/y;

/** Spellings of other languages, longest first, and what to write instead. */
const foreign: readonly [RegExp, string][] = [
  [/===/y, 'equality is written =='],
  [/!==/y, 'inequality is written !='],
  [/=>/y, 'there are no functions to write; macros go list.map(x, …)'],
  [/=(?!=)/y, 'equality is written =='],
  [/&(?!&)/y, '"and" is written &&'],
  [/\|(?!\|)/y, '"or" is written ||'],
  [/\?\?/y, 'for a default write a.?b.orValue(…)'],
  [/\?\.(?![0-9])/y, 'an optional field is written a.?b, with .orValue(…) at the end'],
  [/\*\*/y, 'there is no operator for powers'],
  [/`/y, 'strings stand in "…" or \'…\''],
  [/;/y, 'an expression is one value; there are no statements'],
];

/** Throws ProblemSignal at the first character that belongs to no token. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = endOf(blank, text, 0);
  while (at < text.length) {
    const token = readToken(text, at);
    tokens.push(token);
    at = endOf(blank, text, token.end);
  }
  tokens.push({ kind: 'end', start: text.length, end: text.length });
  return tokens;
}

function readToken(text: string, start: number): Token {
  if (matchesAt(string, text, start)) return readPrefixedString(text, start);
  if (matchesAt(name, text, start)) {
    const end = endOf(name, text, start);
    return { kind: 'name', text: text.slice(start, end), start, end };
  }
  if (matchesAt(number, text, start)) return readNumber(text, start);
  for (const [pattern, advice] of foreign) {
    if (matchesAt(pattern, text, start)) throw new ProblemSignal(advice, start, endOf(pattern, text, start));
  }
  if (matchesAt(symbol, text, start)) {
    const end = endOf(symbol, text, start);
    return { kind: 'symbol', text: text.slice(start, end), start, end };
  }
  const char = String.fromCodePoint(text.codePointAt(start)!);
  throw new ProblemSignal(`${JSON.stringify(char)} has no meaning here`, start, start + char.length);
}

function readPrefixedString(text: string, start: number): Token {
  const prefix = text[start]!.toLowerCase();
  if (prefix === 'b') {
    throw new ProblemSignal('there are no byte strings; leave out the b', start, start + 1);
  }
  const { value, end } = readString(text, prefix === 'r' ? start + 1 : start, prefix === 'r');
  return { kind: 'string', value, start, end };
}

function readNumber(text: string, start: number): Token {
  const end = endOf(number, text, start);
  const written = text.slice(start, end);
  const value = Number(written);
  if (matchesAt(name, text, end)) {
    const tail = text.slice(end, endOf(name, text, end));
    const advice = /^[uU]$/.test(tail)
      ? 'there is one kind of number; leave out the u'
      : `${written}${tail} is neither a number nor a name`;
    throw new ProblemSignal(advice, start, end + tail.length);
  }
  if (!Number.isFinite(value)) throw new ProblemSignal(`${written} is more than a number can hold`, start, end);
  if (/^(?:0[xX][0-9a-fA-F]+|[0-9]+)$/.test(written) && !Number.isSafeInteger(value)) {
    throw new ProblemSignal(`a number can't hold ${written} exactly: whole numbers go up to 2^53 - 1`, start, end);
  }
  return { kind: 'number', value, start, end };
}

function matchesAt(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}

function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
