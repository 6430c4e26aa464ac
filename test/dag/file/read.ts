// What the tests of the strategy reader share: reading a text as if it were feed.yaml, and what it came to.

import type { ExecutionContext } from 'ava';
import { type ReadStrategy, type ReadStrategyOptions, readStrategy } from '../../../dag/file/read-strategy.ts';
import { formatProblems } from '../../../document/format-problems.ts';
import { ProblemList, Source } from '../../../document/problem.ts';

export function read(text: string, options: ReadStrategyOptions = {}) {
  const problems = new ProblemList();
  const result = readStrategy(new Source('file', 'feed.yaml', text), problems, options);
  return { result, problems: problems.sorted() };
}

/** All problems as they are printed. */
export function problemsOf(text: string, options: ReadStrategyOptions = {}): string {
  return formatProblems(read(text, options).problems);
}

/** Of a text that must be right. */
export function settled(t: ExecutionContext, text: string, options: ReadStrategyOptions = {}): ReadStrategy {
  const { result, problems } = read(text, options);
  if (result !== undefined && problems.length === 0) return result;
  return t.fail(formatProblems(problems));
}

/** A graph of these nodes, each as it would be written. */
export function graph(nodes: Record<string, string>, rest = ''): string {
  const lines = Object.entries(nodes).map(([name, node]) => `  ${name}: ${node}\n`);
  return `strategy: feed\nnodes:\n${lines.join('')}output: 1\n${rest}`;
}

/** What was written at a place. */
export function writtenAt({ places }: ReadStrategy, path: string): string {
  const { source, start, end } = places.of(path);
  return source.text.slice(start, end);
}
