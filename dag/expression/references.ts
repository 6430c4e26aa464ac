// references: what an expression reads from outside, so that a graph's edges can be inferred from the names of nodes
// and a request's need of fields be shown.

import { childrenOf, type Expression, type Node, partOf } from './ast.ts';

/**
 * The paths of all free variables, each once, in the order of the text: `user.id` as `['user', 'id']`,
 * `recall.items.map(x, x.id)` as `['recall', 'items']`. A path ends where an index is calculated; variables of macros
 * are not free.
 */
export function references(expression: Expression): string[][] {
  const paths = new Map<string, string[]>();
  collect(expression.root, new Set(), (path) => paths.set(JSON.stringify(path), path));
  return [...paths.values()];
}

function collect(node: Node, bound: ReadonlySet<string>, found: (path: string[]) => void): void {
  const path = pathOf(node);
  if (path !== undefined) {
    if (!bound.has(path[0]!)) found(path);
    return;
  }
  if (node.kind !== 'macro') {
    for (const child of childrenOf(node)) collect(child, bound, found);
    return;
  }
  collect(node.target, bound, found);
  const within = new Set([...bound, node.variable]);
  if (node.condition !== undefined) collect(node.condition, within, found);
  collect(node.body, within, found);
}

/** Of a name, and of fields and literal keys from one. */
function pathOf(node: Node): string[] | undefined {
  if (node.kind === 'name') return [node.name];
  if (node.kind !== 'field' && node.kind !== 'index') return undefined;
  const part = partOf(node);
  const path = part === undefined ? undefined : pathOf(node.target);
  return path === undefined || part === undefined ? undefined : [...path, part];
}
