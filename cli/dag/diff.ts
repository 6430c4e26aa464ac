// `heddle dag diff`: what changes between two versions of strategies, node by node and share by share, and which running
// experiments would move units.

import { diffStrategies } from '../../dag/diff/diff-strategies.ts';
import { formatDiff } from '../../dag/diff/format-diff.ts';
import { formatProblems } from '../../document/format-problems.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadRight, loadSet } from './load.ts';

/** No module of a node is loaded: an old version lies beside none. Resolves with the exit code. */
export async function dagDiff(
  older: string,
  newer: string,
  { exitCode = false }: { exitCode?: boolean },
): Promise<number> {
  const before = await loadRight([older], { modules: false });
  const after = await loadRight([newer], { modules: false });
  const diff = diffStrategies(before.definitions, after.definitions);
  process.stdout.write(`${formatDiff(diff)}\n`);
  // Right by itself, as it was loaded above: what is wrong now is what it does to units of the older version.
  const { problems } = await loadSet([newer], { modules: false }, before.definitions);
  if (problems.length > 0) {
    process.stdout.write(`\nA process that runs the older version refuses this:\n\n${formatProblems(problems)}\n`);
    return exitCodes.failed;
  }
  return exitCode && diff.strategies.length > 0 ? exitCodes.failed : exitCodes.ok;
}
