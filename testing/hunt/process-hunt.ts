// The process world as the command hunts in it: the whole process under one seeded scheduler.

import { SimFailure } from '../sim/failure.ts';
import { SourceModules } from '../sim/modules.ts';
import { runSeed, type SimResult } from '../sim/process/run-seed.ts';
import { drawScenario, type Scenario } from '../sim/process/scenario.ts';
import type { Edit } from '../steps/steps.ts';
import { type Failure, type HuntedWorld, pause, type SeedResult } from './hunted-world.ts';

const root = new URL('../../', import.meta.url);
/** Lines of a failure's trace. */
const traceLines = 2_000;
/** Runs that are tried for a smaller scenario. */
const triesToShrink = 60;

export class ProcessHunt implements HuntedWorld {
  readonly name = 'process';
  readonly #edits: readonly Edit[];

  /** Throws when an edit does not fit its file, or leaves what is no module. */
  constructor(edits: readonly Edit[]) {
    this.#edits = edits;
    const sources = new SourceModules(edits);
    for (const { file } of edits) sources.source(new URL(file, root).href);
  }

  async run(seed: number, options: Parameters<HuntedWorld['run']>[1] = {}): Promise<SeedResult> {
    const { onLine } = options;
    const scenario = options.scenario === undefined ? drawScenario(seed) : (options.scenario as Scenario);
    onLine?.(`seed ${seed} of process: ${JSON.stringify(scenario)}`);
    const ran = await this.#try(seed, scenario, onLine);
    // What a run that failed came to is not told.
    if (ran instanceof SimFailure) return { steps: ran.step, deaths: 0, requests: 0, failure: failureOf(ran) };
    return { steps: ran.steps + ran.operations, deaths: ran.deaths, requests: ran.requests, failure: undefined };
  }

  async shrink(failure: Failure, signal: AbortSignal): Promise<Failure> {
    const law = failure.law.split(':', 1)[0];
    let best = failure;
    let tries = triesToShrink;
    for (let improved = true; improved && tries > 0; ) {
      improved = false;
      for (const scenario of smaller(best.scenario as Scenario)) {
        if (tries-- <= 0 || !(await pause(signal))) return best;
        const ran = await this.#try(failure.seed, scenario);
        if (!(ran instanceof SimFailure) || ran.law !== law) continue;
        best = failureOf(ran);
        improved = true;
        break;
      }
    }
    return best;
  }

  async #try(seed: number, scenario: Scenario, onLine?: (line: string) => void): Promise<SimResult | SimFailure> {
    try {
      return await runSeed(seed, { edits: this.#edits, scenario, onLine, traceLines });
    } catch (reason) {
      if (reason instanceof SimFailure) return reason;
      throw reason;
    }
  }
}

function failureOf({ seed, law, sentence, scenario, trace }: SimFailure): Failure {
  return { world: 'process', seed, law: `${law}: ${sentence}`, scenario, trace };
}

/** What each number can become at least, in the order in which it is tried. */
const least = {
  clients: 0,
  requests: 1,
  operationsPerStop: 0,
  ioThreads: 1,
  cancels: 0,
  deadlines: 0,
  batchMax: 1,
  callsPerClient: 1,
} as const;
const leastActs = { depthMax: 0, lengthMax: 1, foreign: 0, stalls: 0, exits: 0 } as const;

function* smaller(scenario: Scenario): Generator<Scenario> {
  const { faults, pools, acts } = scenario;
  if (faults.length > 1) {
    yield { ...scenario, faults: [] };
    yield { ...scenario, faults: faults.slice(0, faults.length >> 1) };
    yield { ...scenario, faults: faults.slice(faults.length >> 1) };
  }
  for (const [key, min] of Object.entries(least)) {
    const value = scenario[key as keyof typeof least];
    if (value <= min) continue;
    yield { ...scenario, [key]: min };
    if (value >> 1 > min) yield { ...scenario, [key]: value >> 1 };
  }
  for (let at = 0; at < faults.length; at++) yield { ...scenario, faults: faults.toSpliced(at, 1) };
  for (const [at, pool] of pools.entries()) {
    if (pool.threads > 1) yield { ...scenario, pools: pools.with(at, { ...pool, threads: 1 }) };
  }
  for (const [key, min] of Object.entries(leastActs)) {
    if (acts[key as keyof typeof leastActs] > min) yield { ...scenario, acts: { ...acts, [key]: min } };
  }
  if (scenario.stopAtMs !== undefined) yield { ...scenario, stopAtMs: undefined };
}
