// A run as rows on one scale of time: what every picture of a timeline shows. Pure.

import type { StrategyDefinition } from '../../definition.ts';
import type { AttemptTrace, NodeTrace, RunTrace } from '../../run/trace.ts';
import { doingText } from '../describe.ts';

export interface TimelineRow {
  readonly node: NodeTrace;
  /** `call Users/get`; empty where the definition is not known. */
  readonly doing: string;
  /** Attempts and items that are worth a bar of their own, side by side where they do not overlap. */
  readonly lanes: readonly (readonly AttemptTrace[])[];
  /** Attempts that found no lane. */
  readonly hidden: number;
}

export interface Timeline {
  /** By when they began; those that never did, by when they ended. */
  readonly rows: readonly TimelineRow[];
  /** Where the scale ends. */
  readonly scaleMs: number;
  readonly ticksMs: readonly number[];
  /** Deadline of the budget, and until when nodes may run; undefined: there is none, or it is not known. */
  readonly totalMs: number | undefined;
  readonly nodesUntilMs: number | undefined;
}

/** Of one node: more could not be told apart. */
export const lanesMax = 10;
/** Deadlines further away, in durations of the run, would leave the run itself too little room. */
const deadlineScaleMax = 1.8;
const ticksMax = 10;

export function timelineOf(trace: RunTrace, definition?: StrategyDefinition): Timeline {
  const works = new Map(definition?.nodes.map((node) => [node.name, doingText(node)]));
  const begun = ({ startMs, endMs }: NodeTrace) => startMs ?? endMs;
  const rows = trace.nodes
    .toSorted((a, b) => begun(a) - begun(b) || a.endMs - b.endMs)
    .map((node): TimelineRow => ({ node, doing: works.get(node.name) ?? '', ...lanesOf(node) }));

  const runMs = Math.max(trace.durationMs, ...trace.nodes.map(({ endMs }) => endMs), 0.001);
  const { totalMs = Number.POSITIVE_INFINITY, reserveMs = 0 } = definition?.budget ?? {};
  const isNear = totalMs <= runMs * deadlineScaleMax;
  const scaleMs = Math.max(runMs, isNear ? totalMs : 0) * 1.02;
  return {
    rows,
    scaleMs,
    ticksMs: ticksOf(scaleMs),
    totalMs: Number.isFinite(totalMs) ? totalMs : undefined,
    nodesUntilMs: Number.isFinite(totalMs) && reserveMs > 0 ? totalMs - reserveMs : undefined,
  };
}

/** One attempt that is all of the run says nothing new. */
function lanesOf(node: NodeTrace): Pick<TimelineRow, 'lanes' | 'hidden'> {
  const { attempts, endMs } = node;
  if (attempts.length === 1 && attempts[0]!.item === undefined) return { lanes: [], hidden: 0 };
  const lanes: AttemptTrace[][] = [];
  let hidden = 0;
  for (const attempt of attempts.toSorted((a, b) => a.startMs - b.startMs)) {
    const free = lanes.find((lane) => (lane.at(-1)!.endMs ?? endMs) <= attempt.startMs);
    if (free !== undefined) free.push(attempt);
    else if (lanes.length < lanesMax) lanes.push([attempt]);
    else hidden++;
  }
  return { lanes, hidden };
}

/** Round times from 0: steps of 1, 2 or 5 times a power of ten. */
function ticksOf(scaleMs: number): number[] {
  const rough = scaleMs / ticksMax;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough)!;
  return Array.from({ length: Math.floor(scaleMs / step) + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}
