// What a running process says of its strategies, as tables and sentences for people. Pure functions.

import { formatMs, formatPercent } from '../../dag/draw/describe.ts';
import type { InForce, VersionReport } from '../../dag/host/process-strategies.ts';
import type { NodeReport, StrategiesReport, StrategyReport } from '../../dag/host/strategy-report.ts';
import { lines, table } from '../admin-tables.ts';
import { fitTable } from './fit-table.ts';
import { count } from './output.ts';

/** Columns that give way where the terminal is narrow, the first first. */
const statusGivesWay = ['MEAN', 'P50', 'RUNS BY LEVEL', 'BY HAND', 'P99', 'DEGRADED'];
const nodesGiveWay = ['P95', 'HEDGES', 'CACHED', 'P50', 'CALLS', 'DEGRADED', 'SKIPPED', 'P99'];

export function strategiesText({ version, strategies }: StrategiesReport, width: number): string {
  const head = ['STRATEGY', 'RUNS', 'FAILED', 'DEGRADED', 'MEAN', 'P50', 'P99', 'BY HAND', 'RUNS BY LEVEL'];
  const rows = strategies.map((one) => {
    const { name, done, failed, degraded, manualLevel, levels } = one;
    const times = [one.meanMs, one.p50Ms, one.p99Ms].map(time);
    const byHand = manualLevel === undefined ? '-' : `level ${manualLevel}`;
    return [name, String(done + failed), String(failed), String(degraded), ...times, byHand, levelsText(levels)];
  });
  return lines([
    `version ${version}`,
    '',
    ...fitTable([head, ...rows], width, statusGivesWay),
    ...strategies.flatMap(whyLines),
  ]);
}

/** Its nodes, below its picture. */
export function nodesText({ strategies }: StrategiesReport, strategy: string, width: number): string {
  const found = strategies.find(({ name }) => name === strategy);
  if (found === undefined) return '';
  const head = [
    'NODE',
    'DONE',
    'FAILED',
    'SKIPPED',
    'DEGRADED',
    'CACHED',
    'CALLS',
    'HEDGES',
    'P50',
    'P95',
    'P99',
    'CRITICAL',
  ];
  const drawn = fitTable([head, ...found.nodes.map(nodeRow)], width, nodesGiveWay);
  return lines([...drawn, ...whyLines(found)]);
}

export function historyText({ versions }: { versions: readonly VersionReport[] }): string {
  const head = ['VERSION', 'PUBLISHED', 'BY', '', 'STRATEGIES'];
  const rows = versions.map(({ version, publishedAt, by, inUse, strategies }) => {
    return [String(version), publishedAt, by, inUse ? 'in use' : '', strategies.join(', ')];
  });
  return lines(table([head, ...rows]));
}

export function publishText(answer: InForce & { version: number; before?: number; changed: boolean }): string {
  const { version, before, changed } = answer;
  if (!changed) return `nothing has changed: version ${version} goes on\n`;
  return `version ${version} is in use; before it was ${before}\n${lateText(answer)}`;
}

type LevelAnswer = InForce & { strategy: string; level: number | null; declared?: readonly number[] };

/** `declared`: its levels; a process of another version does not say them. */
export function levelText(answer: LevelAnswer): string {
  return levelSentence(answer) + lateText(answer);
}

/** What has not taken it in yet; nothing when all have. */
function lateText({ late = [] }: InForce): string {
  if (late.length === 0) return '';
  const [who, they] = late.length === 1 ? ['thread', 'is busy and takes'] : ['threads', 'are busy and take'];
  return `${who} ${late.join(', ')} ${they} it in later\n`;
}

function levelSentence({ strategy, level, declared }: LevelAnswer): string {
  if (level === null) return `${strategy}: signals and limits alone decide its level\n`;
  const until = `until "heddle dag level ${strategy} auto"`;
  const effective = declared?.findLast((one) => one <= level) ?? 0;
  if (declared === undefined || effective === level) return `${strategy} runs at level ${level} at least, ${until}\n`;
  if (declared.length === 0) return `${strategy} declares no levels: level ${level} changes nothing; set ${until}\n`;
  const means = effective === 0 ? `level ${level} changes nothing` : `level ${level} means level ${effective}`;
  return `${strategy} declares ${count(declared.length, 'level')}, ${declared.join(' and ')}: ${means}; set ${until}\n`;
}

function nodeRow(node: NodeReport): string[] {
  const { name, done, failed, skipped, degraded, cached, attempts, hedges, criticalTimeShare, openBreakers } = node;
  return [
    openBreakers > 0 ? `${name} (breaker open)` : name,
    ...[done, failed, skipped, degraded, cached, attempts, hedges].map(String),
    ...[node.p50Ms, node.p95Ms, node.p99Ms].map(time),
    criticalTimeShare === 0 ? '-' : formatPercent(criticalTimeShare),
  ];
}

/** Why it is degraded, by thread. */
function whyLines({ name, why }: StrategyReport): string[] {
  const reasons = Object.entries(why);
  return reasons.length === 0
    ? []
    : ['', ...reasons.map(([thread, all]) => `${name} on thread ${thread}: ${all.join('; ')}`)];
}

/** `0: 812, 2: 9`. */
function levelsText(levels: readonly number[]): string {
  const ran = levels.flatMap((runs, level) => (runs === 0 ? [] : [`${level}: ${runs}`]));
  return ran.length === 0 ? '-' : ran.join(', ');
}

function time(ms: number): string {
  return ms === 0 ? '-' : formatMs(ms);
}
