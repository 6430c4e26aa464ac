// absentReads: where an expression reads a variable that may be absent as if it were always there. Read rightly it is
// `extra.?items.orValue([])`, `has(extra.items)`, or anything behind such a question: `has(extra) ? extra : []`.

import { isOptional, type Name, type Node } from '../expression/ast.ts';

/** `absent`: names that may have no value. In the order of the text. */
export function absentReads(root: Node, absent: ReadonlySet<string>): Name[] {
  const found: Name[] = [];
  visit(root, absent, found);
  return found;
}

/** The names that are there for sure when `node` is `truth`. */
export function provenBy(node: Node, truth: boolean): ReadonlySet<string> {
  if (node.kind === 'has' || node.kind === 'hasValue') {
    const name = truth ? rootName(node.kind === 'has' ? node.operand : node.target) : undefined;
    return new Set(name === undefined ? [] : [name]);
  }
  if (node.kind === 'unary' && node.operator === '!') return provenBy(node.operand, !truth);
  if (node.kind === 'logic' && (node.operator === '&&') === truth) {
    return new Set([...provenBy(node.left, truth), ...provenBy(node.right, truth)]);
  }
  return new Set();
}

function visit(node: Node, absent: ReadonlySet<string>, found: Name[]): void {
  const go = (child: Node, proven: ReadonlySet<string> = new Set()) => {
    visit(child, proven.size === 0 ? absent : without(absent, proven), found);
  };
  switch (node.kind) {
    case 'literal':
      return;
    case 'name':
      if (absent.has(node.name)) found.push(node);
      return;
    case 'has':
      visitOptional(node.operand, absent, found);
      return;
    case 'hasValue':
      visitOptional(node.target, absent, found);
      return;
    case 'orValue':
      visitOptional(node.target, absent, found);
      go(node.fallback);
      return;
    case 'field':
      go(node.target);
      return;
    case 'index':
      go(node.target);
      go(node.index);
      return;
    case 'list':
      for (const item of node.items) go(item);
      return;
    case 'map':
      for (const key of node.keys) go(key);
      for (const value of node.values) go(value);
      return;
    case 'unary':
      go(node.operand);
      return;
    case 'binary':
      go(node.left);
      go(node.right);
      return;
    case 'logic':
      go(node.left);
      go(node.right, provenBy(node.left, node.operator === '&&'));
      return;
    case 'choice':
      go(node.condition);
      go(node.whenTrue, provenBy(node.condition, true));
      go(node.whenFalse, provenBy(node.condition, false));
      return;
    case 'macro': {
      go(node.target);
      const bound = new Set([node.variable]);
      if (node.condition !== undefined) go(node.condition, bound);
      go(node.body, bound);
      return;
    }
    case 'call':
      for (const arg of node.args) go(arg);
      return;
  }
}

/** Of what is asked for with `has` or ends with `orValue`: absence is forgiven at its last step, or from `.?` on. */
function visitOptional(node: Node, absent: ReadonlySet<string>, found: Name[]): void {
  if (node.kind === 'name') return;
  if (node.kind !== 'field' && node.kind !== 'index') {
    visit(node, absent, found);
    return;
  }
  if (node.target.kind === 'name' || isOptional(node.target)) visitOptional(node.target, absent, found);
  else visit(node.target, absent, found);
  if (node.kind === 'index') visit(node.index, absent, found);
}

function rootName(node: Node): string | undefined {
  if (node.kind === 'name') return node.name;
  return node.kind === 'field' || node.kind === 'index' ? rootName(node.target) : undefined;
}

export function without(names: ReadonlySet<string>, taken: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...names].filter((name) => !taken.has(name)));
}
