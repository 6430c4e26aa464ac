// The rules of dag/semantics.md that look at the definition and at ends alone, each a function without state: what a level
// says of a node, what a join decides, the tail of a node.

import type { Data, NodeDefinition, StrategyDefinition, Template } from '../../../../dag/definition.ts';
import type { ErrorCode } from '../../../../runtime/errors.ts';

export function nodeNamed(definition: StrategyDefinition, name: string): NodeDefinition {
  const found = definition.nodes.find((node) => node.name === name);
  if (found === undefined) throw new Error(`no node ${name} in ${definition.name}`);
  return found;
}

type Entries = Extract<Template, { kind: 'map' }>['entries'];

/** What the level of the run says of a node. */
export type Change =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'skip'; readonly level: number }
  | { readonly kind: 'replace'; readonly level: number; readonly by: string }
  | { readonly kind: 'input'; readonly level: number; readonly entries: Entries };

/** The highest level up to that of the run that speaks of the node has the say. */
export function changeOf(definition: StrategyDefinition, runLevel: number, name: string): Change {
  const downwards = definition.degrade.levels
    .filter(({ level }) => level <= runLevel)
    .toSorted((a, b) => b.level - a.level);
  for (const { level, skip, replace, input } of downwards) {
    if (skip.includes(name)) return { kind: 'skip', level };
    const replaced = replace.find(([node]) => node === name);
    if (replaced !== undefined) return { kind: 'replace', level, by: replaced[1] };
    const changed = input.find(([node]) => node === name);
    if (changed !== undefined) return { kind: 'input', level, entries: changed[1].entries };
  }
  return { kind: 'nothing' };
}

/** A map with some entries in the place of its own. */
export function withEntries(input: Template, entries: Entries): Template {
  const own = input.kind === 'map' ? input.entries : [];
  return {
    kind: 'map',
    entries: own.map(([key, value]) => entries.find(([other]) => other === key) ?? [key, value]),
  };
}

/** How a node ended. */
export type Ending =
  | { readonly end: 'done'; readonly value: Data }
  | { readonly end: 'failed'; readonly code: ErrorCode }
  | { readonly end: 'skipped' };

export type Decision = 'wait' | 'run' | Exclude<Ending, { end: 'done' }>;

/** `heard`: the endings that were heard of, in that order. */
export function decideJoin(node: NodeDefinition, heard: ReadonlyMap<string, Ending>): Decision {
  const hard = [...heard].filter(([name]) => node.hard.includes(name)).map(([, ending]) => ending);
  const done = hard.filter((ending) => ending.end === 'done');
  const bad = hard.filter((ending) => ending.end !== 'done');
  const failed = bad.filter((ending) => ending.end === 'failed');
  const allHardEnded = hard.length === node.hard.length;
  const softEnded = node.soft.every((name) => heard.has(name));
  if (node.hard.length + node.soft.length === 0) return 'run';
  switch (node.join.kind) {
    case 'all':
      if (bad[0] !== undefined) return bad[0];
      return allHardEnded && softEnded ? 'run' : 'wait';
    case 'none_failed':
      if (failed[0] !== undefined) return failed[0];
      return allHardEnded && softEnded ? 'run' : 'wait';
    case 'any':
    case 'quorum': {
      const needed = node.join.kind === 'quorum' ? node.join.count : 1;
      const possible = node.hard.length - bad.length;
      if (possible < needed) return failed.at(-1) ?? { end: 'skipped' };
      return done.length >= needed && softEnded ? 'run' : 'wait';
    }
  }
}

/** By node: the least time that the way from its end to the output takes. */
export function tailsMs(definition: StrategyDefinition): ReadonlyMap<string, number> {
  const tails = new Map<string, number>();
  const tailOf = (name: string): number => {
    const known = tails.get(name);
    if (known !== undefined) return known;
    const ways = definition.nodes.flatMap((other) => [
      ...(other.hard.includes(name) || other.soft.includes(name)
        ? [cheapMs(definition, other) + tailOf(other.name)]
        : []),
      ...(standInsOf(definition, other).includes(name) ? [tailOf(other.name)] : []),
    ]);
    const tail = Math.max(0, ...ways);
    tails.set(name, tail);
    return tail;
  };
  for (const { name } of definition.nodes) tailOf(name);
  return tails;
}

function cheapMs(definition: StrategyDefinition, node: NodeDefinition): number {
  if (node.work.kind === 'value' || node.fallback.some(({ kind }) => kind === 'value')) return 0;
  const lightest = node.light === undefined ? node : nodeNamed(definition, node.light);
  return lightest.work.kind === 'value' ? 0 : (lightest.estimateMs ?? 0);
}

/** The nodes that may give their value in the place of this one's, at whatever level. */
export function standInsOf(definition: StrategyDefinition, node: NodeDefinition): string[] {
  const light = node.light === undefined ? [] : [node.light];
  const fallbacks = node.fallback.flatMap((fallback) => (fallback.kind === 'node' ? [fallback.node] : []));
  const byLevels = definition.degrade.levels.flatMap(({ replace }) =>
    replace.filter(([replaced]) => replaced === node.name).map(([, by]) => by),
  );
  return [...light, ...fallbacks, ...byLevels];
}
