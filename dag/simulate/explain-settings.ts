// What holds for a run before it begins: parameters with who set them, and what the level changes. Pure.

import type { StrategyDefinition } from '../definition.ts';
import { templateText } from '../draw/describe.ts';
import type { ExplainedParameter } from './explanation.ts';
import type { FixedParameters } from './fixed-parameters.ts';

export function explainParameters(
  { layers }: StrategyDefinition,
  parameters: FixedParameters | undefined,
): ExplainedParameter[] {
  if (parameters === undefined) return [];
  const decided = new Map(parameters.assignment.explain().map((layer) => [layer.layer, layer]));
  return layers.flatMap((layer) =>
    layer.parameters.map(({ name, default: usual }) => {
      const value = parameters.peek(name);
      const { experiment, variant } = decided.get(layer.name)!;
      const isDefault = JSON.stringify(value) === JSON.stringify(usual);
      const byExperiment =
        variant === undefined || isDefault ? 'default' : `experiment ${experiment}, variant ${variant}`;
      return {
        name,
        value,
        layer: layer.name,
        setBy: parameters.isGiven(name) ? 'given' : byExperiment,
        isRead: parameters.wasRead(name),
      };
    }),
  );
}

/** Levels up to `level`; where two speak of one node, the higher. */
export function levelChanges({ degrade }: StrategyDefinition, level: number): string[] {
  const changes = new Map<string, string>();
  for (const { level: number, skip, replace, input } of degrade.levels) {
    if (number > level) continue;
    for (const node of skip) changes.set(node, `level ${number} skips ${node}`);
    for (const [node, by] of replace) changes.set(node, `level ${number} puts ${by} in the place of ${node}`);
    for (const [node, entries] of input) {
      changes.set(node, `level ${number} changes the input of ${node}: ${templateText(entries)}`);
    }
  }
  return [...changes.values()];
}
