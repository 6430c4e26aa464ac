// What the checks know of the world around a set of strategies. Whatever is left out is not known, and not checked: a
// file can be checked alone in an editor, or with all modules loaded before it is published.

import type { ValueShape } from '../../runtime/value-shape.ts';
import type { LayerData, NodeDefinition, StrategyDefinition } from '../definition.ts';

/** What is known of the function or method that a node runs. */
export interface WorkShape {
  /** Of the input; with `foreach` of one item's. */
  readonly request?: ValueShape;
  readonly response?: ValueShape;
  /** Whether a second attempt does no harm. */
  readonly idempotent?: boolean;
  /** Why it can't be found, as a sentence: `./rank.ts exports no rnak`. */
  readonly problem?: string;
}

export interface Known {
  /** Names of pools. */
  readonly pools?: ReadonlySet<string>;
  /** Asked for nodes that run or call something; never for `value` and `strategy`. */
  readonly work?: (definition: StrategyDefinition, node: NodeDefinition) => WorkShape | undefined;
  /** Of the version that runs, by the name of the strategy: running experiments may only widen. */
  readonly previous?: ReadonlyMap<string, { readonly layers: readonly LayerData[] }>;
}

/** Values that one run may make by `foreach` within `foreach`. */
export const nestedItemsMax = 100_000;
