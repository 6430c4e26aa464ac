// The memory worlds as the command hunts in them: a seed draws a scenario and runs schedule after schedule of it.

import { seededRandom } from '../../runtime/clock.ts';
import { MemoryPool } from '../memory/memory-pool.ts';
import { drawEndpoint, drawQueue, type Scenario, smaller, worldsOf } from '../memory/scenario.ts';
import { stuckAfterMsDefault, watchdog } from '../sim/watchdog/watchdog.ts';
import { exploreRandomly, type RandomExploration } from '../steps/explorer.ts';
import { lawOf, shrinkSchedule } from '../steps/shrink.ts';
import type { SteppingModules } from '../steps/steps.ts';
import type { Finding } from '../steps/world.ts';
import { type Failure, type HuntedWorld, pause, type SeedResult } from './hunted-world.ts';

/** Of all schedules of a seed together. */
const stepsPerSeed = 20_000;
/** Of one smaller scenario, and of all of them. */
const stepsPerShrink = 40_000;
const stepsToShrink = 1_200_000;
/** Schedules that are tried for the shortest one. */
const schedulesToShrink = 1_500;

export interface MemoryHuntOptions {
  modules: SteppingModules;
  /** Set in every scenario: what a mutant of main does, whose side is in the worlds. */
  forced?: object | undefined;
}

export class MemoryHunt implements HuntedWorld {
  readonly name: 'queue' | 'endpoint';
  readonly #options: MemoryHuntOptions;
  readonly #pool = new MemoryPool();
  /** Schedules of the last failure, to be made shorter. */
  #last: { scenario: Scenario; finding: Finding } | undefined;

  constructor(name: 'queue' | 'endpoint', options: MemoryHuntOptions) {
    this.name = name;
    this.#options = options;
  }

  run(seed: number, options: Parameters<HuntedWorld['run']>[1] = {}): Promise<SeedResult> {
    const { onLine } = options;
    const scenario = options.scenario === undefined ? this.#draw(seed) : (options.scenario as Scenario);
    onLine?.(`seed ${seed} of ${this.name}: ${JSON.stringify(scenario)}`);
    const tell = (trace: string[]): void => {
      for (const [step, line] of trace.entries()) onLine!(step === 0 ? `- ${line}` : `  ${line}`);
    };
    const explored = this.#explore(scenario, seed, stepsPerSeed, onLine === undefined ? undefined : tell);
    const { steps, deaths, requests, finding } = explored;
    if (finding === undefined) return Promise.resolve({ steps, deaths, requests, failure: undefined });
    this.#last = { scenario, finding };
    return Promise.resolve({ steps, deaths, requests, failure: this.#failure(seed, scenario, finding) });
  }

  async shrink(failure: Failure, signal: AbortSignal): Promise<Failure> {
    const last = this.#last;
    if (last === undefined || last.scenario !== failure.scenario) return failure;
    const law = lawOf(last.finding.message);
    let { scenario, finding } = last;
    let left = stepsToShrink;
    for (let improved = true; improved && left > 0; ) {
      improved = false;
      for (const one of smaller(scenario)) {
        if (!(await pause(signal))) left = 0;
        if (left <= 0) break;
        const { finding: found, steps } = this.#explore(one, failure.seed, Math.min(left, stepsPerShrink));
        left -= steps;
        if (found !== undefined && lawOf(found.message) === law) {
          scenario = one;
          finding = found;
          improved = true;
          break;
        }
      }
    }
    const goesOn = (): Promise<boolean> => pause(signal);
    const shortest = await shrinkSchedule(this.#worlds(scenario), finding, schedulesToShrink, goesOn);
    return this.#failure(failure.seed, scenario, shortest);
  }

  #draw(seed: number): Scenario {
    const random = seededRandom(seed);
    const scenario = this.name === 'queue' ? drawQueue(random) : drawEndpoint(random);
    const { forced } = this.#options;
    if (forced === undefined) return scenario;
    return { ...scenario, options: { ...scenario.options, ...forced } } as Scenario;
  }

  #explore(scenario: Scenario, seed: number, steps: number, onTrace?: (trace: string[]) => void): RandomExploration {
    const { deathChance, stallChance } = scenario;
    const options = { steps, deathChance, stallChance };
    // Another stream than the one that drew the scenario.
    const random = seededRandom(seed ^ 0x5eed5eed);
    const describe = (): string => `world ${this.name} has not come to its end: ${JSON.stringify(scenario)}`;
    watchdog.enter({ seed, describe }, stuckAfterMsDefault);
    watchdog.beat();
    try {
      return exploreRandomly(this.#worlds(scenario), random, onTrace === undefined ? options : { ...options, onTrace });
    } finally {
      watchdog.leave();
    }
  }

  #worlds(scenario: Scenario): ReturnType<typeof worldsOf> {
    return worldsOf(this.#options.modules, scenario, this.#pool);
  }

  #failure(seed: number, scenario: Scenario, { message, trace }: Finding): Failure {
    return { world: this.name, seed, law: message, scenario, trace };
  }
}
