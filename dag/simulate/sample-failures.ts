// What can't be worked out for want of values: expressions that failed in a run where nodes gave made-up values, and the
// nodes whose samples would help.

import { HeddleError } from '../../runtime/errors.ts';
import type { Run } from '../run/run.ts';

/** Sentences, each once; none: no expression failed. `lacking`: nodes without a sample. */
export function sampleFailures(run: Run, lacking: ReadonlySet<string>): string[] {
  const { nodes } = run.graph;
  const problems: string[] = [];
  for (const [index, error] of (run.errors ?? []).entries()) {
    if (error === undefined || !isOfExpression(error)) continue;
    const names = nodes[index]!.dependencies.map((dependency) => nodes[dependency]!.name);
    problems.push(adviceOf(error, names, lacking));
  }
  const { outcome } = run;
  if (outcome.how === 'failed' && isOfExpression(outcome.error)) {
    problems.push(adviceOf(outcome.error, run.graph.definition.outputNeeds, lacking));
  }
  return problems;
}

function adviceOf({ message }: HeddleError, reads: readonly string[], lacking: ReadonlySet<string>): string {
  const without = reads.filter((name) => lacking.has(name));
  if (without.length === 0)
    return `${message}; the values that it reads come from a sample: look at the request and at the mocks of the inline tests`;
  const nodes = without.join(' and ');
  return `${message}; ${nodes} ${without.length === 1 ? 'has' : 'have'} no sample: mock ${without.length === 1 ? 'it' : 'them'} in an inline test, or give a trace with values`;
}

/** An expression itself, and not a node that failed before. */
function isOfExpression({ code, cause }: HeddleError): boolean {
  if (code !== 'INTERNAL' || cause === undefined) return false;
  return !(cause instanceof HeddleError) || cause.code !== 'INTERNAL';
}
