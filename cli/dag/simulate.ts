// `heddle dag simulate`: a strategy run many times on a virtual clock: how long it takes, what it costs, and what if.

import { formatSimulation } from '../../dag/simulate/format-simulation.ts';
import { simulate } from '../../dag/simulate/simulate.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadOne } from './load.ts';
import { looks, put } from './output.ts';
import { type WorldOptions, worldOf } from './simulation-options.ts';

export interface SimulateOptions extends WorldOptions {
  runs?: number;
  seed?: number;
  /** Runs a second. */
  rate?: number;
  /** Edits, each one variant. */
  whatIf?: string[];
  withoutEachPolicy?: true;
  json?: true;
}

/** Resolves with the exit code. */
export async function dagSimulate(
  nameOrFile: string,
  files: readonly string[],
  options: SimulateOptions,
): Promise<number> {
  const { definition, loaded } = await loadOne(nameOrFile, files, options);
  const { model, ...world } = await worldOf(definition.name, options);
  const known = loaded.known[definition.name];
  const { runs, seed, rate, whatIf, withoutEachPolicy } = options;
  const simulation = simulate(definition, model, {
    ...world,
    ...(known === undefined ? {} : { idempotent: known.idempotent, shapes: known.responses }),
    ...(runs === undefined ? {} : { runs }),
    ...(seed === undefined ? {} : { seed }),
    ...(rate === undefined ? {} : { runsPerSecond: rate }),
    ...(whatIf === undefined ? {} : { whatIf }),
    withoutEachPolicy: withoutEachPolicy === true,
  });
  const { width } = looks();
  put(
    options.json === true ? JSON.stringify(simulation, undefined, 2) : formatSimulation(simulation, { width }),
    undefined,
  );
  return exitCodes.ok;
}
