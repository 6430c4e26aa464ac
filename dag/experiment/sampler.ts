// Sampler: lets through a steady percentage of units. Experiments thin out their slots with it, and strategies sample
// nodes, logs and shadow traffic. The same unit is always in or always out, and whoever is in at 5% is in at 10%.

import { HeddleError } from '../../runtime/errors.ts';
import { percentText, pointsOf, seedOf, slotCount, slotOf, unitText } from './bucket.ts';

/** A percentage of units, picked by hash. Immutable; one per version and place. */
export class Sampler {
  readonly #seed: number;
  readonly #points: number;

  /** `percent`: 0..100 with at most four decimals. Samplers of one salt pick the same units; give each its own. */
  constructor(salt: string, percent: number) {
    const points = pointsOf(percent);
    if (points === undefined || salt === '') {
      throw new HeddleError(
        'INVALID_ARGUMENT',
        `a sampler takes a salt and a percentage from 0 to 100 with at most four decimals, not '${salt}' and ${percent}`,
      );
    }
    this.#seed = seedOf('sampler', salt);
    this.#points = points;
  }

  /** Whether this unit (a string or a whole number) is in. Something that is no unit is in only at 100%. */
  takes(unit: unknown): boolean {
    if (this.#points === slotCount) return true;
    if (this.#points === 0) return false;
    const text = unitText(unit);
    return text !== undefined && this.takesText(text);
  }

  /** The same for a unit that `unitText` gave. */
  takesText(unit: string): boolean {
    return slotOf(unit, this.#seed) < this.#points;
  }

  toString(): string {
    return percentText(this.#points);
  }
}
