// parseExpression: from a text to a tree that can be checked, compiled and asked for what it refers to. The door to
// this folder; pure, on any thread.

import type { Expression } from './ast.ts';
import { type ExpressionBounds, expressionBounds, expressionProblemsMax } from './bounds.ts';
import { tokenize } from './lexer.ts';
import { Parser } from './parser.ts';
import { type ExpressionProblem, ProblemSignal } from './problem.ts';
import { validate } from './validate.ts';

export type ParsedExpression =
  | { readonly expression: Expression; readonly problems?: undefined }
  | { readonly expression?: undefined; readonly problems: readonly ExpressionProblem[] };

/**
 * Reads an expression. Never throws: a text that is none gives problems, at least one and at most 50, with offsets in
 * UTF-16 units. A mistake of syntax comes alone; unknown functions and the like come together.
 */
export function parseExpression(text: string, bounds: ExpressionBounds = expressionBounds): ParsedExpression {
  if (text.length > bounds.textCharsMax) {
    const message = `the expression has ${text.length} characters, more than ${bounds.textCharsMax}; split it into several nodes`;
    return { problems: [{ message, start: bounds.textCharsMax, end: text.length }] };
  }
  try {
    const root = new Parser(tokenize(text), bounds).parseAll();
    const problems = validate(root);
    if (problems.length > 0) return { problems: problems.slice(0, expressionProblemsMax) };
    return { expression: { text, root } };
  } catch (signal) {
    if (signal instanceof ProblemSignal) return { problems: [signal.problem] };
    throw signal;
  }
}
