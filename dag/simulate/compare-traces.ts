// compareTraces: what differs between two runs of one request, node by node. Pure.

import { isDeepStrictEqual } from 'node:util';
import { formatMs } from '../draw/describe.ts';
import type { AttemptTrace, NodeTrace, RunTrace } from '../run/trace.ts';
import { differencesOf, shownData } from './data-difference.ts';

export interface SameParts {
  /** The result, or the code of the failure. */
  readonly result: boolean;
  readonly path: boolean;
  readonly marks: boolean;
  readonly timing: boolean;
}

export interface ReplayedNode {
  readonly name: string;
  /** `end: done, now failed`. */
  readonly differences: readonly string[];
}

export interface ComparedTraces {
  readonly same: SameParts;
  readonly differences: readonly string[];
  readonly nodes: readonly ReplayedNode[];
}

/** `toleranceMs`: times that differ by no more are the same. Both with values. */
export function compareTraces(before: RunTrace, after: RunTrace, toleranceMs: number): ComparedTraces {
  const result = resultDifferences(before, after);
  const path = listDifference('path', before.path, after.path);
  const marks = listDifference('degraded', before.degraded, after.degraded);
  const timing = timeDifference('time', before.durationMs, after.durationMs, toleranceMs);
  const way = listDifference('critical path', before.criticalPath, after.criticalPath);
  return {
    same: {
      result: result.length === 0,
      path: path.length === 0,
      marks: marks.length === 0,
      timing: timing.length === 0,
    },
    differences: [...result, ...path, ...marks, ...timing, ...way],
    nodes: nodeDifferences(before.nodes, after.nodes, toleranceMs),
  };
}

function resultDifferences(before: RunTrace, after: RunTrace): string[] {
  if (before.failure !== undefined || after.failure !== undefined) {
    if (before.failure?.code === after.failure?.code) return [];
    return [changed('result', outcomeOf(before), outcomeOf(after))];
  }
  return valueDifferences('result', before.result, after.result);
}

function outcomeOf({ failure, result }: RunTrace): string {
  return failure === undefined ? shownData(result) : `${failure.code}: ${failure.message}`;
}

function valueDifferences(what: string, before: NodeTrace['value'], after: NodeTrace['value']): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (before === undefined || after === undefined) return [changed(what, shownData(before), shownData(after))];
  const differences = differencesOf(before, after, what);
  return differences.length > 0
    ? differences.map((sentence) => sentence.replace(': expected ', ': was ').replace(', found ', ', now '))
    : [`${what}: has more keys now, ${shownData(after)}`];
}

function listDifference(what: string, before: readonly string[], after: readonly string[]): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  return [changed(what, listText(before), listText(after))];
}

function timeDifference(what: string, beforeMs: number, afterMs: number, toleranceMs: number): string[] {
  return Math.abs(beforeMs - afterMs) <= toleranceMs ? [] : [changed(what, formatMs(beforeMs), formatMs(afterMs))];
}

function nodeDifferences(
  before: readonly NodeTrace[],
  after: readonly NodeTrace[],
  toleranceMs: number,
): ReplayedNode[] {
  const was = new Map(before.map((node) => [node.name, node]));
  const is = new Set(after.map(({ name }) => name));
  const gone = before.filter(({ name }) => !is.has(name));
  return [
    ...after.map((node) => ({
      name: node.name,
      differences: differencesOfNode(was.get(node.name), node, toleranceMs),
    })),
    ...gone.map(({ name, end }) => ({ name, differences: [`it was ${end}, now it is not needed`] })),
  ].filter(({ differences }) => differences.length > 0);
}

function differencesOfNode(before: NodeTrace | undefined, after: NodeTrace, toleranceMs: number): string[] {
  if (before === undefined) return [`it was not needed, now it is ${after.end}`];
  const ends = before.end === after.end ? [] : [changed('end', endOf(before), endOf(after))];
  return [
    ...ends,
    ...(ends.length === 0 ? valueDifferences('value', before.value, after.value) : []),
    ...listDifference('marks', before.marks, after.marks),
    ...countDifference('attempts', before.attempts, after.attempts),
    ...timeDifference('time', timeOf(before), timeOf(after), toleranceMs),
  ];
}

function countDifference(what: string, before: readonly AttemptTrace[], after: readonly AttemptTrace[]): string[] {
  return before.length === after.length ? [] : [changed(what, String(before.length), String(after.length))];
}

function endOf({ end, failure }: NodeTrace): string {
  return failure === undefined ? end : `${end} (${failure.code})`;
}

function timeOf({ startMs, endMs }: NodeTrace): number {
  return startMs === undefined ? 0 : endMs - startMs;
}

function changed(what: string, before: string, after: string): string {
  return `${what}: was ${before}, now ${after}`;
}

function listText(names: readonly string[]): string {
  return names.length === 0 ? 'none' : `[${names.join(', ')}]`;
}
