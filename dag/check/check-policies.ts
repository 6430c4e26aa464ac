// Policies: what a node is given that it can't use, and second attempts where one may already have done harm.

import { nearest } from '../../runtime/nearest.ts';
import type { NodeDefinition } from '../definition.ts';
import type { Known } from './known.ts';
import type { StrategyTypes } from './strategy-types.ts';
import { type Subject, workName } from './subject.ts';

export function checkPolicies(subject: Subject, known: Known, types: StrategyTypes): void {
  for (const node of subject.definition.nodes) {
    checkRepeats(subject, node, types);
    checkPool(subject, node, known);
  }
}

/** Those of `defaults` simply do not apply to a method that is not idempotent. */
function checkRepeats(subject: Subject, node: NodeDefinition, types: StrategyTypes): void {
  if (types.workOf(node)?.idempotent !== false) return;
  const why = `${workName(node)} is not idempotent`;
  const mend = 'take it out, or declare the method idempotent in its contract if a second call does no harm';
  if (node.retry !== undefined && node.retry.attempts > 1 && subject.isWritten(node.name, 'retry')) {
    subject.report.add(`nodes.${node.name}.retry~key`, `${node.name} can't be retried, since ${why}; ${mend}`);
  }
  if (node.hedge !== undefined && subject.isWritten(node.name, 'hedge')) {
    subject.report.add(`nodes.${node.name}.hedge~key`, `${node.name} can't be hedged, since ${why}; ${mend}`);
  }
}

function checkPool(subject: Subject, { name, pool }: NodeDefinition, { pools }: Known): void {
  if (pool === undefined || pools === undefined || pools.has(pool)) return;
  const suggestion = nearest(pool, pools);
  const hints = suggestion === undefined ? { allowed: [...pools] } : { suggestion };
  subject.report.add(`nodes.${name}.pool`, `there is no pool "${pool}"`, hints);
}
