// `heddle dag check`: all mistakes of strategies, or a line on each.

import type { StrategyDefinition } from '../../dag/definition.ts';
import { formatProblems } from '../../document/format-problems.ts';
import { exitCodes } from '../exit-codes.ts';
import { hasConfig, type LoadOptions, loadSet } from './load.ts';
import { count } from './output.ts';

/** Prints to standard output, as `heddle check` does. Resolves with the exit code. */
export async function dagCheck(files: readonly string[], options: LoadOptions): Promise<number> {
  const { definitions, problems } = await loadSet(files, options);
  if (problems.length > 0) {
    process.stdout.write(`${formatProblems(problems)}\n`);
    return exitCodes.failed;
  }
  const width = Math.max(...definitions.map(({ name }) => name.length));
  for (const definition of definitions) {
    process.stdout.write(`${definition.name.padEnd(width)}  ${partsOf(definition)}  ok\n`);
  }
  const pools = new Set(definitions.flatMap(({ nodes }) => nodes.flatMap(({ pool }) => pool ?? [])));
  if (files.length > 0 && pools.size > 0 && !hasConfig(options.config)) {
    const what = pools.size === 1 ? `pool ${[...pools][0]} is` : `pools ${[...pools].join(', ')} are`;
    process.stdout.write(`not checked: whether ${what} there, since no heddle.yaml is here; --config names one\n`);
  }
  return exitCodes.ok;
}

/** `12 nodes, 2 experiments, 3 levels, 5 tests`. */
function partsOf({ nodes, layers, degrade, tests }: StrategyDefinition): string {
  const experiments = layers.reduce((sum, layer) => sum + layer.experiments.length, 0);
  const parts = [count(nodes.length, 'node')];
  if (experiments > 0) parts.push(count(experiments, 'experiment'));
  if (degrade.levels.length > 0) parts.push(count(degrade.levels.length, 'level'));
  parts.push(tests.length === 0 ? 'no tests' : count(tests.length, 'test'));
  return parts.join(', ');
}
