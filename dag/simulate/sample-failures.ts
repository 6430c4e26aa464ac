// What can't be worked out for want of values: expressions that failed in a run where nodes gave made-up values, and
// the nodes whose samples would help.

import { HeddleError } from '../../runtime/errors.ts';
import type { Run } from '../run/run.ts';

/** Sentences, each once; none: no expression failed. `lacking`: nodes without a sample. */
export function sampleFailures(run: Run, lacking: ReadonlySet<string>): string[] {
  const { nodes } = run.graph;
  const problems: string[] = [];
  for (const [index, error] of (run.errors ?? []).entries()) {
    if (error === undefined || !isOfExpression(error)) continue;
    const names = nodes[index]!.dependencies.map((dependency) => nodes[dependency]!.name);
    problems.push(adviceOf(error, sourcesOf(run, names), lacking));
  }
  const { outcome } = run;
  if (outcome.how === 'failed' && isOfExpression(outcome.error)) {
    problems.push(adviceOf(outcome.error, sourcesOf(run, run.graph.definition.outputNeeds), lacking));
  }
  return problems;
}

/** Those that gave the values of the nodes: themselves, or what stood in for them. */
function sourcesOf({ marks = [] }: Run, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const standIns = marks.flatMap((mark) => {
      const [, standIn] = /^(?:light|node|level \d+ node) (\S+)$/.exec(mark.slice(name.length + 2)) ?? [];
      return mark.startsWith(`${name}: `) && standIn !== undefined ? [standIn] : [];
    });
    return [name, ...standIns];
  });
}

function adviceOf({ message }: HeddleError, sources: readonly string[], lacking: ReadonlySet<string>): string {
  const without = sources.filter((name) => lacking.has(name));
  if (without.length === 0) {
    return `${message}; what it reads comes from samples: look at the request and at the mocks of the inline tests`;
  }
  const [has, them] = without.length === 1 ? ['has', 'it'] : ['have', 'them'];
  return `${message}; ${without.join(' and ')} ${has} no sample: mock ${them} in an inline test, or give a trace with values`;
}

/** An expression itself, and not a node that failed before. */
function isOfExpression({ code, cause }: HeddleError): boolean {
  if (code !== 'INTERNAL' || cause === undefined) return false;
  return !(cause instanceof HeddleError) || cause.code !== 'INTERNAL';
}
