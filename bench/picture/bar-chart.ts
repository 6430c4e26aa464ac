// barChart: one bar for each subject, with a line from its lowest to its highest figure: an SVG for a page, which says by its
// style what the classes look like. The scale begins at 0, so that lengths may be compared.

import { axisOf } from './axis.ts';
import { escaped } from './escaped.ts';

export interface BarChart {
  readonly title: string;
  /** What the figures are: `µs per request`. */
  readonly unit: string;
  readonly bars: readonly Bar[];
}

export interface Bar {
  readonly name: string;
  /** Drawn to stand out. */
  readonly isOwn: boolean;
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

const width = 560;
const right = 56;
const rowHeight = 26;
const top = 34;
const bottom = 40;
/** Of a letter, at most, px, and of all names together. */
const letterWidth = 6.8;
const namesMax = 200;

export function barChart({ title, unit, bars }: BarChart): string {
  const left = namesWidth(bars.map(({ name }) => name));
  const height = top + bars.length * rowHeight + bottom;
  const floor = top + bars.length * rowHeight;
  // A whisker that is far out would make all bars short: it ends at the edge.
  const most = Math.max(...bars.map(({ median, max }) => Math.min(max, 2 * median)), 0);
  const { ticks, end } = axisOf(most);
  const atX = (value: number): number => round(left + (Math.min(value, end) / end) * (width - right - left));
  const parts = [`<text class="title" x="0" y="16">${escaped(title)}</text>`];
  for (const tick of ticks) {
    parts.push(`<line class="grid" x1="${atX(tick)}" x2="${atX(tick)}" y1="${top}" y2="${floor}"/>`);
    parts.push(`<text class="tick" x="${atX(tick)}" y="${floor + 15}" text-anchor="middle">${shown(tick)}</text>`);
  }
  parts.push(
    `<text class="tick" x="${(left + width - right) / 2}" y="${height - 6}" text-anchor="middle">${escaped(unit)}</text>`,
  );
  for (const [at, { name, isOwn, median, min, max }] of bars.entries()) {
    const y = top + at * rowHeight;
    const middle = y + rowHeight / 2;
    const tip = `${name}: ${shown(median)} (${shown(min)} to ${shown(max)}) ${unit}`;
    parts.push(
      `<g class="${isOwn ? 'own' : 'peer'}"><title>${escaped(tip)}</title>`,
      `<text class="name" x="${left - 8}" y="${middle + 4}" text-anchor="end">${escaped(cut(name))}</text>`,
      `<rect class="bar" x="${left}" y="${y + 5}" width="${round(Math.max(atX(median) - left, 1))}" height="${rowHeight - 10}"/>`,
      `<path class="whisker" d="M${atX(min)} ${middle}H${atX(max)}M${atX(min)} ${middle - 4}v8M${atX(max)} ${middle - 4}v8"/>`,
      `<text class="figure" x="${round(Math.max(atX(max), atX(median)) + 6)}" y="${middle + 4}">${shown(median)}</text></g>`,
    );
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${escaped(title)}" viewBox="0 0 ${width} ${height}">${parts.join('\n')}</svg>`;
}

/** Room for the longest. */
export function namesWidth(names: readonly string[]): number {
  return Math.min(namesMax, Math.max(40, ...names.map((name) => Math.ceil(name.length * letterWidth) + 12)));
}

/** What does not fit ends in an ellipsis; its tip has it whole. */
export function cut(name: string): string {
  const lettersMax = Math.floor((namesMax - 12) / letterWidth);
  return name.length <= lettersMax ? name : `${name.slice(0, lettersMax - 1)}…`;
}

/** Three digits that count, `1,240`, `23.5`, `0.612`. */
export function shown(value: number): string {
  return value.toLocaleString('en', value >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
