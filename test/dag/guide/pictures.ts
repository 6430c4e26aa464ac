// The pictures of docs/strategies.md and of README, drawn from the examples: graphs, and runs of their inline tests.

import { fileURLToPath } from 'node:url';
import type { StrategyDefinition } from '../../../dag/definition.ts';
import { drawSvg } from '../../../dag/draw/svg.ts';
import { drawTimelineSvg } from '../../../dag/draw/timeline.ts';
import { loadStrategies } from '../../../dag/load/load-strategies.ts';
import type { RunTrace } from '../../../dag/run/trace.ts';
import { runInlineTests } from '../../../dag/simulate/inline-tests.ts';
import { formatProblems } from '../../../document/format-problems.ts';
import { strategySource } from '../../../document/strategy-files.ts';

export const picturesFolder = new URL('../../../docs/pictures/', import.meta.url);

const examples = new URL('../../../examples/', import.meta.url);

/** By file name. */
export async function makePictures(): Promise<Map<string, string>> {
  const search = await definitionOf('movies/strategies/search.yaml');
  const page = await definitionOf('strategies/fan-out.yaml');
  const optional = await definitionOf('strategies/optional-node.yaml');
  const ranked = await definitionOf('strategies/budget-light.yaml');
  const searchRun = runOf(search, "a viewer's taste is asked for while films are recalled");
  const shortRun = runOf(ranked, 'when the recall took long, the light variant answers');
  return new Map([
    ['search.svg', drawSvg(search)],
    ['search-run.svg', drawTimelineSvg(searchRun, search)],
    ['page.svg', drawSvg(page)],
    ['optional.svg', drawSvg(optional)],
    ['light.svg', drawSvg(ranked)],
    ['light-run.svg', drawSvg(ranked, { trace: shortRun })],
  ]);
}

async function definitionOf(example: string): Promise<StrategyDefinition> {
  const path = fileURLToPath(new URL(example, examples));
  const { definitions, problems } = await loadStrategies([strategySource(path, example)]);
  if (problems.length > 0) throw new Error(formatProblems(problems));
  return definitions[0]!;
}

/** Of an inline test; it has no date, so that the picture stays the same. */
function runOf(definition: StrategyDefinition, test: string): RunTrace {
  const result = runInlineTests(definition).find(({ name }) => name === test);
  if (result === undefined) throw new Error(`${definition.name} has no test "${test}"`);
  return { ...result.trace, startedAt: Number.NaN };
}
