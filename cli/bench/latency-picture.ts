// latencyPicture: how long requests took, as a picture: a histogram in columns over a logarithmic axis of time, with the
// percentiles below it. Pure functions; what they make has no terminal in it.

import type { Latencies } from '../../load/latencies.ts';
import { type Line, type Piece, piece, type Tone } from '../top/line.ts';
import { durationText } from '../top/numbers.ts';
import { type Symbols, unicodeSymbols } from '../top/symbols.ts';

/** Rows of the histogram. */
const rows = 8;
/** The axis shows at least this factor: a hair's breadth of difference must not look like a mountain range. */
const factorMin = 10;
/** Cells between two labels of the axis at least. */
const labelSpace = 10;

export const marks = [
  { name: 'p50', quantile: 0.5 },
  { name: 'p90', quantile: 0.9 },
  { name: 'p99', quantile: 0.99 },
  { name: 'p99.9', quantile: 0.999 },
  { name: 'max', quantile: 1 },
] as const;

interface Axis {
  fromMs: number;
  toMs: number;
  cells: number;
}

/** No line is wider than `cells`, which is 20 at least. Nothing was measured: no lines. */
export function latencyPicture(latencies: Latencies, cells: number, symbols: Symbols): Line[] {
  if (latencies.count === 0) return [];
  const axis = axisFor(latencies, Math.max(20, cells));
  const tones = Array.from({ length: axis.cells }, (_, cell) => toneOf(cell, axis, latencies));
  return [
    ...columnLines(columnsOf(latencies, axis), tones, symbols),
    ...axisLines(axis, symbols),
    ...markLines(latencies, axis, symbols),
  ];
}

function axisFor(latencies: Latencies, cells: number): Axis {
  const buckets = latencies.buckets();
  let fromMs = buckets[0]!.fromMs;
  let toMs = buckets.at(-1)!.toMs;
  const short = factorMin / (toMs / fromMs);
  if (short > 1) {
    fromMs /= Math.sqrt(short);
    toMs *= Math.sqrt(short);
  }
  return { fromMs, toMs, cells };
}

/** Where a time lies, in cells, with a fraction. */
function placeOf(ms: number, { fromMs, toMs, cells }: Axis): number {
  return (Math.log(ms / fromMs) / Math.log(toMs / fromMs)) * cells;
}

function cellOf(ms: number, axis: Axis): number {
  return Math.min(axis.cells - 1, Math.max(0, Math.floor(placeOf(ms, axis))));
}

/** How many took as long as each cell says. A bucket that lies over several is shared among them. */
function columnsOf(latencies: Latencies, axis: Axis): number[] {
  const columns = new Array<number>(axis.cells).fill(0);
  for (const { fromMs, toMs, count } of latencies.buckets()) {
    const from = placeOf(fromMs, axis);
    const to = placeOf(toMs, axis);
    for (let cell = cellOf(fromMs, axis); cell <= cellOf(toMs, axis); cell++) {
      const overlap = Math.min(to, cell + 1) - Math.max(from, cell);
      if (overlap > 0) columns[cell]! += (count * overlap) / (to - from);
    }
  }
  return columns;
}

function columnLines(columns: readonly number[], tones: readonly Tone[], { spark }: Symbols): Line[] {
  const highest = Math.max(...columns);
  const steps = spark.length;
  // What is there shows, and be it one of a million: the tail is what one looks for.
  const heights = columns.map((count) => (count > 0 ? Math.max(1, Math.round((count / highest) * rows * steps)) : 0));
  return Array.from({ length: rows }, (_, index) => {
    const below = (rows - 1 - index) * steps;
    const text = heights.map((height) => {
      const part = Math.min(steps, height - below);
      return part <= 0 ? ' ' : spark[part - 1]!;
    });
    return joined(text, tones);
  });
}

/** Below the median, up to p99, and the tail. */
function toneOf(cell: number, axis: Axis, latencies: Latencies): Tone {
  if (cell <= cellOf(latencies.quantileMs(0.5), axis)) return 'good';
  return cell <= cellOf(latencies.quantileMs(0.99), axis) ? 'bar' : 'warning';
}

/** Characters, each with its tone, in as few pieces as there are changes. */
function joined(characters: readonly string[], tones: readonly Tone[]): Line {
  const pieces: Piece[] = [];
  for (const [at, text] of characters.entries()) {
    const tone = tones[at]!;
    const last = pieces.at(-1);
    if (last !== undefined && last.tone === tone) last.text += text;
    else pieces.push({ text, tone });
  }
  return pieces;
}

function axisLines(axis: Axis, symbols: Symbols): Line[] {
  const [line, tick] = symbols === unicodeSymbols ? ['─', '┬'] : ['-', '+'];
  const rule = new Array<string>(axis.cells).fill(line);
  const labels = new Array<string>(axis.cells).fill(' ');
  let freeFrom = 0;
  for (const ms of ticksOf(axis)) {
    const cell = cellOf(ms, axis);
    const label = durationText(ms);
    if (cell < freeFrom || cell + label.length > axis.cells) continue;
    rule[cell] = tick;
    labels.splice(cell, label.length, ...label);
    freeFrom = cell + label.length + 2;
  }
  return [[piece(rule.join(''), 'quiet')], [piece(labels.join(''), 'quiet')]];
}

/** Round times: 1, 10, 100, where there is room 1, 2, 5, 10. */
function ticksOf(axis: Axis): number[] {
  const decades = Math.log10(axis.toMs / axis.fromMs);
  const steps = axis.cells / decades >= 3 * labelSpace ? [1, 2, 5] : [1];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(axis.fromMs)); 10 ** power <= axis.toMs; power++) {
    for (const step of steps) {
      // Divided, not multiplied: 3 * 10 ** -1 is no 0.3.
      const ms = power < 0 ? step / 10 ** -power : step * 10 ** power;
      if (ms >= axis.fromMs && ms <= axis.toMs) ticks.push(ms);
    }
  }
  return ticks;
}

/** The names of the percentiles where they lie, each line with as many as have room. */
function markLines(latencies: Latencies, axis: Axis, symbols: Symbols): Line[] {
  const pointer = symbols === unicodeSymbols ? '▲' : '^';
  const lines: string[] = [];
  for (const { name, quantile } of marks) {
    const cell = cellOf(latencies.quantileMs(quantile), axis);
    const fits = cell + name.length + 1 <= axis.cells;
    const text = fits ? `${pointer}${name}` : `${name}${pointer}`;
    const from = fits ? cell : cell - name.length;
    let line = lines.findIndex((taken) => taken.length === 0 || taken.length < from);
    if (line < 0) line = lines.push('') - 1;
    lines[line] = lines[line]!.padEnd(from) + text;
  }
  return lines.map((text) => [piece(text, 'plain')]);
}
