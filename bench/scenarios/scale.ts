// The scenario `scale`: does a request cost its server the same with 1, 2, 4 and 8 threads? The record of `unary`, with more
// threads of one kind, and of both. With more of them than processors nothing gets faster; what more threads cost shows all the more.

import { availableParallelism } from 'node:os';
import { compare } from '../measure/compare.ts';
import { type Comparison, closedShape, type OwnSide } from '../measure/comparison.ts';
import {
  comparisonColumns,
  comparisonMethod,
  comparisonRows,
  figuresOf,
  spreadText,
} from '../measure/comparison-report.ts';
import { type Spread, spreadOf } from '../measure/pairs.ts';
import type { Plot } from '../page/plot.ts';
import type { Goal, Scenario } from '../scenario.ts';

const shape = closedShape(256, 32);

/** The most expensive count of threads by the cheapest. */
const timesMax = 1.3;

const counts = [1, 2, 4, 8] as const;
/** A run that is shorter, s, only shows that all works, and with so many threads. */
const secondsMin = 30;
const countsOfShort = [1, 2] as const;

/** Threads of the side with `count` threads; no CPU threads: the handler is on the IO threads. */
interface Curve {
  readonly name: string;
  readonly threads: (count: number) => { readonly io: number; readonly cpu: number };
}

const curves: readonly Curve[] = [
  { name: 'IO and CPU threads', threads: (count) => ({ io: count, cpu: count }) },
  { name: 'CPU threads, one IO thread', threads: (count) => ({ io: 1, cpu: count }) },
  { name: 'IO threads alone', threads: (count) => ({ io: count, cpu: 0 }) },
];

export const scale: Scenario = {
  name: 'scale',
  what: '1, 2, 4 and 8 IO and CPU threads: server CPU per request, which should stay what it is',
  seconds: 110,
  run: async ({ seconds, onStep }) => {
    const ran = seconds < secondsMin ? countsOfShort : counts;
    const sides = new Map(
      curves.flatMap(({ threads }) => ran.map((count) => sideOf(threads(count)))).map((side) => [side.name, side]),
    );
    const comparison = await compare({
      scenario: 'scale',
      own: [...sides.values()],
      peers: [],
      shapes: [shape],
      seconds,
      onStep,
    });
    const lines = curves.map((curve) => lineOf(comparison, curve, ran));
    return {
      method: [
        `Load: the record of “unary”, 256 calls in flight over 32 connections, a closed loop, from one client process; ${availableParallelism()} processors. A handler`,
        'that does nothing: what is seen is the way to it. All sides are Heddle; “flat” is the most by the least of one curve, round by round.',
        ...comparisonMethod(comparison),
      ],
      columns: comparisonColumns,
      rows: comparisonRows(comparison),
      goals: lines.map(({ name, times }) => goalOf(name, times, ran)),
      plots: [plotOf(lines)],
      comparison,
      data: { curves: lines },
    };
  },
};

function sideOf({ io, cpu }: { readonly io: number; readonly cpu: number }): OwnSide {
  return {
    name: nameOf(io, cpu),
    server: import.meta.resolve('./scale/server.ts'),
    client: import.meta.resolve('./unary/client.ts'),
    params: { io, cpu },
  };
}

function nameOf(io: number, cpu: number): string {
  return cpu === 0 ? `${io} IO` : `${io} IO, ${cpu} CPU`;
}

interface Line {
  readonly name: string;
  /** Threads, server CPU µs per request. */
  readonly points: readonly (readonly [number, number])[];
  /** The most by the least, over the rounds. */
  readonly times: Spread;
}

function lineOf(comparison: Comparison, { name, threads }: Curve, ran: readonly number[]): Line {
  const sides = ran.map((count) => {
    const { io, cpu } = threads(count);
    return figuresOf(comparison, shape.name, nameOf(io, cpu))!;
  });
  const rounds = sides[0]!.samples.map((_, round) => sides.map(({ samples }) => samples[round]!.cpuUs));
  return {
    name,
    points: sides.map(({ cpuUs }, at) => [ran[at]!, cpuUs.median]),
    times: spreadOf(rounds.map((figures) => Math.max(...figures) / Math.min(...figures))),
  };
}

function goalOf(name: string, times: Spread, ran: readonly number[]): Goal {
  return {
    sentence: `${name}, ${ran[0]} to ${ran.at(-1)}: the most CPU per request is ${spreadText(times, 2)} times the least; goal: at most ${timesMax}`,
    met: times.median <= timesMax,
    ratio: times.median,
  };
}

function plotOf(lines: readonly Line[]): Plot {
  return {
    kind: 'lines',
    title: 'server CPU per request, µs',
    bottom: 'threads of each kind',
    lines: lines.map(({ name, points }) => ({ name, points })),
  };
}
