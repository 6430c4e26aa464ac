// explainNode: why a node of a run ended as it did, or was never asked, as a sentence. Pure.

import type { Data } from '../definition.ts';
import { parseExpression } from '../expression/parse-expression.ts';
import { references } from '../expression/references.ts';
import type { GraphNode } from '../graph/graph-node.ts';
import { planOf } from '../graph/level-plan.ts';
import { firstNodeSlot, requestSlot } from '../graph/scope.ts';
import type { Run } from '../run/run.ts';
import type { NodeTrace, RunTrace } from '../run/trace.ts';
import type { ExplainedCondition, ExplainedNode, ReadValue } from './explanation.ts';
import type { FixedParameters } from './fixed-parameters.ts';

/** Of a run that has ended; `trace`: with values. */
export function explainNode(
  run: Run,
  node: GraphNode,
  trace: RunTrace,
  parameters: FixedParameters | undefined,
): ExplainedNode {
  const { name } = node;
  const traced = trace.nodes.find((one) => one.name === name);
  const began = traced?.startMs !== undefined && !isReplaced(run, node);
  const when = began && node.definition.when !== undefined ? conditionOf(run, node, parameters) : undefined;
  return {
    name,
    end: traced?.end ?? 'not needed',
    why: traced === undefined ? whyNotNeeded(run, node) : whyEnded(run, node, traced, when),
    when,
    startMs: traced?.startMs,
    endMs: traced?.endMs,
    critical: traced?.critical ?? false,
  };
}

function isReplaced({ graph, level }: Run, { index }: GraphNode): boolean {
  return (planOf(graph.levels, level)?.replacedBy[index] ?? 0) !== 0;
}

function whyNotNeeded({ graph, level, state }: Run, node: GraphNode): string {
  const nameOf = (index: number) => graph.nodes[index]!.name;
  const plan = planOf(graph.levels, level);
  const leftOut = node.consumers.filter((index) => plan?.skippedBy[index] || plan?.replacedBy[index]);
  if (leftOut.length > 0) {
    const that = leftOut.length === 1 ? 'that' : 'those';
    return `only ${leftOut.map(nameOf).join(' and ')} would need it, and level ${level} leaves ${that} out`;
  }
  const adopters = graph.adopters[node.index]!;
  if (adopters.length > 0 && node.consumers.every((index) => state.is(index, 'idle'))) {
    return `it stands in for ${adopters.map(nameOf).join(' and ')}, which did not need it`;
  }
  const { consumers } = node;
  if (consumers.length === 0) return 'neither the output nor a node reads it';
  return `it is for ${consumers.map(nameOf).join(' and ')}, which ${consumers.length === 1 ? 'was' : 'were'} not needed`;
}

function whyEnded(run: Run, node: GraphNode, traced: NodeTrace, when: ExplainedCondition | undefined): string {
  const { marks, failure, cached, after } = traced;
  const leftOut = marks.find((mark) => / skipped$| node \S+$/.test(mark) && mark.startsWith('level '));
  if (leftOut !== undefined) return leftOut.endsWith(' skipped') ? `${leftOut.slice(0, -8)} skips it` : byMark(leftOut);
  switch (traced.end) {
    case 'skipped':
      if (when !== undefined) return `when ${when.expression} is not true`;
      return after === undefined ? 'it was skipped' : `what it needs was skipped: ${after}`;
    case 'failed':
      return `${failure!.code}: ${failure!.message}`;
    case 'cancelled':
      return run.outcome.how === 'failed' ? 'the run failed before it ended' : 'nobody needed it any more';
    case 'done':
      if (cached) return 'its value was in its cache';
      if (marks.length > 0) return marks.map(byMark).join('; ');
      return node.isValue ? 'worked out' : 'ran';
  }
}

function byMark(mark: string): string {
  const [how = '', ...rest] = mark.split(' ');
  const what = rest.join(' ');
  if (how === 'light') return `time was short: ${what} gave the value`;
  if (how === 'node') return `it failed: ${what} gave the value (fallback)`;
  if (how === 'stale') return 'it failed: an old value of its cache stands in (fallback)';
  if (how === 'value') return 'it failed: the value of its fallback stands in';
  const [level, kind, by] = rest;
  if (how === 'level' && kind === 'node') return `level ${level} put ${by} in its place`;
  if (how === 'level' && kind === 'input') return `ran with the input of level ${level}`;
  return `ran, ${mark}`;
}

function conditionOf(run: Run, node: GraphNode, parameters: FixedParameters | undefined): ExplainedCondition {
  const expression = node.definition.when!;
  const parsed = parseExpression(expression).expression;
  const reads = parsed === undefined ? [] : references(parsed).map((path) => readAt(run, path, parameters));
  try {
    return { expression, value: node.when!(run.values) as Data, failure: undefined, reads };
  } catch (reason) {
    return { expression, value: undefined, failure: reason instanceof Error ? reason.message : String(reason), reads };
  }
}

function readAt({ graph, values }: Run, path: readonly string[], parameters: FixedParameters | undefined): ReadValue {
  const [head = '', ...rest] = path;
  if (head === 'params' && parameters !== undefined && rest[0] !== undefined && parameters.names.includes(rest[0])) {
    return { path: path.join('.'), value: within(parameters.peek(rest[0]), rest.slice(1)) };
  }
  const value = head === 'request' ? values[requestSlot] : values[firstNodeSlot + graph.indexOf(head)];
  return { path: path.join('.'), value: within(value, rest) };
}

function within(value: unknown, path: readonly string[]): Data | undefined {
  let part = value;
  for (const key of path) {
    if (typeof part !== 'object' || part === null || !Object.hasOwn(part, key)) return undefined;
    part = (part as Readonly<Record<string, unknown>>)[key];
  }
  return part as Data | undefined;
}
