// lineCharts: charts of a few lines each, side by side, as one SVG that needs nothing else: for the pictures of docs/; and
// one alone, for a page. Axes begin at 0; the first line is drawn full, the others dashed each its own way, so that they are
// told apart without colour.

import { axisOf } from './axis.ts';
import { escaped } from './escaped.ts';

export interface LineChart {
  readonly title: string;
  /** What the x axis counts. */
  readonly bottom: string;
  /** Six at most, each in the order of x. */
  readonly lines: readonly { readonly name: string; readonly points: readonly (readonly [number, number])[] }[];
}

const width = 460;
const height = 320;
const margin = { left: 52, right: 16, top: 58, bottom: 56 };
const strokes = [
  { color: '#0b6e4f', dash: '' },
  { color: '#c1440e', dash: '6 4' },
  { color: '#3567b0', dash: '2 3' },
  { color: '#8a5a9e', dash: '10 4' },
  { color: '#8d7208', dash: '10 4 2 4' },
  { color: '#6b6b6b', dash: '4 2' },
] as const;
const legendColumns = 3;

/** One chart alone. */
export function lineChart(chart: LineChart): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#222">${chartText(chart)}</svg>`;
}

export function lineCharts(heading: string, charts: readonly LineChart[]): string {
  const total = charts.length * width;
  const parts = charts.map((chart, at) => `<g transform="translate(${at * width} 26)">${chartText(chart)}</g>`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${total} ${height + 26}" width="${total}" height="${height + 26}" font-family="system-ui, sans-serif" font-size="12" fill="#222">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="${total / 2}" y="20" text-anchor="middle" font-size="15" font-weight="600">${escaped(heading)}</text>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function chartText({ title, bottom, lines }: LineChart): string {
  const all = lines.flatMap(({ points }) => points);
  const [x, y] = [axisOf(Math.max(...all.map(([x]) => x))), axisOf(Math.max(...all.map(([, y]) => y), 1))];
  const right = width - margin.right;
  const floor = height - margin.bottom;
  const atX = (value: number): number => round(margin.left + (value / x.end) * (right - margin.left));
  const atY = (value: number): number => round(floor - (value / y.end) * (floor - margin.top));
  const text: string[] = [
    `<text x="${margin.left}" y="18" font-weight="600">${escaped(title)}</text>`,
    `<text x="${(margin.left + right) / 2}" y="${height - 14}" text-anchor="middle">${escaped(bottom)}</text>`,
  ];
  for (const tick of y.ticks) {
    text.push(`<line x1="${margin.left}" x2="${right}" y1="${atY(tick)}" y2="${atY(tick)}" stroke="#ddd"/>`);
    text.push(`<text x="${margin.left - 6}" y="${atY(tick) + 4}" text-anchor="end">${round(tick)}</text>`);
  }
  for (const tick of x.ticks) {
    text.push(`<text x="${atX(tick)}" y="${floor + 18}" text-anchor="middle">${round(tick)}</text>`);
  }
  for (const [at, { name, points }] of lines.entries()) {
    const { color, dash } = strokes[at % strokes.length]!;
    const path = points.map(([x, y]) => `${atX(x)},${atY(y)}`).join(' ');
    const stroke = `stroke="${color}" stroke-width="2"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}`;
    text.push(`<polyline points="${path}" fill="none" ${stroke}/>`);
    for (const [x, y] of points) text.push(`<circle cx="${atX(x)}" cy="${atY(y)}" r="3" fill="${color}"/>`);
    const left = margin.left + (at % legendColumns) * 130;
    const middle = 36 + 14 * Math.floor(at / legendColumns);
    text.push(`<line x1="${left}" x2="${left + 26}" y1="${middle}" y2="${middle}" ${stroke}/>`);
    text.push(`<text x="${left + 32}" y="${middle + 4}">${escaped(name)}</text>`);
  }
  return text.join('\n');
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
