// everySeed: a test over many seeds: each is a run of its own, with its own order of events and its own faults. The first
// that fails ends the test and says how to run it alone.

import { env } from 'node:process';
import { checkCount, checkEverySeed, checkSeed } from './check-options.ts';
import type { EverySeedOptions } from './options.ts';
import type { ProcessUnderTest } from './process-under-test.ts';
import { startSimulation } from './simulate.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** Lines of the trace that the message of a failure shows. */
const linesShown = 40;

/** One seed of many has failed; `cause` is what it failed with. */
export class SeedFailure extends Error {
  override readonly name = 'SeedFailure';
  readonly seed: number;

  constructor(seed: number, cause: unknown, trace: readonly string[]) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const lines = trace.slice(-linesShown).map((line) => `  ${line}`);
    super([`seed ${seed} fails: ${why}`, `alone: HEDDLE_SEED=${seed}`, '', ...lines].join('\n'), { cause });
    this.seed = seed;
  }
}

/**
 * Simulates the process once for each seed, and gives each run to `body`; then the laws are looked at, as `close` does.
 * Rejects with SeedFailure for the first seed whose body throws or that breaks a law, and with INVALID_ARGUMENT for options
 * that are wrong.
 *
 *     test('no update is lost', () =>
 *       everySeed({ seeds: 200, config, faults: 'random' }, async (sim) => { … }));
 */
export async function everySeed(
  options: EverySeedOptions,
  body: (sim: SimulatedProcess) => void | Promise<void>,
): Promise<void> {
  checkEverySeed(options, body);
  const { seeds = 100, firstSeed = 1, ...rest } = options;
  const alone = fromEnvironment('HEDDLE_SEED', checkSeed);
  const count = alone === undefined ? (fromEnvironment('HEDDLE_SEEDS', checkCount) ?? seeds) : 1;
  const first = alone ?? firstSeed;
  checkSeed(first + count - 1, 'the last seed');
  for (let seed = first; seed < first + count; seed++) {
    let sim: ProcessUnderTest | undefined;
    try {
      sim = await startSimulation({ ...rest, seed });
      await body(sim);
      await sim.close();
    } catch (reason) {
      const failure = new SeedFailure(seed, sim?.failure ?? reason, sim?.trace ?? []);
      // What it began goes on no more: other tests would wait for it.
      sim?.abandon();
      throw failure;
    }
  }
}

function fromEnvironment(name: string, check: (value: unknown, name: string) => void): number | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  // A text that is no number is shown as it is.
  check(Number.isNaN(value) ? text : value, `${name} of the environment`);
  return value;
}
