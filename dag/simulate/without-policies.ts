// variantsWithoutPolicies: a strategy without each of its policies, one at a time, so that one sees what each is worth.

import { type EditableKey, editableKeys, type Variant, withoutKey } from './what-if.ts';

/** An estimate is no policy but knowledge. */
const policyKeys = (Object.keys(editableKeys) as EditableKey[]).filter((key) => key !== 'estimate');

/** `without rank.hedge`, … in the order of nodes, and `without budget.total`. */
export function variantsWithoutPolicies(base: Variant): Variant[] {
  const { definition } = base;
  const ofNodes = definition.nodes.flatMap((node) => {
    const present = policyKeys.filter((key) => {
      const value = node[editableKeys[key]];
      return value !== undefined && !(Array.isArray(value) && value.length === 0);
    });
    return present.map((key) => {
      const nodes = definition.nodes.map((one) => (one === node ? withoutKey(node, key) : one));
      return { ...base, name: `without ${node.name}.${key}`, definition: { ...definition, nodes } };
    });
  });
  if (definition.budget.totalMs === Number.POSITIVE_INFINITY) return ofNodes;
  const budget = { ...definition.budget, totalMs: Number.POSITIVE_INFINITY };
  return [...ofNodes, { ...base, name: 'without budget.total', definition: { ...definition, budget } }];
}
