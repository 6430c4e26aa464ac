// Edges: which nodes a node waits for, from the names in its expressions and from what is written under `needs`.

import type { LevelDefinition, NodeDefinition } from '../../definition.ts';
import { variablesOf, variablesOfTemplate } from './template.ts';

/** `users?`: the name, and that it may lack. */
export interface Need {
  readonly node: string;
  readonly soft: boolean;
}

export function needOf(written: string): Need {
  return { node: written.replace(/\?$/, ''), soft: written.endsWith('?') };
}

/** A node that does not know yet what it waits for. */
export type EdgelessNode = Omit<NodeDefinition, 'hard' | 'soft'>;

/**
 * `node` with its edges, in the order of `names`; names of no node make none. Names that only its fallbacks read are
 * soft: it can do without what only a failure asks for.
 */
export function withEdges(
  node: EdgelessNode,
  needs: readonly Need[],
  levels: readonly LevelDefinition[],
  names: readonly string[],
): NodeDefinition {
  const { work, input, when, foreach, cache, fallback } = node;
  const changed = levels.flatMap((level) => level.input).filter(([changes]) => changes === node.name);
  const read = [
    ...variablesOfTemplate(work.kind === 'value' ? work.value : input),
    ...variablesOf(when),
    ...variablesOf(foreach?.in),
    ...variablesOf(cache?.key),
    ...changed.flatMap(([, entries]) => variablesOfTemplate(entries)),
  ];
  const inFallbacks = fallback.flatMap((one) => (one.kind === 'value' ? variablesOfTemplate(one.value) : []));
  const softened = new Set(needs.filter((need) => need.soft).map((need) => need.node));
  const wanted = new Set([...read, ...needs.map((need) => need.node)]);
  for (const name of softened) wanted.delete(name);
  // A foreach's variable hides whatever has its name.
  const isFree = (name: string) => name !== foreach?.as;
  const hard = names.filter((name) => wanted.has(name) && isFree(name));
  const optional = new Set([...softened, ...inFallbacks.filter(isFree)]);
  const soft = names.filter((name) => optional.has(name) && !hard.includes(name));
  return { ...node, hard, soft };
}
