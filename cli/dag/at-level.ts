// atLevel: a graph as it is at a level of degradation, for pictures: what the level skips is gone, what it replaces is its
// stand-in's value, and nothing is left that nobody demands. Pure.

import type { LevelDefinition, NodeDefinition, StrategyDefinition, Template } from '../../dag/definition.ts';
import { withEntries } from '../../dag/graph/level-plan.ts';

/** What holds of one node: the highest level that speaks of it. */
type Change = { how: 'skip' } | { how: 'replace'; by: string } | { how: 'input'; entries: Template & { kind: 'map' } };

/** Level 0, and one below all that are declared, is the whole graph. */
export function atLevel(definition: StrategyDefinition, level: number): StrategyDefinition {
  const held = definition.degrade.levels.filter((one) => one.level <= level);
  if (held.length === 0) return definition;
  const changes = changesOf(held);
  const skipped = skippedNodes(definition.nodes, changes);
  const nodes = definition.nodes
    .filter(({ name }) => !skipped.has(name))
    .map((node) => changed(node, changes, skipped));
  const demanded = demandedNodes(nodes, definition.outputNeeds);
  return {
    ...definition,
    nodes: nodes.filter(({ name }) => demanded.has(name)),
    outputNeeds: definition.outputNeeds.filter((name) => demanded.has(name)),
    degrade: { levels: [], signals: [], limits: [] },
  };
}

function changesOf(levels: readonly LevelDefinition[]): Map<string, Change> {
  const changes = new Map<string, Change>();
  for (const { skip, replace, input } of levels) {
    for (const name of skip) changes.set(name, { how: 'skip' });
    for (const [name, by] of replace) changes.set(name, { how: 'replace', by });
    for (const [name, entries] of input) changes.set(name, { how: 'input', entries });
  }
  return changes;
}

/** Those that the level skips, and those that are skipped since they need one of them. */
function skippedNodes(nodes: readonly NodeDefinition[], changes: ReadonlyMap<string, Change>): Set<string> {
  const skipped = new Set(nodes.map(({ name }) => name).filter((name) => changes.get(name)?.how === 'skip'));
  for (let before = -1; before < skipped.size; ) {
    before = skipped.size;
    for (const node of nodes) {
      const change = changes.get(node.name);
      if (change?.how === 'replace' ? skipped.has(change.by) : lacks(node, skipped)) skipped.add(node.name);
    }
  }
  return skipped;
}

function lacks({ hard, join }: NodeDefinition, skipped: ReadonlySet<string>): boolean {
  const left = hard.filter((name) => !skipped.has(name)).length;
  switch (join.kind) {
    case 'all':
      return left < hard.length;
    case 'none_failed':
      return false;
    case 'any':
      return left === 0;
    case 'quorum':
      return left < join.count;
  }
}

function changed(
  node: NodeDefinition,
  changes: ReadonlyMap<string, Change>,
  skipped: ReadonlySet<string>,
): NodeDefinition {
  const change = changes.get(node.name);
  const kept = (names: readonly string[]) => names.filter((name) => !skipped.has(name));
  if (change?.how === 'replace') {
    return {
      ...node,
      work: { kind: 'value', value: { kind: 'expression', text: change.by } },
      input: undefined,
      hard: [change.by],
      soft: [],
      join: { kind: 'all' },
      when: undefined,
      foreach: undefined,
      pool: undefined,
      timeoutMs: undefined,
      retry: undefined,
      hedge: undefined,
      cache: undefined,
      breaker: undefined,
      concurrency: undefined,
      light: undefined,
    };
  }
  const input = change?.how === 'input' ? withEntries(node.input, new Map(change.entries.entries)) : node.input;
  return { ...node, input, hard: kept(node.hard), soft: kept(node.soft) };
}

/** Stand-ins of nodes that are there are drawn with them. */
function demandedNodes(nodes: readonly NodeDefinition[], outputNeeds: readonly string[]): Set<string> {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const demanded = new Set<string>();
  const visit = (name: string): void => {
    const node = byName.get(name);
    if (node === undefined || demanded.has(name)) return;
    demanded.add(name);
    const fallbacks = node.fallback.flatMap((one) => (one.kind === 'node' ? [one.node] : []));
    for (const next of [...node.hard, ...node.soft, ...fallbacks, node.light ?? '']) visit(next);
  };
  for (const name of outputNeeds) visit(name);
  return demanded;
}
