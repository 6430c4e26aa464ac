// LevelPlan: what one level of degradation does to each node, levels below it included. Looked at once for each node
// that a run demands, so it is arrays by index.

import type { DegradeDefinition, Template } from '../definition.ts';
import type { Evaluate } from '../expression/compile.ts';

export interface LevelPlan {
  readonly level: number;
  /** By node: the level that skips it; 0: none does. */
  readonly skippedBy: readonly number[];
  /** By node: the level that replaces it, and the node that takes its place; 0 and -1: none. */
  readonly replacedBy: readonly number[];
  readonly replacement: readonly number[];
  /** By node: the level that changes its input, 0: none, and the whole changed input. */
  readonly changedBy: readonly number[];
  readonly input: readonly (Evaluate | undefined)[];
}

/** One node's entry while the levels are gone through. */
interface Step {
  skippedBy: number;
  replacedBy: number;
  replacement: number;
  changedBy: number;
  entries: Map<string, Template>;
}

/**
 * A plan for each level from 0 to the highest, and beyond it the highest's; undefined: no node is touched. `compileInput` compiles a node's changed
 * input.
 */
export function planLevels(
  degrade: DegradeDefinition,
  nodes: readonly { name: string; input: Template | undefined }[],
  compileInput: (node: number, input: Template) => Evaluate,
): (LevelPlan | undefined)[] {
  const indexOf = new Map(nodes.map(({ name }, index) => [name, index]));
  const steps: Step[] = nodes.map(untouched);
  const plans: (LevelPlan | undefined)[] = [undefined];
  for (const { level, skip, replace, input } of degrade.levels) {
    // Between two declared levels the lower one holds.
    while (plans.length < level) plans.push(plans.at(-1));
    for (const name of skip) Object.assign(steps[indexOf.get(name)!]!, untouched(), { skippedBy: level });
    for (const [name, by] of replace) {
      const replacement = indexOf.get(by)!;
      Object.assign(steps[indexOf.get(name)!]!, untouched(), { replacedBy: level, replacement });
    }
    for (const [name, { entries }] of input) {
      Object.assign(steps[indexOf.get(name)!]!, untouched(), { changedBy: level, entries: new Map(entries) });
    }
    plans.push({
      level,
      skippedBy: steps.map((step) => step.skippedBy),
      replacedBy: steps.map((step) => step.replacedBy),
      replacement: steps.map((step) => step.replacement),
      changedBy: steps.map((step) => step.changedBy),
      input: steps.map((step, node) =>
        step.changedBy === 0 ? undefined : compileInput(node, withEntries(nodes[node]!.input, step.entries)),
      ),
    });
  }
  return plans;
}

/** What a level says of a node takes the place of all that lower ones say of it. */
function untouched(): Step {
  return { skippedBy: 0, replacedBy: 0, replacement: -1, changedBy: 0, entries: new Map() };
}

/** The plan of a level that may be higher than any that is declared. */
export function planOf(plans: readonly (LevelPlan | undefined)[], level: number): LevelPlan | undefined {
  return plans[Math.min(level, plans.length - 1)];
}

/** An input with the entries of a level in the place of its own. */
export function withEntries(input: Template | undefined, changed: ReadonlyMap<string, Template>): Template {
  const entries = new Map(input?.kind === 'map' ? input.entries : []);
  for (const [key, value] of changed) entries.set(key, value);
  return { kind: 'map', entries: [...entries] };
}
