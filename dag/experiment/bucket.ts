// Bucketing: from a diversion unit (a user, a device, a request) to a slot. docs/experiments.md is the specification,
// docs/experiments-vectors.json its test vectors; both are promises, since a changed bit here deals all units anew in
// every running experiment. Pure, on the thread of the fiber.

import { murmur3 } from '../../runtime/murmur3.ts';

/** Slots of a layer, points of a split, parts of a percentage: 1 is 0.0001%. */
export const slotCount = 1_000_000;

/** Longest unit, UTF-16 units: it comes from clients, and is hashed once or twice for each layer. */
export const unitCharsMax = 1024;

/** What a hash decides. Each has a seed of its own, so that none of them says anything about another. */
export type Purpose = 'slot' | 'variant' | 'sampler';

const purposeSeeds: Record<Purpose, number> = { slot: 1, variant: 2, sampler: 3 };

/** The seed (uint32) that a salt gives for a purpose: made once per version, not per request. */
export function seedOf(purpose: Purpose, salt: string): number {
  return murmur3(salt, purposeSeeds[purpose]);
}

/** What seeds the split into variants and the sampler of an experiment: unique, since names hold no slash. */
export function experimentSalt(layerSalt: string, experiment: string): string {
  return `${layerSalt}/${experiment}`;
}

/**
 * The slot of a unit, 0..999,999: the hash times a million, divided by 2^32, rounded down (multiply-high). Every slot
 * gets 4,294 or 4,295 of the 2^32 hashes. The product stays below 2^53, so doubles compute it exactly.
 */
export function slotOf(unit: string, seed: number): number {
  return Math.floor((murmur3(unit, seed) * slotCount) / 4294967296);
}

/**
 * The unit as it is hashed, or undefined when there is none: a string as it is, a whole number in decimal, so that 42
 * and "42" are one user. Nothing else counts, nor does an empty or overlong text: units that share one text would all
 * land in one slot, and one anonymous crowd would be a variant.
 */
export function unitText(value: unknown): string | undefined {
  if (typeof value === 'string') return value.length > 0 && value.length <= unitCharsMax ? value : undefined;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined;
  if (typeof value !== 'bigint') return undefined;
  const text = String(value);
  return text.length <= unitCharsMax ? text : undefined;
}

/** `weight: 33.3333` as points of a million, or undefined when it is no percentage with at most four decimals. */
export function pointsOf(percent: unknown): number | undefined {
  if (typeof percent !== 'number' || !(percent >= 0 && percent <= 100)) return undefined;
  const points = Math.round(percent * 10_000);
  return Math.abs(points - percent * 10_000) < 1e-6 ? points : undefined;
}

/** Points of a million as people read them: `2.5%`. */
export function percentText(points: number): string {
  return `${Number((points / 10_000).toFixed(4))}%`;
}
