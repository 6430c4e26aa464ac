// censusOf: what happened in a run, as short texts that can be counted: whether random worlds are worth their time is
// seen by what never happens in them.

import type { NodeDefinition } from '../../../../dag/definition.ts';
import { changeOf } from './rules.ts';
import type { ReferenceNode, ReferenceOutcome, World } from './world.ts';

export function censusOf(world: World, outcome: ReferenceOutcome): string[] {
  const marks = outcome.marks.map((mark) =>
    mark
      .replace(/^\w+: /, 'mark ')
      .replace(/ n\d+$/, ' y')
      .replaceAll(/\b\d+\b/g, 'n'),
  );
  const nodes = world.definition.nodes.flatMap((node) => nodeEvents(world, node, outcome.nodes[node.name]!, outcome));
  return [outcome.failure === undefined ? 'run done' : `run ${outcome.failure.code}`, ...marks, ...nodes];
}

function nodeEvents(world: World, node: NodeDefinition, run: ReferenceNode, outcome: ReferenceOutcome): string[] {
  const { end, code, startMs, endMs } = run;
  const events = [`end ${end ?? 'never demanded'}${code === undefined ? '' : ` ${code}`}`, ...attemptEvents(node, run)];
  const change = changeOf(world.definition, world.level, node.name).kind;
  const isJoined = change !== 'skip' && change !== 'replace' && node.hard.length > 0;
  if (isJoined && end !== undefined) {
    if (startMs !== undefined) events.push(`join ${node.join.kind} ran`);
    else if (end !== 'cancelled') events.push(`join ${node.join.kind} ${end}`);
  }
  if (end === 'skipped' && startMs !== undefined) events.push('when not true');
  if (end === 'cancelled' && endMs! < outcome.endMs) events.push('cancelled before the end of the run');
  const failedHere = end === 'failed' && startMs !== undefined;
  if (failedHere && node.fallback.length > 0) events.push('all fallbacks failed');
  if (failedHere && run.attempts.length === 0) events.push('failed without an attempt');
  if (failedHere && node.foreach !== undefined && run.attempts.length > 1) events.push('quorum lost');
  if (failedHere && node.light !== undefined && run.attempts.length === 0) events.push('light variant failed');
  if (end === 'done' && node.soft.some((other) => outcome.nodes[other]?.end === 'failed'))
    events.push('soft one failed');
  return events;
}

function attemptEvents(node: NodeDefinition, { attempts, startMs = 0 }: ReferenceNode): string[] {
  return attempts.flatMap((attempt, index) => {
    const events = ['attempt'];
    const earlier = attempts.slice(0, index).filter(({ item }) => item === attempt.item);
    if (attempt.startMs < startMs) events.push('began, was cancelled, was demanded again');
    if (attempt.hedge)
      events.push(attempt.endMs !== undefined && attempt.code === undefined ? 'hedge won' : 'hedge lost');
    if (!attempt.hedge && earlier.some(({ startMs: otherMs, code }) => otherMs >= startMs && code !== undefined)) {
      const atOnce = earlier.some(({ endMs }) => endMs === attempt.startMs);
      events.push(atOnce ? 'retry at once' : 'retry after a pause');
      if (earlier.some(({ hedge }) => hedge)) events.push('retry after a hedge');
    }
    if (attempt.endMs === undefined) events.push('attempt cancelled');
    if (node.foreach !== undefined) events.push('attempt for an item');
    return events;
  });
}
