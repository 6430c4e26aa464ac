// The pools in `heddle top`: whether each is up, what waits in front of it, and how often its threads died.

import type { PoolRow } from '../../admin/shapes.ts';
import { type Piece, piece, type Tone } from './line.ts';
import { countText } from './numbers.ts';
import { bar, type Symbols } from './symbols.ts';
import type { Column, Table } from './table.ts';

const columns: readonly Column[] = [
  { title: 'POOL', align: 'left', least: 9, shrinks: true },
  { title: 'STATE', align: 'left', least: 5 },
  { title: 'THREADS', align: 'right' },
  { title: 'HIGH', align: 'right', drop: 3 },
  { title: 'NORMAL', align: 'right' },
  { title: 'LOW', align: 'right', least: 4, drop: 3 },
  { title: 'NESTED', align: 'right', drop: 1 },
  { title: 'FULL', align: 'left', drop: 4 },
  { title: 'FIBERS', align: 'right', least: 9 },
  { title: 'RESTARTS', align: 'right', drop: 2 },
  { title: 'DEATHS', align: 'right' },
  { title: 'CAUSES', align: 'left', least: 20, shrinks: true, drop: 5 },
];

const lanes = ['high', 'normal', 'low', 'nested'] as const;
/** A lane from here on is in trouble. */
const highShare = 0.8;
const barCells = 4;

export function poolsTable(pools: readonly PoolRow[], symbols: Symbols): Table {
  return { columns, rows: pools.map((pool) => row(pool, symbols)) };
}

function row(pool: PoolRow, symbols: Symbols): Piece[] {
  const { name, threads, going, queued, queueLength, fibers, maxFibers, counts } = pool;
  const [state, tone] = stateOf(pool);
  const fullest = fullestShare(pool);
  const lane = (lane: (typeof lanes)[number]): Piece =>
    piece(countText(queued[lane]), queued[lane] === 0 ? 'quiet' : laneTone(queued[lane] / queueLength));
  const deaths = Object.entries(counts).filter(([key, count]) => key.startsWith('death-') && count > 0);
  const died = deaths.reduce((sum, [, count]) => sum + count, 0);
  const restarts = counts.restarts ?? 0;
  return [
    piece(name, tone === 'alarm' ? 'alarm' : 'strong'),
    piece(state, tone),
    piece(`${going}/${threads}`, going === 0 && threads > 0 ? 'alarm' : going < threads ? 'warning' : 'plain'),
    ...lanes.map(lane),
    piece(bar(fullest, barCells, symbols), fullest === 0 ? 'quiet' : laneTone(fullest, 'bar')),
    piece(`${countText(fibers)}/${countText(maxFibers)}`, fibers >= maxFibers ? 'warning' : 'plain'),
    piece(countText(restarts), restarts === 0 ? 'quiet' : 'plain'),
    piece(countText(died), died === 0 ? 'quiet' : 'warning'),
    piece(causes(deaths, counts), 'quiet'),
  ];
}

/** In words, for whom colours do not tell. */
function stateOf(pool: PoolRow): [string, Tone] {
  if (pool.down) return ['DOWN', 'alarm'];
  if (pool.going === 0 && pool.threads > 0) return ['NO THREAD', 'alarm'];
  const share = fullestShare(pool);
  if (share >= 1) return ['FULL', 'alarm'];
  if (pool.going < pool.threads) return ['short', 'warning'];
  if (share >= highShare || pool.fibers >= pool.maxFibers) return ['busy', 'warning'];
  // New code gets a share of the calls.
  if (pool.canaryPercent !== undefined) return [`canary ${pool.canaryPercent} %`, 'good'];
  return ['ok', 'good'];
}

function fullestShare({ queued, queueLength }: PoolRow): number {
  if (queueLength <= 0) return 0;
  return Math.max(...lanes.map((lane) => queued[lane])) / queueLength;
}

function laneTone(share: number, otherwise: Tone = 'plain'): Tone {
  if (share >= 1) return 'alarm';
  return share >= highShare ? 'warning' : otherwise;
}

function causes(deaths: readonly (readonly [string, number])[], counts: PoolRow['counts']): string {
  const parts = [...deaths].sort((a, b) => b[1] - a[1]).map(([key, count]) => `${key.slice('death-'.length)} ${count}`);
  const retired = counts.retired ?? 0;
  const warnings = counts['stall-warnings'] ?? 0;
  if (retired > 0) parts.push(`retired ${retired}`);
  if (warnings > 0) parts.push(`stall warnings ${warnings}`);
  return parts.join(', ');
}
