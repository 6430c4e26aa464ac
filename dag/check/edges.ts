// Edges: where each node of a strategy leads to at a level of degradation, over what it waits for and over what may stand
// in for it; and what a level changes.

import type { StrategyDefinition } from '../definition.ts';
import type { Subject, Written } from './subject.ts';

export interface Edge {
  readonly to: string;
  /** How the first leads to the second: `needs`, `falls back to`. */
  readonly how: string;
  readonly at: () => Written;
}

/** Where each node leads to at a level: to what it waits for, and to what may stand in for it. */
export function edgesAt(subject: Subject, level: number): Map<string, Edge[]> {
  const { skipped, replaced } = changesAt(subject.definition, level);
  const edges = new Map<string, Edge[]>();
  for (const node of subject.definition.nodes) {
    const path = `nodes.${node.name}`;
    const out: Edge[] = [];
    edges.set(node.name, out);
    if (skipped.has(node.name)) continue;
    const by = replaced.get(node.name);
    if (by !== undefined) {
      const at = () => ({ path: `degrade.levels.${by.level}.replace.${node.name}` });
      out.push({ to: by.node, how: `is replaced at level ${by.level} by`, at });
    } else {
      for (const to of [...node.hard, ...node.soft]) {
        out.push({ to, how: 'needs', at: () => subject.dependencyAt(node.name, to) });
      }
      if (node.light !== undefined) {
        out.push({ to: node.light, how: 'has the light variant', at: () => ({ path: `${path}.light` }) });
      }
    }
    for (const [index, fallback] of node.fallback.entries()) {
      if (fallback.kind !== 'node') continue;
      out.push({ to: fallback.node, how: 'falls back to', at: () => ({ path: `${path}.fallback[${index}].node` }) });
    }
  }
  return edges;
}

export interface LevelChanges {
  readonly skipped: ReadonlyMap<string, number>;
  readonly replaced: ReadonlyMap<string, { readonly node: string; readonly level: number }>;
}

/** What a level does together with those below it, by node, with the level that says it. */
export function changesAt({ degrade }: StrategyDefinition, level: number): LevelChanges {
  const skipped = new Map<string, number>();
  const replaced = new Map<string, { node: string; level: number }>();
  for (const one of degrade.levels.filter((each) => each.level <= level)) {
    // Where two levels speak of one node, nothing of what the lower says of it holds.
    for (const name of [...one.skip, ...[...one.replace, ...one.input].map(([node]) => node)]) {
      skipped.delete(name);
      replaced.delete(name);
    }
    for (const name of one.skip) skipped.set(name, one.level);
    for (const [name, node] of one.replace) replaced.set(name, { node, level: one.level });
  }
  return { skipped, replaced };
}

/** All that is led to, the first ones included. */
export function reachable(from: readonly string[], next: (name: string) => readonly string[]): Set<string> {
  const seen = new Set(from);
  for (const name of seen) for (const to of next(name)) seen.add(to);
  return seen;
}
