// formatSimulation: a simulation for the terminal: latencies of all variants, a histogram, and where the time goes. Pure.

import { formatMs, formatPercent } from '../draw/describe.ts';
import type { Distribution, HistogramBar, SimulatedNode, SimulatedVariant, Simulation } from './simulation.ts';
import { bar, formatTable } from './table.ts';

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
    ...formatTable([
      latencyHead,
      ...[base, ...variants].map((one) => latencyRow(one, one === base ? undefined : base)),
    ]),
    '',
    `Distribution ${base.name}`,
    ...bars(base.histogram, width),
    '',
    `Nodes ${base.name}`,
    ...formatTable([nodeHead, ...base.nodes.map((node) => nodeRow(node, base.latency.meanMs))]),
    ...shares('Failures', base.failures),
    ...shares('Degraded', base.degraded),
  ].join('\n');
}

function notes({ withoutLatency, problems }: Simulation): string[] {
  const unknown =
    withoutLatency.length === 0
      ? []
      : [`! no latency is known of ${withoutLatency.join(', ')}: they take 0 ms here; measure them, or write estimate`];
  return [...unknown, ...problems.map((problem) => `! ${problem}`)];
}

const latencyHead = ['', 'mean', 'p50', 'p90', 'p95', 'p99', 'p99.9', 'ok', 'degraded', 'calls', 'hedges', 'retries'];
const quantiles = [
  'meanMs',
  'p50Ms',
  'p90Ms',
  'p95Ms',
  'p99Ms',
  'p999Ms',
] as const satisfies readonly (keyof Distribution)[];

/** A variant says what p99 and success gain or lose against the base. */
function latencyRow(variant: SimulatedVariant, base: SimulatedVariant | undefined): string[] {
  const { latency, successShare, degradedShare, attempts, hedges, retries } = variant;
  const row = [
    variant.name,
    ...quantiles.map((key) => formatMs(latency[key])),
    percent(successShare),
    percent(degradedShare),
    attempts.toFixed(2),
    hedges.toFixed(3),
    retries.toFixed(3),
  ];
  return base === undefined ? row : [...row, changeText(variant, base)];
}

function changeText(variant: SimulatedVariant, base: SimulatedVariant): string {
  const p99 = variant.latency.p99Ms - base.latency.p99Ms;
  const success = variant.successShare - base.successShare;
  const calls = base.attempts === 0 ? 0 : variant.attempts / base.attempts - 1;
  const changes = [
    ...(Math.abs(p99) < noticeable ? [] : [`p99 ${p99 > 0 ? '+' : '−'}${formatMs(Math.abs(p99))}`]),
    ...(Math.abs(success) < noticeable ? [] : [`ok ${signed(success)}`]),
    ...(Math.abs(calls) < noticeable ? [] : [`calls ${signed(calls)}`]),
  ];
  return changes.length === 0 ? 'no change' : changes.join(', ');
}

function signed(share: number): string {
  return `${share > 0 ? '+' : '−'}${percent(Math.abs(share))}`;
}

function bars(histogram: readonly HistogramBar[], width: number): string[] {
  const longest = Math.max(...histogram.map(({ share }) => share));
  const rows = histogram.map(({ fromMs, toMs }) => `${formatMs(fromMs)} to ${formatMs(toMs)}`);
  const label = Math.max(0, ...rows.map((row) => row.length));
  const columns = Math.min(barColumnsMax, width - label - 12);
  return histogram.map(({ share }, index) => {
    const drawn = bar(longest === 0 ? 0 : share / longest, columns);
    return `  ${rows[index]!.padStart(label)}  ${drawn} ${share === 0 ? '' : percent(share)}`.trimEnd();
  });
}

const nodeHead = ['', 'ran', 'mean', 'p95', 'calls', 'failed', 'critical', 'adds', 'share'];

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

/** Shares near all and near nothing need their decimals: 99.95 %. */
function percent(share: number): string {
  if (share > 0.99 && share < 1) return `${Math.min(99.99, Number((share * 100).toFixed(2)))} %`;
  if (share > 0 && share < 0.0005) return `${Number((share * 100).toPrecision(1))} %`;
  return formatPercent(share);
}

function counted(runs: number): string {
  return String(runs).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}
