// simulate: a service process as its heddle.yaml says, in a deterministic simulation: its main, IO and CPU threads with their
// own copies of Heddle's modules and of the handlers', in virtual time, under a seeded scheduler. Called by tests of users.

import { sourceUrl } from '../sim/modules.ts';
import { SimNetwork } from '../sim/network.ts';
import { SimProcess } from '../sim/process/sim-process.ts';
import { Simulation } from '../sim/simulation.ts';
import type { SimThread } from '../sim/thread.ts';
import type { Backend } from './backend.ts';
import { ClockDriver } from './clock-driver.ts';
import { FiberWatch } from './fiber-watch.ts';
import { liveSettings, loadedStrategies, pluginPlan } from './loaded-parts.ts';
import { ProcessUnderTest } from './process-under-test.ts';
import { simulatedSettings } from './settings.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import { Story } from './story.ts';

/** What to simulate. */
export interface SimulateOptions {
  /** The heddle.yaml: a path, or a file URL. Relative modules and strategies are found beside it, as in production. */
  config: string | URL;
  /** Two runs of one seed are the same run. A whole number. Default 1. */
  seed?: number;
  /** As `--set` of the command line: `pools.ranking.threads=1`. Default: none. */
  overrides?: readonly string[];
  /** What stands for services that the process calls and that run elsewhere. A client without one is UNAVAILABLE. */
  backends?: readonly Backend[];
  /**
   * `random`: threads die and stand still, connections break, backends are slow, fail and hang, timers are late, as the seed
   * draws it. `none` (default): only what the test does.
   */
  faults?: 'none' | 'random';
  /** Longest time for a call of the test to be answered, virtual ms; over it the law `answered at all` is broken. Default 60,000. */
  answerWithinMs?: number;
  /** Longest time for a fiber that was asked to stop to do so, virtual ms. Default 10,000, twice what finalizers may take. */
  stopWithinMs?: number;
  /** Cores that the config's defaults count with. Default 2. */
  cores?: number;
  /** Tasks of all threads at most; over it the simulation has failed to end. Default 5,000,000. */
  stepsMax?: number;
  /** Hears each line of the trace as it comes: every task, message and operation that a thread stands before. */
  onLine?: (line: string) => void;
}

/** Sizes of what an asking thread has: requests at once, and bytes of bodies on their way. Powers of two. */
const tableEntries = 1_024;
const arenaBytes = 1_048_576;
/** Most of one way through the simulated network, ms: a machine beside this one. */
const networkDelayMs = 0.4;
/** Handlers may go on by timers that are not Heddle's, and so look as if they slept: then others look again, ms. */
const wakeMs = 60;
/** Lines of the whole trace that a failure has. */
const traceLines = 400;

/**
 * Starts the process of a config in a simulation; resolves when it serves. Virtual time goes on only while the test awaits
 * something of it.
 *
 *     await using sim = await simulate({ seed: 7, config: new URL('../heddle.yaml', import.meta.url) });
 *     const { text } = await sim.client(Greeter).greet({ name: 'Ada' }, { timeoutMs: 100 });
 *
 * Throws FAILED_PRECONDITION for a config, strategies or services that are wrong, as `heddle start` would.
 */
export async function simulate(options: SimulateOptions): Promise<SimulatedProcess> {
  const { config, seed = 1, overrides = [], backends = [], faults = 'none', cores = 2 } = options;
  const { answerWithinMs = 60_000, stopWithinMs = 10_000, stepsMax = 5_000_000, onLine } = options;
  const settings = simulatedSettings({ config, overrides, cores, backends });
  const loader = await loadedStrategies(settings);
  const plugins = await pluginPlan(settings);
  const story = new Story();
  const simulation = new Simulation({
    seed,
    scenario: { config: String(config), overrides, faults },
    isPunctual: faults === 'none',
    substitutesOf: ({ name }: SimThread) =>
      name === 'main' ? new Map([[sourceUrl('dag/load/load-in-thread'), loader]]) : new Map(),
    maxSteps: stepsMax,
    traceLines,
    onLine: (line) => {
      story.add(line);
      onLine?.(line);
    },
  });
  const network = new SimNetwork(simulation, { delayMsMax: networkDelayMs });
  const fibers = new FiberWatch(simulation, stopWithinMs);
  const process = new SimProcess({
    simulation,
    network,
    settings,
    tableEntries,
    arenaBytes,
    extrasOf: () => undefined,
    onThread: (thread) => fibers.watch(thread),
    live: liveSettings(settings),
    metricSeries: settings.metrics.series,
    plugins,
    wakeMs,
  });
  const parts = { simulation, network, process, fibers, story, driver: new ClockDriver(simulation) };
  const simulated = new ProcessUnderTest(parts, { backends, faults, answerWithinMs, stopWithinMs });
  await simulated.begin();
  return simulated;
}
