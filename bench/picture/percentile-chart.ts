// percentileChart: the latencies of each subject on one line of a logarithmic scale, from its median to its slowest: an SVG
// for a page, which says by its style what the classes look like.

import { cut, namesWidth, shown } from './bar-chart.ts';
import { escaped } from './escaped.ts';

export interface PercentileChart {
  readonly title: string;
  /** What the figures are: `ms`. */
  readonly unit: string;
  readonly rows: readonly PercentileRow[];
}

export interface PercentileRow {
  readonly name: string;
  readonly isOwn: boolean;
  /** Of the same names in each row, in rising order; three at most. */
  readonly values: readonly { readonly name: string; readonly value: number }[];
}

const width = 560;
const right = 24;
const rowHeight = 26;
const top = 56;
const bottom = 40;
/** Below this nobody can tell two apart, and a logarithm needs an end. */
const least = 1e-4;
/** Around 0, 0; each another shape, so that they are told apart without colour. */
const marks = ['M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0', 'M-4 -4h8v8h-8z', 'M0 -5.5L5.5 0L0 5.5L-5.5 0z'];

export function percentileChart({ title, unit, rows }: PercentileChart): string {
  const left = namesWidth(rows.map(({ name }) => name));
  const floor = top + rows.length * rowHeight;
  const height = floor + bottom;
  const all = rows.flatMap(({ values }) => values.map(({ value }) => Math.max(value, least)));
  const from = Math.floor(Math.log10(Math.min(...all)));
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(...all))));
  const atX = (value: number): number =>
    round(left + ((Math.log10(Math.max(value, least)) - from) / (to - from)) * (width - right - left));
  const parts = [`<text class="title" x="0" y="16">${escaped(title)}</text>`, legend(rows[0]?.values ?? [], left)];
  for (let power = from; power <= to; power++) {
    const x = atX(10 ** power);
    parts.push(`<line class="grid" x1="${x}" x2="${x}" y1="${top}" y2="${floor}"/>`);
    parts.push(`<text class="tick" x="${x}" y="${floor + 15}" text-anchor="middle">${shown(10 ** power)}</text>`);
  }
  parts.push(
    `<text class="tick" x="${(left + width - right) / 2}" y="${height - 6}" text-anchor="middle">${escaped(unit)}</text>`,
  );
  for (const [at, { name, isOwn, values }] of rows.entries()) {
    const y = top + at * rowHeight + rowHeight / 2;
    const tip = `${name}: ${values.map((one) => `${one.name} ${shown(one.value)}`).join(', ')} ${unit}`;
    const ends = values.map(({ value }) => atX(value));
    parts.push(
      `<g class="${isOwn ? 'own' : 'peer'}"><title>${escaped(tip)}</title>`,
      `<text class="name" x="${left - 8}" y="${y + 4}" text-anchor="end">${escaped(cut(name))}</text>`,
      `<path class="whisker" d="M${ends[0]} ${y}H${ends.at(-1)}"/>`,
      ...ends.map(
        (x, mark) => `<path class="bar" transform="translate(${x} ${y})" d="${marks[mark % marks.length]}"/>`,
      ),
      '</g>',
    );
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${escaped(title)}" viewBox="0 0 ${width} ${height}">${parts.join('\n')}</svg>`;
}

function legend(values: PercentileRow['values'], left: number): string {
  return values
    .map(({ name }, at) => {
      const x = left + at * 80;
      return `<path class="mark" transform="translate(${x + 6} 36)" d="${marks[at % marks.length]}"/><text class="tick" x="${x + 16}" y="40">${escaped(name)}</text>`;
    })
    .join('\n');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
