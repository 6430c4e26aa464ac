// simulate: a strategy run thousands of times on a virtual clock, from what is known of its nodes' latencies and
// failures: how long requests take, what fails, what it costs, and what if. The executor is the real one, with all it
// learns: hedges wait for a hundred measured runs, budgets run dry, breakers open. Main thread, for the command line;
// pure: the same arguments give the same numbers.

import { HeddleError } from '../../runtime/errors.ts';
import type { StrategyDefinition } from '../definition.ts';
import { checkGiven } from './check-given.ts';
import { Draws } from './draws.ts';
import type { GivenParameters } from './fixed-parameters.ts';
import type { Idempotent } from './idempotent.ts';
import { nodeBehaviours, type SimulationModel, unknownNodes, withoutLatency } from './node-model.ts';
import { type SampleSources, Samples } from './samples.ts';
import { VariantRuns } from './simulate-variant.ts';
import type { SimulatedVariant, Simulation } from './simulation.ts';
import { type Variant, variantOf } from './what-if.ts';
import { variantsWithoutPolicies } from './without-policies.ts';

export interface SimulateOptions extends SampleSources {
  /** Counted runs of each variant, 1 to 1,000,000. 10,000. */
  readonly runs?: number;
  /** Runs before them that are not counted, in which hedges learn what is usual. 200. */
  readonly warmUpRuns?: number;
  /** Another seed, other draws; all variants have the same. 1. */
  readonly seed?: number;
  /** How often a run begins on the thread, at random times: what windows and concurrency limits go by. 100. */
  readonly runsPerSecond?: number;
  /** Level of degradation. 0. */
  readonly level?: number;
  /** Values of parameters. Default: the recorded ones where runs were recorded, else the layers' defaults. */
  readonly params?: GivenParameters;
  /** By node: false where it has no retries and hedges. Default: all are idempotent. */
  readonly idempotent?: Idempotent;
  /** Edits such as `rank.hedge=p95`, each one variant; several in one text, divided by spaces, go together. */
  readonly whatIf?: readonly string[];
  /** Also a variant without each policy that there is. false. */
  readonly withoutEachPolicy?: boolean;
}

/** Runs of one variant at most. */
export const simulatedRunsMax = 1_000_000;
/** Variants of one simulation at most. */
export const variantsMax = 200;
const defaultRuns = 10_000;
const defaultWarmUpRuns = 200;
const defaultRunsPerSecond = 100;

/**
 * `definition`: one that was checked. Throws INVALID_ARGUMENT with a sentence for options, parameters, models and edits
 * that can't be.
 */
export function simulate(
  definition: StrategyDefinition,
  model: SimulationModel,
  options: SimulateOptions = {},
): Simulation {
  const { seed = 1, level = 0, params = {} } = options;
  checkGiven(definition, { params });
  const runs = bounded('runs', options.runs ?? defaultRuns, 1, simulatedRunsMax);
  const warmUpRuns = bounded('warmUpRuns', options.warmUpRuns ?? defaultWarmUpRuns, 0, simulatedRunsMax);
  const runsPerSecond = bounded('runsPerSecond', options.runsPerSecond ?? defaultRunsPerSecond, 0.001, 1_000_000);
  const base: Variant = { name: 'as it is', definition, level, params };
  const variants = [
    ...(options.whatIf ?? []).map((edit) => variantOf(base, edit)),
    ...(options.withoutEachPolicy === true ? variantsWithoutPolicies(base) : []),
  ];
  if (variants.length > variantsMax) {
    throw new HeddleError(
      'INVALID_ARGUMENT',
      `${variants.length} variants are more than ${variantsMax}; ask for fewer of them`,
    );
  }
  const samples = new Samples(definition, options);
  const draws = new Draws(seed);
  const problems = new Set<string>();
  const simulateOne = (variant: Variant): SimulatedVariant => {
    const behaviours = nodeBehaviours(variant.definition, model);
    const { idempotent } = options;
    const world = { behaviours, samples, draws, runs, warmUpRuns, runsPerSecond, idempotent };
    const simulated = new VariantRuns(variant, world);
    const result = simulated.run();
    for (const problem of simulated.problems) problems.add(problem);
    return result;
  };
  const simulatedBase = simulateOne(base);
  const timeless = withoutLatency(definition, model);
  const simulatedVariants = variants.map(simulateOne);
  return {
    strategy: definition.name,
    runs,
    seed,
    runsPerSecond,
    valuesFrom: samples.source,
    withoutLatency: simulatedBase.nodes
      .filter(({ name, attempts }) => attempts > 0 && timeless.has(name))
      .map(({ name }) => name),
    unknownNodes: unknownNodes(definition, model),
    problems: [...problems],
    base: simulatedBase,
    variants: simulatedVariants,
  };
}

function bounded(name: string, value: number, min: number, max: number): number {
  if (value >= min && value <= max) return value;
  throw new HeddleError('INVALID_ARGUMENT', `${name} of a simulation is a number from ${min} to ${max}, not ${value}`);
}
