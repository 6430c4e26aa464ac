// Slot ranges: sets of slots as half-open ranges [from, to). Exact counts for what a new version gains and loses. At
// compile time and in tools only.

import { slotCount } from './bucket.ts';

/** Slots `from` up to, not including, `to`. */
export type SlotRange = readonly [from: number, to: number];

/** Whether this is a range of a layer's slots, with at least one in it. */
export function isSlotRange([from, to]: SlotRange): boolean {
  return Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from < to && to <= slotCount;
}

/** Sorted, neighbours joined, empty ones left out. */
export function joinRanges(ranges: readonly SlotRange[]): SlotRange[] {
  const sorted = ranges.filter(([from, to]) => from < to).sort((left, right) => left[0] - right[0]);
  const joined: [number, number][] = [];
  for (const [from, to] of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

/** How many slots. Of joined ranges. */
export function countSlots(ranges: readonly SlotRange[]): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from, 0);
}

/** The slots that are in both. Of joined ranges. */
export function sharedRanges(left: readonly SlotRange[], right: readonly SlotRange[]): SlotRange[] {
  const shared: SlotRange[] = [];
  for (let one = 0, other = 0; one < left.length && other < right.length; ) {
    const from = Math.max(left[one]![0], right[other]![0]);
    const to = Math.min(left[one]![1], right[other]![1]);
    if (from < to) shared.push([from, to]);
    if (left[one]![1] < right[other]![1]) one++;
    else other++;
  }
  return shared;
}

/** The slots of `left` that `right` lacks. Of joined ranges. */
export function missingRanges(left: readonly SlotRange[], right: readonly SlotRange[]): SlotRange[] {
  const missing: SlotRange[] = [];
  for (const [start, end] of left) {
    let from = start;
    for (const [taken, until] of sharedRanges([[start, end]], right)) {
      if (from < taken) missing.push([from, taken]);
      from = until;
    }
    if (from < end) missing.push([from, end]);
  }
  return missing;
}

/** `[0, 25000), [50000, 75000)`; at most four, then how many more. */
export function rangesText(ranges: readonly SlotRange[]): string {
  const shown = ranges.slice(0, 4).map(([from, to]) => `[${from}, ${to})`);
  return ranges.length > 4 ? `${shown.join(', ')} and ${ranges.length - 4} more` : shown.join(', ');
}
