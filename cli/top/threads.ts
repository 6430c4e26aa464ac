// The threads in `heddle top`: what each is at now, and for how long.

import type { RunningRow, ThreadRow } from '../../admin/shapes.ts';
import { type Piece, piece, type Tone } from './line.ts';
import { ageText, countText, durationText, memoryText } from './numbers.ts';
import type { Column, Table } from './table.ts';
import type { ThreadSort } from './view.ts';

/** A handler that keeps its thread this long holds up all other fibers of it, ms; the default of stallWarning. */
export const stalledMs = 200;

const columns: readonly Column[] = [
  { title: 'THREAD', align: 'left', least: 12, shrinks: true },
  { title: 'STATE', align: 'left', least: 8 },
  { title: 'AGE', align: 'right', least: 7, drop: 5 },
  { title: 'FIBERS', align: 'right' },
  { title: 'NESTED', align: 'right', drop: 4 },
  { title: 'ASKED', align: 'right', drop: 3 },
  { title: 'CONNS', align: 'right', drop: 2 },
  { title: 'MEMORY', align: 'right', least: 8, drop: 1 },
  { title: 'RUNS', align: 'left', least: 22, shrinks: true },
];

export function threadsTable(threads: readonly ThreadRow[], sort: ThreadSort): Table {
  return { columns, rows: sorted(threads, sort).map(row) };
}

function row(thread: ThreadRow): Piece[] {
  const { name, ageMs, fibers, nested, asked, connections, memoryBytes } = thread;
  const [state, tone] = stateOf(thread);
  const count = (value: number): Piece => piece(countText(value), value === 0 ? 'quiet' : 'plain');
  return [
    piece(name, tone === 'alarm' ? 'alarm' : 'strong'),
    piece(state, tone),
    piece(ageText(ageMs), 'quiet'),
    count(fibers),
    count(nested),
    count(asked),
    count(connections),
    piece(memoryText(memoryBytes), memoryBytes === undefined ? 'quiet' : 'plain'),
    runningPiece(thread.running),
  ];
}

/** `4.2 s movies.Search/search`: the time first, since a long name is cut. */
export function runningPiece(running: RunningRow | undefined): Piece {
  if (running === undefined) return piece('-', 'quiet');
  const { method, forMs } = running;
  return piece(`${durationText(forMs)} ${method}`, forMs > stalledMs ? 'alarm' : 'plain');
}

function stateOf(thread: ThreadRow): [string, Tone] {
  if (isStalled(thread)) return ['STALLED', 'alarm'];
  if (isInTrouble(thread)) return [thread.state, 'warning'];
  return thread.parked ? ['idle', 'quiet'] : [thread.state, 'good'];
}

export function isStalled({ running }: ThreadRow): boolean {
  return running !== undefined && running.forMs > stalledMs;
}

/** Neither at work nor waiting for it. */
function isInTrouble({ state }: ThreadRow): boolean {
  return /^(condemned|dead|draining|retiring|silent|starting|stopping)$/.test(state);
}

function sorted(threads: readonly ThreadRow[], sort: ThreadSort): ThreadRow[] {
  // Otherwise they stay as the process lists them: rows that jump can't be read.
  const rank = (thread: ThreadRow): number => (isStalled(thread) ? 0 : isInTrouble(thread) ? 1 : 2);
  const by: Record<ThreadSort, (a: ThreadRow, b: ThreadRow) => number> = {
    trouble: (a, b) => rank(a) - rank(b),
    fibers: (a, b) => b.fibers - a.fibers,
    memory: (a, b) => (b.memoryBytes ?? -1) - (a.memoryBytes ?? -1),
    name: (a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }),
  };
  return [...threads].sort(by[sort]);
}
