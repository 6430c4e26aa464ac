// levelsOf: the levels of degradation of a random world, for sketchOf.

import { type Draft, nameOf } from './random-draft.ts';
import type { LevelSketch } from './sketch.ts';

/** What the levels change; a level that would take away an output for sure skips less. */
export function levelsOf(drafts: readonly Draft[], outputs: readonly Draft[]): Readonly<Record<number, LevelSketch>> {
  const skipped = new Set<number>();
  for (const { place, choice } of drafts) {
    const isStandIn = drafts.some(({ standIns }) => standIns.replace === place);
    if (choice.change?.kind !== 'skip' || isStandIn) continue;
    skipped.add(place);
    if (outputs.some((output) => surelyGone(drafts, skipped).has(output.place))) skipped.delete(place);
  }
  const levels: Record<number, LevelSketch> = {};
  for (const level of [1, 2, 3]) {
    const here = drafts.filter(({ choice }) => choice.change?.level === level);
    const replaced = here.filter(({ standIns }) => standIns.replace !== undefined);
    const inputs = here.filter(({ choice }) => choice.change?.kind === 'input' && choice.kind !== 'value');
    levels[level] = {
      skip: here.filter(({ place }) => skipped.has(place)).map(({ place }) => nameOf(place)),
      replace: Object.fromEntries(replaced.map(({ place, standIns }) => [nameOf(place), nameOf(standIns.replace!)])),
      input: Object.fromEntries(inputs.map(({ place, choice }) => [nameOf(place), { k: choice.position + 100 }])),
    };
  }
  return levels;
}

/** Nodes that can't be done once these are skipped, whatever else happens. */
function surelyGone(drafts: readonly Draft[], skipped: ReadonlySet<number>): ReadonlySet<number> {
  const gone = new Set(skipped);
  for (const { place, choice, hard, standIns } of drafts) {
    const left = hard.filter((other) => !gone.has(other)).length;
    const needed = {
      all: hard.length,
      none_failed: 0,
      any: Math.min(1, hard.length),
      quorum: Math.min(2, hard.length),
    };
    const replaced = standIns.replace !== undefined && choice.fallback.length === 0 && gone.has(standIns.replace);
    if (left < needed[choice.join] || replaced) gone.add(place);
  }
  return gone;
}
