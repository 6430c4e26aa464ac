// lineCharts: charts of a few lines each, side by side, as one SVG that needs nothing else: for the pictures of docs/. Axes
// begin at 0; the first line is drawn full, the second dashed, so that they are told apart without colour.

export interface LineChart {
  readonly title: string;
  /** What the x axis counts. */
  readonly bottom: string;
  /** Two at most, in the order of x. */
  readonly lines: readonly { readonly name: string; readonly points: readonly (readonly [number, number])[] }[];
}

const width = 460;
const height = 320;
const margin = { left: 52, right: 16, top: 58, bottom: 56 };
const strokes = [
  { color: '#0b6e4f', dash: '' },
  { color: '#c1440e', dash: '6 4' },
] as const;
const ticks = 5;

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
  const stepX = niceStep(Math.max(...all.map(([x]) => x)) / ticks);
  const stepY = niceStep(Math.max(...all.map(([, y]) => y), 1) / ticks);
  const maxX = Math.ceil(Math.max(...all.map(([x]) => x)) / stepX - 1e-9) * stepX;
  const maxY = Math.ceil(Math.max(...all.map(([, y]) => y), 1) / stepY - 1e-9) * stepY;
  const right = width - margin.right;
  const floor = height - margin.bottom;
  const atX = (x: number): number => round(margin.left + (x / maxX) * (right - margin.left));
  const atY = (y: number): number => round(floor - (y / maxY) * (floor - margin.top));
  const text: string[] = [
    `<text x="${margin.left}" y="18" font-weight="600">${escaped(title)}</text>`,
    `<text x="${(margin.left + right) / 2}" y="${height - 14}" text-anchor="middle">${escaped(bottom)}</text>`,
  ];
  for (let y = 0; y <= maxY + stepY / 2; y += stepY) {
    text.push(`<line x1="${margin.left}" x2="${right}" y1="${atY(y)}" y2="${atY(y)}" stroke="#ddd"/>`);
    text.push(`<text x="${margin.left - 6}" y="${atY(y) + 4}" text-anchor="end">${round(y)}</text>`);
  }
  for (let x = 0; x <= maxX + stepX / 2; x += stepX) {
    text.push(`<text x="${atX(x)}" y="${floor + 18}" text-anchor="middle">${round(x)}</text>`);
  }
  for (const [at, { name, points }] of lines.entries()) {
    const { color, dash } = strokes[at % strokes.length]!;
    const path = points.map(([x, y]) => `${atX(x)},${atY(y)}`).join(' ');
    const stroke = `stroke="${color}" stroke-width="2"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}`;
    text.push(`<polyline points="${path}" fill="none" ${stroke}/>`);
    for (const [x, y] of points) text.push(`<circle cx="${atX(x)}" cy="${atY(y)}" r="3" fill="${color}"/>`);
    const left = margin.left + at * 130;
    text.push(`<line x1="${left}" x2="${left + 26}" y1="36" y2="36" ${stroke}/>`);
    text.push(`<text x="${left + 32}" y="40">${escaped(name)}</text>`);
  }
  return text.join('\n');
}

/** The next of 1, 2, 5, 10, … that is not below. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= least * 0.999)!;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
