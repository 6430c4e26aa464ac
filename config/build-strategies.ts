// buildStrategies: `strategies` of heddle.yaml as what the threads are told: which files there are, and where the modules
// stand that run them. The config names dag's modules by URL and knows nothing of graphs.

import { dirname } from 'node:path';
import type { Place, ProblemList } from '../document/problem.ts';
import { moduleUrl } from '../runtime/module-url.ts';
import type { StrategySettings, StrategySource } from '../runtime/strategies.ts';
import type { CheckedConfig } from './schema.ts';
import { shownPath, strategyFiles, strategyFilesMax, strategySource } from './strategy-files.ts';

/** `top`: of the config file, whose folder problems of strategies are named by too. */
export function buildStrategies(
  written: CheckedConfig['strategies'],
  { baseDir, top }: { baseDir: string; top: Place },
  problems: ProblemList,
): StrategySettings {
  const sources = new Map<string, StrategySource>();
  const shownDir = dirname(top.source.name);
  for (const { value, place } of written) {
    if (value === undefined) continue;
    const found = strategyFiles(baseDir, value);
    if ('message' in found) {
      problems.add(place, found.message, { suggestion: found.suggestion });
      continue;
    }
    for (const path of found.paths) {
      if (!sources.has(path)) sources.set(path, strategySource(path, shownPath(path, baseDir, shownDir)));
    }
    if (sources.size <= strategyFilesMax) continue;
    problems.add(place, `with this there are ${sources.size} strategy files; at most ${strategyFilesMax} are read`);
    break;
  }
  return strategySettings([...sources.values()]);
}

/** Sources with the modules of dag that main and the threads import. */
export function strategySettings(sources: StrategySource[]): StrategySettings {
  return {
    sources,
    processUrl: moduleUrl('../dag/host/process-strategies', import.meta.url).href,
    threadUrl: moduleUrl('../dag/host/thread-strategies', import.meta.url).href,
  };
}
