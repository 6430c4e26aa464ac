// The methods in `heddle top`: how often each is asked, how often it fails, how long it takes.

import type { MethodReport, ServiceRow } from '../../admin/shapes.ts';
import { type Piece, piece } from './line.ts';
import { countText, durationText, rateText } from './numbers.ts';
import type { Rate, Rates } from './rates.ts';
import type { Column, Table } from './table.ts';
import type { MethodSort } from './view.ts';

const columns: readonly Column[] = [
  { title: 'METHOD', align: 'left', least: 20, shrinks: true },
  { title: 'POOL', align: 'left', least: 8, drop: 5 },
  { title: 'REQUESTS/S', align: 'right' },
  { title: 'INSIDE/S', align: 'right', drop: 6 },
  { title: 'ERRORS/S', align: 'right' },
  // Of the whole service, with the lower of its two bounds: the place to look for overload, so others go before it.
  { title: 'AT ONCE', align: 'right', least: 7, drop: 1 },
  // Since the start of the process: quantiles of an interval can't be had from two answers.
  { title: 'P50', align: 'right', least: 8, drop: 2 },
  { title: 'P99', align: 'right', least: 8 },
  { title: 'MOSTLY', align: 'left', least: 8, shrinks: true, drop: 3 },
  { title: 'TOTAL', align: 'right', least: 10, drop: 4 },
];

interface Method {
  name: string;
  service: ServiceRow;
  report: MethodReport;
  rate: Rate | undefined;
  total: number;
}

export function methodsTable(services: readonly ServiceRow[], rates: Rates | undefined, sort: MethodSort): Table {
  const methods = services.flatMap((service) =>
    service.methods.map((report): Method => {
      const name = `${service.name}/${report.name}`;
      return { name, service, report, rate: rates?.methods.get(name), total: totalOf(report) };
    }),
  );
  return { columns, rows: methods.sort(comparisons[sort]).map(row) };
}

function row({ name, service, report, rate, total }: Method): Piece[] {
  const never = total === 0;
  const quiet = (value: number | undefined) => (value === undefined || value === 0 ? 'quiet' : 'plain');
  const errors = rate?.errors;
  const latency = (ms: number): Piece => piece(never ? '-' : durationText(ms), never ? 'quiet' : 'plain');
  return [
    piece(name, rate === undefined || rate.requests === 0 ? 'plain' : 'strong'),
    piece(service.pool, 'quiet'),
    piece(rateText(rate?.requests), quiet(rate?.requests)),
    piece(rateText(rate?.inside), quiet(rate?.inside)),
    piece(rateText(errors), errors === undefined || errors === 0 ? 'quiet' : 'alarm'),
    atOnce(service),
    latency(report.latencyP50Ms),
    latency(report.latencyP99Ms),
    piece(rate?.mostly ?? '', 'alarm'),
    piece(countText(total), 'quiet'),
  ];
}

function atOnce({ inFlight, maxConcurrency, adaptiveLimit = 0 }: ServiceRow): Piece {
  const bounds = [maxConcurrency, adaptiveLimit].filter((bound) => bound > 0);
  if (bounds.length === 0) return piece(countText(inFlight), inFlight === 0 ? 'quiet' : 'plain');
  const bound = Math.min(...bounds);
  return piece(`${countText(inFlight)}/${countText(bound)}`, inFlight >= bound ? 'alarm' : 'plain');
}

function totalOf({ fromSockets, fromFibers }: MethodReport): number {
  return [...Object.values(fromSockets), ...Object.values(fromFibers)].reduce((sum, count) => sum + count, 0);
}

const byName = (a: Method, b: Method): number => a.name.localeCompare(b.name, 'en');
const byTotal = (a: Method, b: Method): number => b.total - a.total || byName(a, b);
const comparisons: Record<MethodSort, (a: Method, b: Method) => number> = {
  rate: (a, b) => (b.rate?.requests ?? 0) - (a.rate?.requests ?? 0) || byTotal(a, b),
  errors: (a, b) => (b.rate?.errors ?? 0) - (a.rate?.errors ?? 0) || byTotal(a, b),
  p99: (a, b) => b.report.latencyP99Ms - a.report.latencyP99Ms || byTotal(a, b),
  name: byName,
};
