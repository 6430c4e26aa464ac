// everySeed: a test over many seeds: each is a run of its own, with its own order of events and its own faults. The first
// that fails ends the test and says how to run it alone.

import { env } from 'node:process';
import { HeddleError } from '../../runtime/errors.ts';
import { type SimulateOptions, simulate } from './simulate.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** What to simulate, and how often. */
export interface EverySeedOptions extends Omit<SimulateOptions, 'seed'> {
  /** How many. Default 100. The environment's HEDDLE_SEEDS wins, and HEDDLE_SEED=17 runs that one alone. */
  seeds?: number;
  /** Default 1. */
  firstSeed?: number;
}

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
 * Rejects with SeedFailure for the first seed whose body throws or that breaks a law.
 *
 *     test('no update is lost', () =>
 *       everySeed({ seeds: 200, config, faults: 'random' }, async (sim) => { … }));
 */
export async function everySeed(
  options: EverySeedOptions,
  body: (sim: SimulatedProcess) => void | Promise<void>,
): Promise<void> {
  const { seeds = 100, firstSeed = 1, ...rest } = options;
  const alone = fromEnvironment('HEDDLE_SEED');
  const count = alone === undefined ? (fromEnvironment('HEDDLE_SEEDS') ?? seeds) : 1;
  const first = alone ?? firstSeed;
  for (let seed = first; seed < first + count; seed++) {
    let sim: SimulatedProcess | undefined;
    try {
      sim = await simulate({ ...rest, seed });
      await body(sim);
      await sim.close();
    } catch (reason) {
      throw new SeedFailure(seed, sim?.failure ?? reason, sim?.trace ?? []);
    }
  }
}

function fromEnvironment(name: string): number | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new HeddleError('INVALID_ARGUMENT', `${name} must be a whole number, not ${JSON.stringify(text)}`);
}
