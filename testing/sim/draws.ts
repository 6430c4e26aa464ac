// Draws: what is drawn from one seed. Each part of a run draws from a stream of its own, so that a change in how often one
// asks moves no other.

import { type Random, seededRandom } from '../../runtime/clock.ts';

export class Draws {
  readonly random: Random;

  /** `stream`: what it is for. */
  constructor(seed: number, stream: string) {
    let state = seed | 0;
    for (let at = 0; at < stream.length; at++) state = Math.imul(state ^ stream.charCodeAt(at), 0x01000193);
    this.random = seededRandom(state ^ (state >>> 13));
    // The first numbers of neighbouring seeds are alike.
    this.random();
  }

  chance(share: number): boolean {
    return share > 0 && this.random() < share;
  }

  /** 0 to `count` - 1. */
  below(count: number): number {
    return Math.floor(this.random() * count);
  }

  /** Whole numbers, both ends included. */
  between(min: number, max: number): number {
    return min + this.below(max - min + 1);
  }

  /** In [min, max). */
  within(min: number, max: number): number {
    return min + this.random() * (max - min);
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }

  /** A wait of this mean until something that may happen at any time: exponential. */
  wait(mean: number): number {
    return -Math.log(1 - this.random()) * mean;
  }
}
