// buildDegraders and buildSamplers: what heddle.yaml says of them, as the threads are told.

import type { ProblemList } from '../document/problem.ts';
import { quote } from '../document/quote.ts';
import type { DegraderSettings, SamplerSettings } from '../runtime/gate-settings.ts';
import type { CheckedConfig } from './schema.ts';

/** A gap, when nobody says how long it is, ms. */
const gapMs = 1000;

/** Each has one of the two limits, and only the keys that belong to it. */
export function buildDegraders(written: CheckedConfig['degraders'], problems: ProblemList): DegraderSettings[] {
  const built: DegraderSettings[] = [];
  for (const [name, { value, name: place, isRefused }] of written) {
    const { count, every, perSecond, burst } = value;
    const hasTwo = count !== undefined && perSecond !== undefined;
    // What seems to be missing, or without what it belongs to, may be what was refused.
    if (isRefused && !hasTwo) continue;
    if (hasTwo || (count === undefined && perSecond === undefined)) {
      const which = hasTwo ? 'has two limits' : 'has no limit';
      problems.add(
        place,
        `degrader ${quote(name)} ${which}: give it either count (and every) or perSecond (and burst)`,
      );
      continue;
    }
    const stray = count === undefined ? every : burst;
    if (stray !== undefined) {
      const [key, other] = count === undefined ? ['every', 'count'] : ['burst', 'perSecond'];
      problems.add(stray.place, `${key} belongs to ${other}, which degrader ${quote(name)} does not have`);
      continue;
    }
    if (count !== undefined) {
      built.push({ name, count: count.value, gapMs: every?.value ?? gapMs });
    } else if (perSecond !== undefined) {
      built.push({ name, perSecond: perSecond.value, burst: burst?.value ?? Math.max(1, Math.ceil(perSecond.value)) });
    }
  }
  return built;
}

export function buildSamplers(written: CheckedConfig['samplers']): SamplerSettings[] {
  return [...written].map(([name, { value }]) => ({ name, percent: value.percent.value }));
}
