// describeWorld: a world as text that a person can follow, for the message of a property test that failed; what it must
// come to beside it.

import type { Fallback, Join, NodeDefinition, Template } from '../../../../dag/definition.ts';
import type { Behaviour, ReferenceOutcome, World } from './world.ts';

export function describeWorld(world: World): string {
  const { definition, startMs, deadlineMs, level } = world;
  const { totalMs, reserveMs, retries, hedges } = definition.budget;
  return [
    `request ${JSON.stringify(world.request)}`,
    `level ${level}, start ${startMs} ms, deadline ${deadlineMs} ms`,
    `budget: total ${totalMs} ms, reserve ${reserveMs} ms, retries ${retries}, hedges ${hedges}`,
    ...definition.nodes.flatMap((node) => describeNode(world, node)),
    ...definition.degrade.levels.flatMap(({ level: number, skip, replace, input }) => [
      ...skip.map((node) => `level ${number}: skip ${node}`),
      ...replace.map(([node, by]) => `level ${number}: replace ${node} by ${by}`),
      ...input.map(([node, entries]) => `level ${number}: input of ${node}: ${describeTemplate(entries)}`),
    ]),
    `output ${describeTemplate(definition.output)} (needs ${definition.outputNeeds.join(', ')})`,
  ].join('\n');
}

export function describeOutcome(outcome: ReferenceOutcome): string {
  const { result, failure, endMs, nodes, values, path, marks } = outcome;
  return [
    failure === undefined ? `result ${JSON.stringify(result)}` : `failure ${failure.code} at ${failure.node}`,
    `after all ${endMs} ms, path ${path.join(' ')}`,
    ...marks.map((mark) => `mark ${mark}`),
    ...Object.entries(nodes).flatMap(([name, node]) => [
      `${name}: ${node.end ?? 'never demanded'} ${node.code ?? JSON.stringify(values[name]) ?? ''}` +
        ` demanded ${node.demandedMs}, start ${node.startMs}, end ${node.endMs}`,
      ...node.attempts.map(
        ({ startMs, endMs: attemptEndMs, item, hedge, code, input }) =>
          `  ${hedge ? 'hedge' : 'attempt'} ${item ?? ''} ${startMs} to ${attemptEndMs} ${code ?? ''} of ${JSON.stringify(input)}`,
      ),
    ]),
  ].join('\n');
}

function describeNode(world: World, node: NodeDefinition): string[] {
  const { name, work, input, hard, soft, join, when, foreach, timeoutMs, retry, hedge, cache, light, estimateMs } =
    node;
  const needs = [...hard, ...soft.map((other) => `${other}?`)];
  const parts = [
    work.kind === 'value' ? `value ${describeTemplate(work.value)}` : work.kind,
    input && `input ${describeTemplate(input)}`,
    needs.length > 0 && `needs ${needs.join(' ')}`,
    join.kind !== 'all' && `join ${describeJoin(join)}`,
    when !== undefined && `when ${when}`,
    foreach && `foreach ${JSON.stringify(foreach)}`,
    timeoutMs !== undefined && `timeout ${timeoutMs}`,
    retry && `retry ${JSON.stringify(retry)}`,
    hedge && `hedge ${JSON.stringify(hedge)}`,
    world.idempotent[name] && 'idempotent',
    cache && `cache ${cache.key}`,
    world.staleValues[name] !== undefined && `stale ${JSON.stringify(world.staleValues[name])}`,
    world.openBreakers.includes(name) && 'breaker open',
    node.fallback.length > 0 && `fallback ${node.fallback.map(describeFallback).join(', ')}`,
    light !== undefined && `light ${light}`,
    estimateMs !== undefined && `estimate ${estimateMs}`,
  ];
  const rows = work.kind === 'value' ? [] : (world.behaviours[name] ?? []);
  return [
    `${name}: ${parts.filter((part) => typeof part === 'string').join('; ')}`,
    ...rows.map((row) => `  does ${row.map(describeBehaviour).join(', then ')}`),
  ];
}

function describeJoin(join: Join): string {
  return join.kind === 'quorum' ? `quorum ${join.count}` : join.kind;
}

function describeFallback(fallback: Fallback): string {
  if (fallback.kind === 'stale') return 'stale';
  return fallback.kind === 'node' ? `node ${fallback.node}` : `value ${describeTemplate(fallback.value)}`;
}

function describeBehaviour({ delayMs, code, value }: Behaviour): string {
  return `${delayMs} ms ${code ?? JSON.stringify(value ?? null)}`;
}

function describeTemplate(template: Template): string {
  switch (template.kind) {
    case 'expression':
      return template.text;
    case 'constant':
      return String(template.value);
    case 'list':
      return `[${template.items.map(describeTemplate).join(', ')}]`;
    case 'map':
      return `{ ${template.entries.map(([key, value]) => `${key}: ${describeTemplate(value)}`).join(', ')} }`;
  }
}
