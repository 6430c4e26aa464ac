// formatSimulation: a simulation for the terminal: latencies of all variants, a histogram, and where the time goes.
// Pure.

import { formatMs, formatPercent } from '../draw/describe.ts';
import type { HistogramBar, SimulatedNode, SimulatedVariant, Simulation } from './simulation.ts';
import { bar, formatTable } from './table.ts';
import { wrapped } from './wrap.ts';

export interface FormatSimulationOptions {
  /** Columns of the terminal, from 60. 100. */
  readonly width?: number;
}

const widthMin = 60;
const defaultWidth = 100;
const barColumnsMax = 50;
/** Marks and codes that are listed. */
const sharesMax = 12;
/** What a variant must change to be shown: ms or a share. */
const noticeable = 0.00005;

/** Lines without colours. */
export function formatSimulation(simulation: Simulation, options: FormatSimulationOptions = {}): string {
  const width = Math.max(widthMin, options.width ?? defaultWidth);
  const { strategy, runs, seed, runsPerSecond, valuesFrom, base, variants } = simulation;
  return [
    `${strategy}: ${counted(runs)} runs on a virtual clock, ${runsPerSecond} a second, seed ${seed}; values from ${valuesFrom}`,
    ...notes(simulation),
    '',
    'Latency of runs',
    ...latencyTable(base, variants, width),
    '',
    `Distribution ${base.name}`,
    ...bars(base.histogram, width),
    '',
    `Nodes ${base.name}`,
    ...nodeTable(base, width),
    ...shares('Failures', base.failures),
    ...shares('Degraded', base.degraded),
  ]
    .flatMap((line) => wrapped(line, width, 6))
    .join('\n');
}

function notes({ withoutLatency, unknownNodes, problems }: Simulation): string[] {
  return [
    ...(withoutLatency.length > 0
      ? [`! no latency is known of ${withoutLatency.join(', ')}: 0 ms here; measure them, or write an estimate`]
      : []),
    ...(unknownNodes.length > 0 ? [`! latencies of nodes that there are not: ${unknownNodes.join(', ')}`] : []),
    ...problems.map((problem) => `! ${problem}`),
  ];
}

interface Column {
  readonly head: string;
  readonly text: (variant: SimulatedVariant) => string;
}

const columns: readonly Column[] = [
  { head: 'mean', text: ({ latency }) => formatMs(latency.meanMs) },
  { head: 'p50', text: ({ latency }) => formatMs(latency.p50Ms) },
  { head: 'p90', text: ({ latency }) => formatMs(latency.p90Ms) },
  { head: 'p95', text: ({ latency }) => formatMs(latency.p95Ms) },
  { head: 'p99', text: ({ latency }) => formatMs(latency.p99Ms) },
  { head: 'p99.9', text: ({ latency }) => formatMs(latency.p999Ms) },
  { head: 'ok', text: ({ successShare }) => percent(successShare) },
  { head: 'degraded', text: ({ degradedShare }) => percent(degradedShare) },
  { head: 'calls', text: ({ attempts }) => attempts.toFixed(2) },
  { head: 'hedges', text: ({ hedges }) => hedges.toFixed(3) },
  { head: 'retries', text: ({ retries }) => retries.toFixed(3) },
];

/** What gives way where the terminal is narrow, step by step; from `below` on, changes stand below their variant. */
const givesWay = ['p90', 'retries', 'hedges', 'below', 'mean', 'p99.9', 'degraded', 'calls'] as const;

/** What a variant gains or loses against the base stands behind it, or below it. */
function latencyTable(base: SimulatedVariant, variants: readonly SimulatedVariant[], width: number): string[] {
  const changes = ['', '', ...variants.map((variant) => changeText(variant, base))];
  for (let steps = 0; ; steps++) {
    const gone: readonly string[] = givesWay.slice(0, steps);
    const left = columns.filter(({ head }) => !gone.includes(head));
    const rows = [base, ...variants].map((variant) => [variant.name, ...left.map(({ text }) => text(variant))]);
    const lines = formatTable([['', ...left.map(({ head }) => head)], ...rows]).flatMap((line, index) => {
      const change = changes[index]!;
      if (change === '') return [line];
      return gone.includes('below') ? [line, `      ${change}`] : [`${line}  ${change}`];
    });
    if (steps === givesWay.length || lines.every((line) => line.length <= width)) return lines;
  }
}

function changeText(variant: SimulatedVariant, base: SimulatedVariant): string {
  const success = variant.successShare - base.successShare;
  const calls = base.attempts === 0 ? 0 : variant.attempts / base.attempts - 1;
  const degraded = variant.degradedShare - base.degradedShare;
  const changes = [
    ...latencyChange(variant, base),
    ...(Math.abs(success) < noticeable ? [] : [`ok ${signed(success)}`]),
    ...(Math.abs(degraded) < noticeable ? [] : [`degraded ${signed(degraded)}`]),
    ...(Math.abs(calls) < noticeable ? [] : [`calls ${signed(calls)}`]),
  ];
  return changes.length === 0 ? 'no change' : changes.join(', ');
}

/** Of the slowest runs; where those take as long as before, of the others. */
function latencyChange(variant: SimulatedVariant, base: SimulatedVariant): string[] {
  for (const [name, key] of [
    ['p99', 'p99Ms'],
    ['p50', 'p50Ms'],
    ['mean', 'meanMs'],
  ] as const) {
    const change = variant.latency[key] - base.latency[key];
    if (Math.abs(change) >= noticeable) return [`${name} ${change > 0 ? '+' : '−'}${formatMs(Math.abs(change))}`];
  }
  return [];
}

function signed(share: number): string {
  return `${share > 0 ? '+' : '−'}${percent(Math.abs(share))}`;
}

function bars(histogram: readonly HistogramBar[], width: number): string[] {
  const longest = Math.max(...histogram.map(({ share }) => share));
  const rows = histogram.map(({ fromMs, toMs }) => `${formatMs(fromMs)} to ${formatMs(toMs)}`);
  const label = Math.max(0, ...rows.map((row) => row.length));
  const barColumns = Math.min(barColumnsMax, width - label - 12);
  return histogram.map(({ share }, index) => {
    const drawn = bar(longest === 0 ? 0 : share / longest, barColumns);
    return `  ${rows[index]!.padStart(label)}  ${drawn} ${share === 0 ? '' : percent(share)}`.trimEnd();
  });
}

const nodeHead = ['', 'ran', 'mean', 'p95', 'calls', 'failed', 'critical', 'adds', 'share'];

/** Columns that give way where the terminal is narrow, the first first. */
const nodesGiveWay = ['adds', 'calls', 'mean', 'failed'];

function nodeTable({ nodes, latency }: SimulatedVariant, width: number): string[] {
  const rows = [nodeHead, ...nodes.map((node) => nodeRow(node, latency.meanMs))];
  for (let steps = 0; ; steps++) {
    const gone = nodesGiveWay.slice(0, steps);
    const lines = formatTable(rows.map((row) => row.filter((_, column) => !gone.includes(nodeHead[column]!))));
    if (steps === nodesGiveWay.length || lines.every((line) => line.length <= width)) return lines;
  }
}

function nodeRow(node: SimulatedNode, meanMs: number): string[] {
  const { name, ranShare, criticalShare, criticalMs, attempts, failedShare } = node;
  return [
    name,
    percent(ranShare),
    formatMs(node.meanMs),
    formatMs(node.p95Ms),
    attempts.toFixed(2),
    percent(failedShare),
    percent(criticalShare),
    formatMs(criticalMs),
    percent(meanMs === 0 ? 0 : criticalMs / meanMs),
  ];
}

function shares(head: string, list: SimulatedVariant['degraded']): string[] {
  if (list.length === 0) return [];
  const more = list.length - sharesMax;
  const rows = list.slice(0, sharesMax).map(({ what, share }) => [what, percent(share)]);
  return ['', head, ...formatTable(rows), ...(more > 0 ? [`  and ${more} more`] : [])];
}

/** Near all and near nothing the decimals count: 99.95 %, 0.3 %. */
function percent(share: number): string {
  const away = Math.min(share, 1 - share);
  if (away <= 0 || away >= 0.1) return formatPercent(share);
  const decimals = away < 0.01 ? 2 : 1;
  const shown = Number((share * 100).toFixed(decimals));
  // What is not all must not look so.
  return `${share > 0.5 ? Math.min(99.99, shown) : Math.max(0.01, shown)} %`;
}

function counted(runs: number): string {
  return String(runs).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}
