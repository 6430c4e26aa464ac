// overTimeLines: how a run went over time: requests a second and p99 as two lines of columns, so that a dip or a stall
// shows when it was. Pure.

import type { LoadResult } from '../../load/result.ts';
import { type Line, piece } from '../top/line.ts';
import { durationText, rateText } from '../top/numbers.ts';
import { type Symbols, sparkline } from '../top/symbols.ts';

const nameCells = 12;
/** For `95,000 to 101,000` behind the columns. */
const rangeCells = 24;

/** No lines when there is too little to make a picture of. */
export function overTimeLines({ slices, measuredMs }: LoadResult, cells: number, symbols: Symbols): Line[] {
  const room = cells - nameCells - rangeCells;
  if (slices.length < 3 || room < slices.length / 4 || slices.every(({ answers }) => answers === 0)) return [];
  const merged = merge(slices.length, Math.ceil(slices.length / Math.max(1, room)));
  const rates = merged.map((indices) => {
    const spanMs = indices.reduce((sum, at) => sum + Math.min(slices[at]!.toMs, measuredMs) - slices[at]!.fromMs, 0);
    return (indices.reduce((sum, at) => sum + slices[at]!.answers, 0) / spanMs) * 1000;
  });
  // A slice with no answer has none: not a latency of 0.
  const p99s = merged.map((indices) => {
    const known = indices.map((at) => slices[at]!.latencies).filter(({ count }) => count > 0);
    return known.length === 0 ? undefined : Math.max(...known.map((one) => one.quantileMs(0.99)));
  });
  return [
    overTimeLine('requests/s', rates, rangeText(rates, rateText), symbols),
    overTimeLine('p99', p99s, rangeText(p99s, durationText), symbols),
  ];
}

/** Indices of slices that share a column. */
function merge(count: number, each: number): number[][] {
  return Array.from({ length: Math.ceil(count / each) }, (_, column) =>
    Array.from({ length: Math.min(each, count - column * each) }, (_, at) => column * each + at),
  );
}

function overTimeLine(name: string, values: readonly (number | undefined)[], range: string, symbols: Symbols): Line {
  return [piece(name.padEnd(nameCells), 'quiet'), piece(sparkline(values, symbols), 'bar'), piece(`  ${range}`)];
}

function rangeText(values: readonly (number | undefined)[], text: (value: number) => string): string {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return '-';
  const [least, most] = [text(Math.min(...known)), text(Math.max(...known))];
  return least === most ? least : `${least} to ${most}`;
}
