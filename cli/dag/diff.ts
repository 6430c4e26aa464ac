// `heddle dag diff`: what changes between two versions of strategies, node by node and share by share, and which running
// experiments would move units.

import { alignModules } from '../../dag/diff/align-modules.ts';
import { diffStrategies } from '../../dag/diff/diff-strategies.ts';
import { formatDiff } from '../../dag/diff/format-diff.ts';
import { formatProblems } from '../../document/format-problems.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadSet } from './load.ts';
import { wrongUsage } from './usage.ts';
import { versionInUse, versionOfFiles } from './version.ts';

export interface DiffOptions {
  exitCode?: boolean;
  /** The older version is the one that a process uses. */
  running?: boolean;
  /** Of that process. */
  address?: string;
  config?: string;
}

/**
 * `names`: the older and the newer version; with `running` the newer one, or none for the strategies of the config.
 * Resolves with the exit code.
 */
export async function dagDiff(names: readonly string[], options: DiffOptions): Promise<number> {
  const { exitCode = false, running = false, address, config } = options;
  checkNames(names, options);
  const newer = running ? names : names.slice(1);
  const where = { modules: false, pools: false, ...(config === undefined ? {} : { config }) };
  const after = await versionOfFiles(newer, config);
  const before = running ? await versionInUse(address ?? config) : await versionOfFiles(names.slice(0, 1));
  const diff = diffStrategies(alignModules(before, after), after.definitions);
  process.stdout.write(`${formatDiff(diff)}\n`);
  // Right by itself, as it was loaded above: what is wrong now is what it does to units of the older version.
  const { problems } = await loadSet(newer, where, before.definitions);
  if (problems.length > 0) {
    process.stdout.write(`\nA process that runs the older version refuses this:\n\n${formatProblems(problems)}\n`);
    return exitCodes.failed;
  }
  return exitCode && diff.strategies.length > 0 ? exitCodes.failed : exitCodes.ok;
}

function checkNames(names: readonly string[], { running = false, address, config }: DiffOptions): void {
  if (running && names.length > 1)
    throw wrongUsage('with --running the older version is that of the process: name one');
  if (running) return;
  if (address !== undefined || config !== undefined) {
    throw wrongUsage('--address and --config say where the running process is: add --running');
  }
  if (names.length !== 2) {
    throw wrongUsage('name two versions, the older first; or one with --running: heddle dag diff --running strategies');
  }
}
