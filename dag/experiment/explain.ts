// explainLayer: one layer's decision for one request as a person reads it. For `explain` commands and for tests.

import { slotCount, slotOf, unitCharsMax, unitText } from './bucket.ts';
import { type CompiledLayer, ownerOfSlot, type Reason, readUnit, reasonOf, rowOf } from './compiled-layer.ts';
import type { ParameterValue } from './definition.ts';
import { shown } from './problem-list.ts';

export interface LayerExplanation {
  readonly layer: string;
  /** The expression of the unit, and what it gave; undefined: no unit. */
  readonly unitExpression: string;
  readonly unit: string | undefined;
  readonly slot: number | undefined;
  /** Whose slot it is, or who allows the unit; undefined: nobody. */
  readonly experiment: string | undefined;
  /** Undefined: the defaults. */
  readonly variant: string | undefined;
  readonly reason: Reason;
  readonly sentence: string;
  readonly exposed: boolean;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
}

export function explainLayer<Values>(
  layer: CompiledLayer<Values>,
  values: Values,
  decision: number,
  exposed: boolean,
): LayerExplanation {
  const reason = reasonOf(decision);
  const row = rowOf(decision);
  const unit = readUnit(layer, values);
  const slot = unit === undefined ? undefined : slotOf(unit, layer.slotSeed);
  const owner = row > 0 ? layer.rowExperiments[row]! : slot === undefined ? -1 : ownerOfSlot(layer, slot);
  const experiment = owner < 0 ? undefined : layer.experiments[owner]!;
  const variant = row > 0 ? layer.rowVariants[row]! : undefined;
  const width = layer.parameters.length;
  const subject = `slot ${slot} of ${slotCount}`;
  const sentences: Record<Reason, () => string> = {
    'no-experiment': () => 'the layer has no running experiment',
    'no-unit': () =>
      `${layer.unitExpression} gave no unit: neither a text of 1 to ${unitCharsMax} characters nor a whole number`,
    'unit-failed': () => `${layer.unitExpression} failed: ${failureText(layer, values, decision)}`,
    'free-slot': () => `${subject} belongs to no experiment`,
    draft: () => `${subject} is held by '${experiment?.name}', which is a draft`,
    denied: () => `${subject} belongs to '${experiment?.name}', which denies ${shown(unit)}`,
    condition: () => `${subject} belongs to '${experiment?.name}', whose condition is not true`,
    'condition-failed': () =>
      `${subject} belongs to '${experiment?.name}', whose condition failed: ${failureText(layer, values, decision)}`,
    'sampled-out': () =>
      `${subject} belongs to '${experiment?.name}', which takes only ${experiment?.sampler} of its units`,
    assigned: () => `${subject} belongs to '${experiment?.name}'; its split gives '${variant}'`,
    allowed: () => `'${experiment?.name}' allows ${shown(unit)} the variant '${variant}'`,
  };
  return {
    layer: layer.name,
    unitExpression: layer.unitExpression,
    unit,
    slot,
    experiment: experiment?.name,
    variant,
    reason,
    sentence: sentences[reason](),
    exposed,
    parameters: Object.fromEntries(layer.parameters.map((name, column) => [name, layer.cells[row * width + column]!])),
  };
}

/** What the unit's expression or the condition threw: they are pure, so they throw it again. */
export function failureText<Values>(layer: CompiledLayer<Values>, values: Values, decision: number): string {
  try {
    const unit = unitText(layer.readUnit(values));
    if (reasonOf(decision) === 'condition-failed' && unit !== undefined) {
      layer.experiments[ownerOfSlot(layer, slotOf(unit, layer.slotSeed))]?.condition?.(values);
    }
    return 'it does not fail again';
  } catch (reason) {
    return reason instanceof Error ? reason.message : String(reason);
  }
}
