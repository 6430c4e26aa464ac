// What a Comparison says: table, sentences and goals of a scenario's report, the same for all scenarios with peers.

import type { Goal } from '../scenario.ts';
import type { Comparison, NotRun, Ratios, ShapeFigures, SideFigures } from './comparison.ts';
import type { Spread } from './pairs.ts';

/** Of a reason, as it is printed, UTF-16 units. */
const reasonMax = 300;

export const comparisonColumns: readonly string[] = [
  'load, server',
  'server CPU µs per request',
  '',
  'heddle takes',
  'requests/s',
  'p50 ms',
  'p99 ms',
  'p99.9 ms',
  'RSS MB',
];

/** A row for each side in each shape: Heddle's first, then the peers, the cheapest first. */
export function comparisonRows({ shapes }: Comparison): string[][] {
  return shapes.flatMap(({ name, sides }) => {
    const peers = sides.filter(({ isOwn }) => !isOwn).sort((left, right) => left.cpuUs.median - right.cpuUs.median);
    return [...sides.filter(({ isOwn }) => isOwn), ...peers].map((side) => cellsOf(name, side));
  });
}

/** What the figures are, and who is not among them. */
export function comparisonMethod({ rounds, sampleMs, warmUpMs, versions, notRun }: Comparison): string[] {
  const packages = Object.entries(versions).map(([side, text]) => `${side} (${text})`);
  return [
    'Each side has a server and a client process, and its own client library where no other is named above. All take turns:',
    `medians of ${rounds} rounds of ${Math.round(sampleMs)} ms (lowest to highest), after ${Math.round(warmUpMs)} ms of warm-up. CPU: user and system time of the server, all threads and`,
    'processes, by right answer; the client checks each. “heddle takes”: its CPU by the peer’s, median of the rounds’ ratios.',
    `Sides: ${packages.join('; ')}.`,
    ...notRun.map(notRunLine),
  ];
}

/** In one line; all of it is in the JSON. */
function notRunLine({ side, shape, reason }: NotRun): string {
  const line = reason.replaceAll(/\s+/g, ' ').slice(0, reasonMax);
  return `NOT MEASURED: ${side}${shape === undefined ? '' : ` at ${shape}`}: ${line}`;
}

/** What a goal compares: Heddle's figure by a peer's. */
export interface RatioGoal {
  readonly shape: string;
  /** Heddle's side. Default: the first. */
  readonly own?: string;
  /** A peer's name; `best`: whichever of `among` (default: all) needs the least. */
  readonly against: string;
  readonly among?: readonly string[];
  /** Default `cpuUs`. Of `perSecond` more is better, of all others less. */
  readonly figure?: keyof Ratios;
  /** The ratio that is allowed: at most; of `perSecond`: at least. */
  readonly goal: number;
  readonly stretch?: number;
}

const figureNames: Readonly<Record<keyof Ratios, string>> = {
  cpuUs: 'server CPU per request',
  perSecond: 'requests/s',
  p50Ms: 'p50',
  p99Ms: 'p99',
};

/** Not judged when the peer was not measured. */
export function ratioGoal({ shapes }: Comparison, asked: RatioGoal): Goal {
  const { shape, against, among, figure = 'cpuUs', goal, stretch } = asked;
  const isMore = figure === 'perSecond';
  const sides = shapes.find(({ name }) => name === shape)?.sides ?? [];
  const own = asked.own ?? sides.find(({ isOwn }) => isOwn)?.side ?? 'heddle';
  const what = `${shape}: ${figureNames[figure]} of ${own}`;
  const bound = `${isMore ? 'at least' : 'at most'} ${goal}${stretch === undefined ? '' : `, stretch ${stretch}`}`;
  const peers = sides.filter(({ side, isOwn }) =>
    against === 'best' ? !isOwn && (among?.includes(side) ?? true) : side === against,
  );
  const hardest = peers
    .map(({ side, ratios }) => ({ side, ratio: ratios[own]![figure] }))
    .sort((left, right) => (right.ratio.median - left.ratio.median) * (isMore ? -1 : 1))[0];
  const whom = against === 'best' ? 'the best peer' : against;
  if (hardest === undefined) {
    return { sentence: `${what} by that of ${whom}, which was not measured; goal: ${bound}`, met: undefined };
  }
  const { side, ratio } = hardest;
  const reaches = (limit: number): boolean => (isMore ? ratio.median >= limit : ratio.median <= limit);
  const reached = stretch !== undefined && reaches(stretch) ? ' (reached)' : '';
  return {
    sentence: `${what} is ${spreadText(ratio, 2)} times that of ${against === 'best' ? `the best peer, ${side}` : side}; goal: ${bound}${reached}`,
    met: reaches(goal),
    ratio: ratio.median,
  };
}

/** The figures of a side in a shape; undefined: it was not measured. */
export function figuresOf({ shapes }: Comparison, shape: string, side: string): SideFigures | undefined {
  return shapes.find(({ name }: ShapeFigures) => name === shape)?.sides.find((figures) => figures.side === side);
}

/** `0.41 (0.38 to 0.52)`. */
export function spreadText({ median, min, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`;
}

function cellsOf(shape: string, side: SideFigures): string[] {
  const { cpuUs, perSecond, p50Ms, p99Ms, p999Ms, rssMb, ratios } = side;
  const taken = Object.values(ratios).map((ratio) => ratio.cpuUs.median.toFixed(2));
  return [
    `${shape}, ${side.side}`,
    cpuUs.median.toFixed(1),
    `(${cpuUs.min.toFixed(1)} to ${cpuUs.max.toFixed(1)})`,
    taken.join(', ') || '–',
    Math.round(perSecond.median).toLocaleString('en'),
    ...[p50Ms, p99Ms, p999Ms].map(({ median }) => median.toFixed(2)),
    rssMb.median.toFixed(0),
  ];
}
