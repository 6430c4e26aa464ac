// Variables that are read part by part, as `params`: reading one of their parts has a consequence (it is an exposure), so
// a place that reads all of them at once, or one that only the evaluation knows, is a mistake. Called by the checker.

import { childrenOf, type Expression, type Node, partOf } from './ast.ts';
import type { ExpressionProblem } from './problem.ts';

/** The sentence about a variable that is read as a whole. */
export function readWhole(name: string): string {
  return `${name} is read part by part, since each reading counts: name the part, as ${name}.x or ${name}["x"]`;
}

/** Where the expression reads one of `names` as a whole, or a part whose name is calculated; in the order of the text. */
export function wholeReads(expression: Expression, names: readonly string[]): ExpressionProblem[] {
  const problems: ExpressionProblem[] = [];
  visit(expression.root, new Set(names), problems);
  return problems;
}

function visit(node: Node, names: ReadonlySet<string>, problems: ExpressionProblem[]): void {
  if (node.kind === 'name' && names.has(node.name)) {
    problems.push({ message: readWhole(node.name), start: node.start, end: node.end });
  }
  if ((node.kind === 'field' || node.kind === 'index') && node.target.kind === 'name' && partOf(node) !== undefined)
    return;
  if (node.kind !== 'macro') {
    for (const child of childrenOf(node)) visit(child, names, problems);
    return;
  }
  visit(node.target, names, problems);
  const within = new Set(names);
  within.delete(node.variable);
  if (node.condition !== undefined) visit(node.condition, within, problems);
  visit(node.body, within, problems);
}
