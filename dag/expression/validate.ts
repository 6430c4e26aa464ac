// What must hold of a tree whatever the values: functions exist and get as many arguments as they take, absence is
// dealt with before anything else sees it, patterns are literals that can be read. Called by parseExpression, so all
// later stages can rely on it.

import { nearest } from '../../runtime/nearest.ts';
import { type Call, childrenOf, isOptional, type MapLiteral, type Node } from './ast.ts';
import { arityOf, functionNamed, functionNames } from './functions/table.ts';
import { macroNames } from './parse-call.ts';
import { matcherOf } from './pattern/matches.ts';
import { type ExpressionProblem, ProblemSignal } from './problem.ts';

/** All problems of the tree, in the order of the text. */
export function validate(root: Node): ExpressionProblem[] {
  const problems: ExpressionProblem[] = [];
  if (isOptional(root)) problems.push(unfinished(root));
  visit(root, problems);
  return problems.sort((left, right) => left.start - right.start);
}

function visit(node: Node, problems: ExpressionProblem[]): void {
  const children = childrenOf(node);
  for (const child of children) {
    if (isOptional(child) && !takesAbsence(node, child)) problems.push(unfinished(child));
  }
  if ((node.kind === 'orValue' || node.kind === 'hasValue') && !isOptional(node.target)) {
    const { start, end } = node.target;
    problems.push({ message: `nothing is optional before .${node.kind}: write a.?b or a[?b]`, start, end });
  }
  if (node.kind === 'call') checkCall(node, problems);
  if (node.kind === 'map') checkKeys(node, problems);
  for (const child of children) visit(child, problems);
}

function takesAbsence(parent: Node, child: Node): boolean {
  if (parent.kind === 'has') return true;
  const goesOn = parent.kind === 'field' || parent.kind === 'index';
  return (goesOn || parent.kind === 'orValue' || parent.kind === 'hasValue') && parent.target === child;
}

function unfinished({ start, end }: Node): ExpressionProblem {
  return { message: 'this may be absent: end it with .orValue(…) or .hasValue()', start, end };
}

function checkCall(call: Call, problems: ExpressionProblem[]): void {
  const place = { start: call.nameStart, end: call.nameStart + call.name.length };
  const spec = functionNamed(call.name);
  if (spec === undefined) {
    const suggestion = nearest(call.name, [...functionNames, ...macroNames, 'has', 'orValue', 'hasValue']);
    const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`;
    const problem = { message: `there is no function ${call.name}${hint}`, ...place, allowed: [...functionNames] };
    problems.push(suggestion === undefined ? problem : { ...problem, suggestion });
    return;
  }
  const { min, max } = arityOf(spec);
  if (call.args.length < min || call.args.length > max) {
    const count = max === Number.POSITIVE_INFINITY ? `${min} or more` : min === max ? `${min}` : `${min} to ${max}`;
    const values = count === '1' ? 'value' : 'values';
    const message = `${call.name} takes ${count} ${values}, here are ${call.args.length} (x.f(y) counts as f(x, y))`;
    problems.push({ message, ...place });
    return;
  }
  if (call.name === 'matches') checkPattern(call.args[1]!, problems);
}

function checkPattern(pattern: Node, problems: ExpressionProblem[]): void {
  const { start, end } = pattern;
  if (pattern.kind !== 'literal' || typeof pattern.value !== 'string') {
    problems.push({ message: 'the pattern of matches must be written out as a string', start, end });
    return;
  }
  try {
    matcherOf(pattern.value);
  } catch (signal) {
    if (!(signal instanceof ProblemSignal)) throw signal;
    // Escapes shift offsets, so the caret stays at the whole pattern.
    const message = `pattern, character ${signal.problem.start + 1}: ${signal.message}`;
    problems.push({ message, start, end });
  }
}

function checkKeys({ keys }: MapLiteral, problems: ExpressionProblem[]): void {
  const seen = new Set<string>();
  for (const key of keys) {
    if (key.kind !== 'literal') continue;
    const { start, end } = key;
    if (typeof key.value !== 'string') {
      problems.push({ message: 'keys of a map are strings', start, end });
    } else if (seen.has(key.value)) {
      problems.push({ message: `the key ${JSON.stringify(key.value)} stands here twice`, start, end });
    } else {
      seen.add(key.value);
    }
  }
}
