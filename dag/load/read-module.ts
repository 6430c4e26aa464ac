// readModule: the strategies that a module exports. On the thread that loads a set.

import type { ProblemList } from '../../document/problem.ts';
import type { StrategySource } from '../../runtime/strategies.ts';
import { readProgram } from '../file/read-program.ts';
import type { ReadStrategy } from '../file/read-strategy.ts';
import { isStrategy, type Strategy } from '../strategy.ts';
import type { Importer } from './importer.ts';

/**
 * In the order of their exports' names. `seen`: strategies that another export or module has given already; each counts
 * once. A module that does not load, or exports none, is a problem.
 */
export async function readModule(
  { moduleUrl, shown }: StrategySource & { kind: 'module' },
  importer: Importer,
  seen: Set<Strategy>,
  problems: ProblemList,
): Promise<ReadStrategy[]> {
  let module: Record<string, unknown>;
  try {
    module = await importer.import(moduleUrl);
  } catch (reason) {
    problems.addForFile(shown, withoutFile(reason));
    return [];
  }
  const strategies = exportsOf(module).filter((one): one is [string, Strategy] => isStrategy(one[1]));
  if (strategies.length === 0) {
    const names = Object.keys(module);
    const found = names.length === 0 ? 'nothing' : names.join(', ');
    problems.addForFile(shown, `exports no strategy, only ${found}: write export const feed = strategy('feed', { … })`);
  }
  const read: ReadStrategy[] = [];
  for (const [exportName, strategy] of strategies) {
    if (seen.has(strategy)) continue;
    seen.add(strategy);
    const one = readProgram(strategy, moduleUrl, exportName, problems);
    if (one !== undefined) read.push(one);
  }
  return read;
}

/** What a getter throws, or a binding that was never initialized, is nobody's strategy. */
function exportsOf(module: Record<string, unknown>): [string, unknown][] {
  return Object.keys(module).map((name) => {
    try {
      return [name, module[name]];
    } catch {
      return [name, undefined];
    }
  });
}

/** The problem names the file as it was written; the sentence need not do so again. */
function withoutFile(reason: unknown): string {
  const sentence = reason instanceof Error ? reason.message : String(reason);
  return sentence.replace(/^[^\n]*?\.[cm]?[jt]s: /, '');
}
