// buildStrategies: `strategies` of heddle.yaml as what the threads are told: which files there are, and where the modules
// stand that run them. The config names dag's modules by URL and knows nothing of graphs.

import { dirname } from 'node:path';
import type { Place, ProblemList } from '../document/problem.ts';
import { findSources } from '../document/strategy-files.ts';
import { moduleUrl } from '../runtime/module-url.ts';
import type { StrategySettings, StrategySource } from '../runtime/strategies.ts';
import type { CheckedConfig } from './schema.ts';

/** `top`: of the config file, whose folder problems of strategies are named by too. */
export function buildStrategies(
  written: CheckedConfig['strategies'],
  { baseDir, top }: { baseDir: string; top: Place },
  problems: ProblemList,
): StrategySettings {
  const fields = written.filter(({ value }) => value !== undefined);
  const find = { written: fields.map(({ value }) => value!), baseDir, shownDir: dirname(top.source.name) };
  const found = findSources(find);
  for (const { index, message, suggestion } of found.problems) {
    problems.add(fields[index]!.place, message, { suggestion });
  }
  return { ...strategySettings(found.sources), find };
}

/** Sources with the modules of dag that main and the threads import. */
export function strategySettings(sources: StrategySource[]): StrategySettings {
  return {
    sources,
    processUrl: moduleUrl('../dag/host/process-strategies', import.meta.url).href,
    threadUrl: moduleUrl('../dag/host/thread-strategies', import.meta.url).href,
  };
}
