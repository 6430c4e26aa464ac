// runSeed: one run of the whole process, main, IO and CPU threads and clients, under the scenario that a seed stands for.
// Called by `npm run sim` and by tests.

import type { SourceEdit } from '../modules.ts';
import { Simulation } from '../simulation.ts';
import { drawScenario, type Scenario } from './scenario.ts';
import { ProcessWorld } from './world.ts';

export interface SimOptions {
  /** Changes to the shipped sources: mutants. */
  edits?: readonly SourceEdit[] | undefined;
  /** In the place of what the seed draws. */
  scenario?: Partial<Scenario> | undefined;
  /** Lines that a failure tells at most. Default 400; 0: the hash alone is kept. */
  traceLines?: number | undefined;
  /** Hears each line of the trace. */
  onLine?: ((line: string) => void) | undefined;
  /** Tasks at most; over it the law `ends` is broken. Default 400,000. */
  maxSteps?: number | undefined;
}

export interface SimResult {
  seed: number;
  scenario: Scenario;
  /** Tasks, times that a thread was stopped between two operations, and operations. */
  steps: number;
  stops: number;
  operations: number;
  /** Threads that ended before the process was told to stop. */
  deaths: number;
  /** Asked by the load, clients and handlers, and how many of them got an answer. */
  requests: number;
  answered: number;
  /** How they ended, with counts. */
  outcomes: Record<string, number>;
  virtualMs: number;
  /** The same for the same seed. */
  traceHash: string;
}

/** Rejects with SimFailure when a law is broken. */
export async function runSeed(seed: number, options: SimOptions = {}): Promise<SimResult> {
  const { traceLines, onLine, maxSteps } = options;
  const scenario: Scenario = { ...drawScenario(seed), ...options.scenario };
  const { operationsPerStop } = scenario;
  const edits = [...sizes(scenario), ...(options.edits ?? [])];
  const simulation = new Simulation({ seed, scenario, operationsPerStop, edits, traceLines, onLine, maxSteps });
  const beganMs = simulation.nowMs;
  const world = new ProcessWorld(simulation, scenario);
  try {
    await world.run();
  } catch (error) {
    throw simulation.failure ?? error;
  }
  const { ledger } = world;
  return {
    seed,
    scenario,
    steps: simulation.steps,
    stops: simulation.stops,
    operations: simulation.operations,
    deaths: world.process.deaths,
    requests: ledger.asked.size,
    answered: ledger.answered,
    outcomes: Object.fromEntries(ledger.outcomes),
    virtualMs: simulation.nowMs - beganMs,
    traceHash: simulation.traceHash,
  };
}

/** Sizes that are no settings, but written into the sources: rings, and memory of metrics, which is made large to be fresh. */
function sizes({ ringBytes }: Scenario): SourceEdit[] {
  const ring = 'export const completionRingDataBytes = ';
  const metrics = 'const freshBytes = ';
  return [
    { file: 'runtime/shared/completion-ring.ts', find: `${ring}131_072`, replace: `${ring}${ringBytes}` },
    { file: 'runtime/shared/metric-cells.ts', find: `${metrics}33 * 2 ** 20`, replace: `${metrics}1` },
  ];
}
