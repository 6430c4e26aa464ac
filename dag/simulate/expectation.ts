// problemsOf: what a run did against what its test expects, as sentences that say both. Pure.

import type { Expectation } from '../definition.ts';
import { criticalText } from '../draw/critical-path.ts';
import { formatMs } from '../draw/describe.ts';
import type { NodeEnd, RunTrace } from '../run/trace.ts';
import { differencesOf, shownData } from './data-difference.ts';

/** None: the run is as expected. `trace` with values. */
export function problemsOf(expect: Expectation, trace: RunTrace): string[] {
  return [
    ...outcomeProblems(expect, trace),
    ...orderedProblems('path', expect.path, trace.path),
    ...endProblems('skipped', expect.skipped, trace),
    ...endProblems('failed', expect.failed, trace),
    ...orderedProblems('degraded', expect.degraded, trace.degraded),
    ...timeProblems(expect, trace),
  ];
}

function outcomeProblems({ result, error, message }: Expectation, trace: RunTrace): string[] {
  const { failure } = trace;
  const fails = error !== undefined || message !== undefined;
  if (failure === undefined) {
    if (fails)
      return [`expected ${error ?? `a failure with "${message}"`}, but it succeeded with ${shownData(trace.result)}`];
    return result === undefined ? [] : differencesOf(result, trace.result, 'result');
  }
  const found = `${failure.code}: ${failure.message}`;
  if (!fails)
    return [`expected ${result === undefined ? 'it to succeed' : shownData(result)}, but it failed with ${found}`];
  const problems: string[] = [];
  if (error !== undefined && failure.code !== error) problems.push(`error: expected ${error}, found ${found}`);
  if (message !== undefined && !failure.message.includes(message)) {
    problems.push(`message: expected one that contains "${message}", found "${failure.message}"`);
  }
  return problems;
}

/** The order counts. */
function orderedProblems(what: string, expected: readonly string[] | undefined, found: readonly string[]): string[] {
  if (expected === undefined) return [];
  if (expected.length === found.length && expected.every((name, index) => name === found[index])) return [];
  return [sentence(what, expected, found)];
}

function endProblems(end: NodeEnd, expected: readonly string[] | undefined, { nodes }: RunTrace): string[] {
  if (expected === undefined) return [];
  const found = nodes.filter((node) => node.end === end).map(({ name }) => name);
  const isSame = expected.length === found.length && expected.every((name) => found.includes(name));
  return isSame ? [] : [sentence(end, expected, found)];
}

function sentence(what: string, expected: readonly string[], found: readonly string[]): string {
  const missing = expected.filter((name) => !found.includes(name));
  const extra = found.filter((name) => !expected.includes(name));
  const notes = [
    ...(missing.length > 0 ? [`missing: ${missing.join(', ')}`] : []),
    ...(extra.length > 0 ? [`not expected: ${extra.join(', ')}`] : []),
  ];
  const note = notes.length > 0 ? notes.join('; ') : 'the same ones in another order';
  return `${what}: expected ${listText(expected)}, found ${listText(found)} (${note})`;
}

function listText(names: readonly string[]): string {
  return names.length === 0 ? 'none' : `[${names.join(', ')}]`;
}

function timeProblems({ withinMs }: Expectation, trace: RunTrace): string[] {
  if (withinMs === undefined || trace.durationMs <= withinMs) return [];
  const way = trace.criticalPath.length === 0 ? '' : `; it waited for ${criticalText(trace)}`;
  return [`within: expected at most ${formatMs(withinMs)}, it took ${formatMs(trace.durationMs)}${way}`];
}
