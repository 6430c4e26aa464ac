// Plot: what a scenario wants drawn on the page, as plain data in its report. Of a scenario with a comparison the page draws
// processor time and latencies by itself (`comparisonPlots`), so it need not ask.

import type { Comparison, ShapeFigures, SideFigures } from '../measure/comparison.ts';
import { type BarChart, barChart } from '../picture/bar-chart.ts';
import { type LineChart, lineChart } from '../picture/line-charts.ts';
import { type PercentileChart, percentileChart } from '../picture/percentile-chart.ts';

export type Plot =
  | ({ readonly kind: 'bars' } & BarChart)
  | ({ readonly kind: 'percentiles' } & PercentileChart)
  | ({ readonly kind: 'lines' } & LineChart);

/** As an SVG; its classes get their looks from the page. */
export function drawPlot(plot: Plot): string {
  switch (plot.kind) {
    case 'bars':
      return barChart(plot);
    case 'percentiles':
      return percentileChart(plot);
    case 'lines':
      return lineChart(plot);
  }
}

/** Two for each shape: what a request costs each side's server, and how long it takes. */
export function comparisonPlots({ shapes }: Comparison): Plot[] {
  return shapes.flatMap((shape): Plot[] => {
    const sides = inOrder(shape);
    if (sides.length === 0) return [];
    return [
      {
        kind: 'bars',
        title: `${shape.name}: server CPU per request`,
        unit: 'µs, median, lowest to highest',
        bars: sides.map(({ side, isOwn, cpuUs }) => ({ name: side, isOwn, ...cpuUs })),
      },
      {
        kind: 'percentiles',
        title: `${shape.name}: latency`,
        unit: 'ms, medians of the rounds',
        rows: sides.map(({ side, isOwn, p50Ms, p99Ms, p999Ms }) => ({
          name: side,
          isOwn,
          values: [
            { name: 'p50', value: p50Ms.median },
            { name: 'p99', value: p99Ms.median },
            { name: 'p99.9', value: p999Ms.median },
          ],
        })),
      },
    ];
  });
}

/** Heddle's first, then the peers, the cheapest first. */
function inOrder({ sides }: ShapeFigures): SideFigures[] {
  const peers = sides.filter(({ isOwn }) => !isOwn).sort((left, right) => left.cpuUs.median - right.cpuUs.median);
  return [...sides.filter(({ isOwn }) => isOwn), ...peers];
}
