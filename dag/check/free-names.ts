// The names that an expression takes from outside, each with its place, and the parameters that it reads.

import { childrenOf, type Name, type Node } from '../expression/ast.ts';

/** Every occurrence, in the order of the text; variables of macros are not free. */
export function freeNames(root: Node): Name[] {
  const found: Name[] = [];
  walk(root, [], (node, bound) => {
    if (node.kind === 'name' && !bound.includes(node.name)) found.push(node);
  });
  return found;
}

/** The names of `has(name)`: questions for a variable as a whole. */
export function wholeQuestions(root: Node): Name[] {
  const found: Name[] = [];
  walk(root, [], (node, bound) => {
    if (node.kind !== 'has' || node.operand.kind !== 'name' || bound.includes(node.operand.name)) return;
    found.push(node.operand);
  });
  return found;
}

export interface ParameterRead {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** `params.size` and `params["rank.size"]`. */
export function parameterReads(root: Node): ParameterRead[] {
  const found: ParameterRead[] = [];
  walk(root, [], (node, bound) => {
    if (node.kind !== 'field' && node.kind !== 'index') return;
    const { target } = node;
    if (target.kind !== 'name' || target.name !== 'params' || bound.includes('params')) return;
    if (node.kind === 'field') {
      found.push({ name: node.name, start: node.end - node.name.length, end: node.end });
    } else if (node.index.kind === 'literal' && typeof node.index.value === 'string') {
      found.push({ name: node.index.value, start: node.index.start, end: node.index.end });
    }
  });
  return found;
}

function walk(node: Node, bound: readonly string[], visit: (node: Node, bound: readonly string[]) => void): void {
  visit(node, bound);
  if (node.kind !== 'macro') {
    for (const child of childrenOf(node)) walk(child, bound, visit);
    return;
  }
  walk(node.target, bound, visit);
  const within = [...bound, node.variable];
  if (node.condition !== undefined) walk(node.condition, within, visit);
  walk(node.body, within, visit);
}
