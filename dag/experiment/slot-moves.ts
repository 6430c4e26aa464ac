// slotMoves: which slots change hands between two versions of a layer, counted exactly.

import type { LayerDefinition } from './definition.ts';
import { countSlots, joinRanges, missingRanges, type SlotRange, sharedRanges } from './slot-ranges.ts';

/** Slots that go from one experiment to another; undefined: free before, free after. */
export interface SlotMove {
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly slots: number;
}

/** Of layers that deal their units alike. A layer that is not there holds nothing. */
export function slotMoves<Values>(
  before: LayerDefinition<Values> | undefined,
  after: LayerDefinition<Values> | undefined,
): SlotMove[] {
  const moves: SlotMove[] = [];
  const held = { before: heldSlots(before), after: heldSlots(after) };
  const taken = { before: takenSlots(before), after: takenSlots(after) };
  const add = (from: string | undefined, to: string | undefined, ranges: readonly SlotRange[]) => {
    const slots = countSlots(ranges);
    if (slots > 0) moves.push({ from, to, slots });
  };
  for (const [from, ranges] of held.before) {
    for (const [to, others] of held.after) if (from !== to) add(from, to, sharedRanges(ranges, others));
    add(from, undefined, missingRanges(ranges, taken.after));
  }
  for (const [to, ranges] of held.after) add(undefined, to, missingRanges(ranges, taken.before));
  return moves;
}

/** All slots that experiments of the layer hold, joined. */
export function takenSlots<Values>(layer: LayerDefinition<Values> | undefined): SlotRange[] {
  return joinRanges(heldSlots(layer).flatMap(([, ranges]) => ranges));
}

function heldSlots<Values>(layer: LayerDefinition<Values> | undefined): [string, SlotRange[]][] {
  const holding = (layer?.experiments ?? []).filter(({ state }) => state !== 'stopped');
  return holding.map(({ name, slots }) => [name, joinRanges(slots)]);
}
