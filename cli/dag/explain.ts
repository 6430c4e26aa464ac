// `heddle dag explain`: what a strategy does with one request, and why.

import type { Data } from '../../dag/definition.ts';
import { explain } from '../../dag/simulate/explain.ts';
import { formatExplanation } from '../../dag/simulate/format-explanation.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadOne } from './load.ts';
import { looks, put } from './output.ts';
import { type WorldOptions, worldOf } from './simulation-options.ts';
import { jsonArgument } from './trace-file.ts';

export interface ExplainOptions extends WorldOptions {
  /** JSON, or @file. */
  request: string;
  /** Nodes that fail. */
  failing?: string[];
  json?: true;
}

/** Resolves with the exit code. */
export async function dagExplain(
  nameOrFile: string,
  files: readonly string[],
  options: ExplainOptions,
): Promise<number> {
  const request = jsonArgument(options.request, '--request') as Data;
  const { definition, loaded } = await loadOne(nameOrFile, files, options);
  const world = await worldOf(definition.name, options);
  const known = loaded.known[definition.name];
  const explanation = explain(definition, request, {
    ...world,
    failing: options.failing ?? [],
    ...(known === undefined ? {} : { idempotent: known.idempotent, shapes: known.responses }),
  });
  const { width } = looks();
  put(
    options.json === true ? JSON.stringify(explanation, undefined, 2) : formatExplanation(explanation, { width }),
    undefined,
  );
  return exitCodes.ok;
}
