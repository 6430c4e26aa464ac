// simulate: a service process as its heddle.yaml says, in a deterministic simulation: its main, IO and CPU threads with their
// own copies of Heddle's modules and of the handlers', in virtual time, under a seeded scheduler. Called by tests of users.

import { restartLimits } from '../../runtime/restart-policy.ts';
import { sourceUrl } from '../sim/modules.ts';
import { SimNetwork } from '../sim/network.ts';
import { SimProcess } from '../sim/process/sim-process.ts';
import { Simulation } from '../sim/simulation.ts';
import type { SimThread } from '../sim/thread.ts';
import { checkSimulate } from './check-options.ts';
import { ClockDriver } from './clock-driver.ts';
import { FiberWatch } from './fiber-watch.ts';
import { liveSettings, loadedStrategies, pluginPlan } from './loaded-parts.ts';
import type { SimulateOptions } from './options.ts';
import { ProcessUnderTest } from './process-under-test.ts';
import { simulatedSettings } from './settings.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import { Story } from './story.ts';

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
 * Throws INVALID_ARGUMENT for options that are wrong, and FAILED_PRECONDITION for a config, strategies or services that are,
 * as `heddle start` would.
 */
export function simulate(options: SimulateOptions): Promise<SimulatedProcess> {
  return startSimulation(options);
}

/** For `everySeed`, which may give a run up. */
export async function startSimulation(options: SimulateOptions): Promise<ProcessUnderTest> {
  checkSimulate(options);
  const { config, seed = 1, overrides = [], backends = [], faults = 'none', cores = 2 } = options;
  const { answerWithinMs = 60_000, stopWithinMs = 10_000, stepsMax = 5_000_000, stuckAfterMs, onLine } = options;
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
    stuckAfterMs,
    traceLines,
    onLine: (line) => {
      story.add(line);
      onLine?.(line);
    },
  });
  const network = new SimNetwork(simulation, { delayMsMax: networkDelayMs });
  // Two runs that say other things are not the same run.
  network.onSent = (_connection, _from, bytes) => simulation.traceBytes(bytes);
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
    restart: restartLimits,
    wakeMs,
  });
  const parts = { simulation, network, process, fibers, story, driver: new ClockDriver(simulation) };
  const simulated = new ProcessUnderTest(parts, { backends, faults, answerWithinMs, stopWithinMs });
  try {
    await simulated.begin();
  } catch (reason) {
    simulated.abandon();
    throw reason;
  }
  return simulated;
}
