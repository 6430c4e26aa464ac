// The function `matches`: whether a pattern, always a literal, fits anywhere in a text.

import { define, text } from '../functions/spec.ts';
import { booleanType } from '../types.ts';
import { Matcher } from './matcher.ts';
import { parsePattern } from './parse-pattern.ts';
import { compilePattern } from './program.ts';

/** Matchers kept per thread: patterns are literals of the strategies that run, so this is far more than there are. */
const matchersMax = 1000;
const matchers = new Map<string, Matcher>();

export const matches = define('matches', [text, text], booleanType, (site, subject, pattern) =>
  matcherOf(pattern).test(subject, site),
);

/** Throws ProblemSignal where the pattern is none. */
export function matcherOf(pattern: string): Matcher {
  const known = matchers.get(pattern);
  if (known !== undefined) return known;
  if (matchers.size >= matchersMax) matchers.clear();
  const matcher = new Matcher(compilePattern(parsePattern(pattern)));
  matchers.set(pattern, matcher);
  return matcher;
}
