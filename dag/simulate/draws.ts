// Draws: chance for simulations, each number by what it is for and not by how many were drawn before it: run, node,
// attempt and item. So a policy that is added or taken away shifts no other draw, and two variants of a strategy meet
// the same slow calls and the same failures (common random numbers).

import { murmur3 } from '../../runtime/murmur3.ts';
import { finish, mix } from '../../runtime/murmur3-steps.ts';

export type Purpose = 'latency' | 'failure' | 'cached' | 'stale' | 'arrival' | 'scenario' | 'pause';

const numberOf: Readonly<Record<Purpose, number>> = {
  latency: 1,
  failure: 2,
  cached: 3,
  stale: 4,
  arrival: 5,
  scenario: 6,
  pause: 7,
};

/** Of the numbers that one is made of: 5 of 4 bytes. */
const bytes = 20;

export class Draws {
  readonly #seed: number;
  readonly #nodes = new Map<string, number>();

  constructor(seed: number) {
    this.#seed = seed >>> 0;
  }

  /** A number between 0 and 1, both excluded. `node`: '' for the run itself. */
  share(purpose: Purpose, run: number, node: string, attempt = 0, item = -1): number {
    let hash = mix(this.#seed, numberOf[purpose]);
    hash = mix(hash, run);
    hash = mix(hash, this.#hashOf(node));
    hash = mix(hash, attempt);
    hash = mix(hash, item);
    return ((finish(hash, bytes) >>> 0) + 0.5) / 4294967296;
  }

  /** By its name, so that a node which is moved or gets new neighbours keeps its draws. */
  #hashOf(node: string): number {
    let hash = this.#nodes.get(node);
    if (hash === undefined) {
      hash = murmur3(node, 0);
      this.#nodes.set(node, hash);
    }
    return hash;
  }
}
