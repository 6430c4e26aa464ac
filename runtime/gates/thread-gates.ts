// ThreadGates: the degraders and samplers of heddle.yaml as one thread's fibers ask them: `fiber.degraded('light')`,
// `fiber.sampled('audit')`. Degraders count in shared memory, for the whole process; a reload replaces what has changed.

import type { Clock, Random } from '../clock.ts';
import { HeddleError } from '../errors.ts';
import type { FiberGates } from '../fiber/host.ts';
import type { SamplerSettings } from '../gate-settings.ts';
import type { LiveDegrader, LiveSettings } from '../live-settings.ts';
import { murmur3 } from '../murmur3.ts';
import { didYouMean } from '../nearest.ts';
import { CountLimit, RateLimit } from '../shared/process-limits.ts';

interface Limit {
  take(nowMs: number): boolean;
}

interface Sampler {
  readonly percent: number;
  /** Keeps the samplers of one key apart. */
  readonly seed: number;
}

export class ThreadGates implements FiberGates {
  readonly #clock: Clock;
  readonly #random: Random;
  /** Undefined: a reload took it out; code that still asks for it is not degraded. */
  readonly #degraders = new Map<string, Limit | undefined>();
  readonly #samplers = new Map<string, Sampler | undefined>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  update({ degraders, samplers }: LiveSettings): void {
    replaceAll(this.#degraders, degraders, limitOf);
    replaceAll(this.#samplers, samplers, samplerOf);
  }

  degraded(name: string): boolean {
    const limit = this.#degraders.get(name);
    if (limit !== undefined) return !limit.take(this.#clock.nowMs());
    if (!this.#degraders.has(name)) throw unknown('degrader', name, this.#degraders);
    return false;
  }

  sampled(name: string, key: string | undefined): boolean {
    const sampler = this.#samplers.get(name);
    if (sampler === undefined) {
      if (!this.#samplers.has(name)) throw unknown('sampler', name, this.#samplers);
      return false;
    }
    const share = key === undefined ? this.#random() : murmur3(key, sampler.seed) / 2 ** 32;
    return share * 100 < sampler.percent;
  }
}

function replaceAll<Settings extends { name: string }, Gate>(
  gates: Map<string, Gate | undefined>,
  settings: readonly Settings[],
  make: (settings: Settings) => Gate,
): void {
  const gone = new Set(gates.keys());
  for (const one of settings) {
    gates.set(one.name, make(one));
    gone.delete(one.name);
  }
  for (const name of gone) gates.set(name, undefined);
}

/** On the same cells it goes on counting where it was, whoever counted. */
function limitOf(settings: LiveDegrader): Limit {
  return 'count' in settings ? new CountLimit(settings.cells, 0, settings) : new RateLimit(settings.cells, 0, settings);
}

function samplerOf({ name, percent }: SamplerSettings): Sampler {
  return { percent, seed: murmur3(name, 0) };
}

function unknown(what: string, name: string, known: ReadonlyMap<string, unknown>): HeddleError {
  const names = [...known.keys()];
  const list = names.length === 0 ? `heddle.yaml has no ${what}s` : `heddle.yaml has ${names.join(', ')}`;
  return new HeddleError(
    'FAILED_PRECONDITION',
    `there is no ${what} ${JSON.stringify(name)}${didYouMean(name, names)}; ${list}`,
  );
}
