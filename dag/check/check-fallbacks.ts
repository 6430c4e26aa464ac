// Fallbacks: a chain must lead somewhere, and nothing may stand behind what always has a value.

import type { Fallback, NodeDefinition, Template } from '../definition.ts';
import { hasFreeNames } from '../expression/ast.ts';
import { parseExpression } from '../expression/parse-expression.ts';
import { expressionsOf } from './sites.ts';
import type { Subject } from './subject.ts';

export function checkFallbacks(subject: Subject): void {
  for (const node of subject.definition.nodes) {
    for (const [index, fallback] of node.fallback.entries()) checkOne(subject, node, fallback, index);
    const certain = node.fallback.findIndex((fallback) => fallback.kind === 'value' && isConstant(fallback.value));
    if (certain === -1 || certain === node.fallback.length - 1) continue;
    subject.report.add(
      `nodes.${node.name}.fallback[${certain + 1}]`,
      `this fallback of ${node.name} is never reached: the one before it is a constant, which can't fail; put the constant last`,
    );
  }
}

function checkOne(
  subject: Subject,
  { name, cache, fallback: chain }: NodeDefinition,
  fallback: Fallback,
  index: number,
) {
  const path = `nodes.${name}.fallback[${index}]`;
  if (fallback.kind === 'stale') {
    if (cache === undefined) {
      subject.report.add(
        path,
        `${name} has no cache, so it has no stale value to fall back to: give it cache, with stale`,
      );
    } else if (cache.staleMs === 0) {
      subject.report.add(
        path,
        `the cache of ${name} keeps nothing beyond its ttl: give it stale, such as stale: 10m, how long an old value may stand in`,
      );
    }
  }
  const first = chain.findIndex((other) => isSame(other, fallback));
  if (first !== -1 && first < index)
    subject.report.add(path, `${name} has this fallback a second time; what failed once fails again`);
}

function isSame(left: Fallback, right: Fallback): boolean {
  if (left.kind === 'node' && right.kind === 'node') return left.node === right.node;
  return left.kind === 'stale' && right.kind === 'stale';
}

/** Whether it is the same whatever a request brings. */
function isConstant(template: Template): boolean {
  return expressionsOf(template, '').every(([, text]) => {
    const { expression } = parseExpression(text);
    return expression !== undefined && !hasFreeNames(expression.root);
  });
}
