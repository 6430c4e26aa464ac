// The fibers of one thread in `heddle top`: a tree, each with its state and what it waits for.

import type { FiberThread, ThreadRow } from '../../admin/shapes.ts';
import type { FiberRow } from '../../runtime/thread-report.ts';
import { type Piece, piece } from './line.ts';
import { durationText } from './numbers.ts';
import type { Picture } from './picture.ts';
import type { Symbols } from './symbols.ts';
import type { Column, Table } from './table.ts';
import { isStalled } from './threads.ts';

const columns: readonly Column[] = [
  { title: 'FIBER', align: 'left', least: 24, shrinks: true },
  { title: 'STATE', align: 'left', least: 9 },
  { title: 'FOR', align: 'right', least: 8 },
  { title: 'WAITS FOR', align: 'left', least: 12, shrinks: true },
  { title: 'AGE', align: 'right', least: 8, drop: 1 },
  { title: 'LEFT', align: 'right', least: 8, drop: 2 },
];

export function fibersTable(thread: FiberThread, symbols: Symbols): Table {
  return { columns, rows: flatten(thread.fibers, symbols) };
}

/** The threads that have fibers, as the process lists them. */
export function fiberThreads({ parts }: Picture): ThreadRow[] {
  return (parts.threads?.answer.threads ?? []).filter(({ number }) => number > 0);
}

/** Where to look first: at a thread that is stalled, else the one with the most fibers. */
export function defaultFiberThread(picture: Picture): string | undefined {
  const threads = fiberThreads(picture);
  const most = threads.reduce<ThreadRow | undefined>(
    (best, one) => (best === undefined || one.fibers + one.nested > best.fibers + best.nested ? one : best),
    undefined,
  );
  return (threads.find(isStalled) ?? most)?.name;
}

/** Each fiber before its children. A loop, since a tree may be deeper than a stack. */
function flatten(roots: readonly FiberRow[], { tree }: Symbols): Piece[][] {
  const rows: Piece[][] = [];
  const waiting = roots.toReversed().map((fiber) => ({ fiber, before: '', below: '' }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { fiber, before, below } = next;
    rows.push(row(fiber, before));
    for (const [index, child] of fiber.children.toReversed().entries()) {
      const [branch, under] = index === 0 ? [tree.last, tree.underLast] : [tree.child, tree.under];
      waiting.push({ fiber: child, before: below + branch, below: below + under });
    }
  }
  return rows;
}

function row({ id, name, state, on, stateMs, ageMs, leftMs, cancelled }: FiberRow, before: string): Piece[] {
  return [
    piece(`${before}#${id} ${name}`, state === 'running' ? 'strong' : 'plain'),
    piece(cancelled ? 'CANCELLED' : state, cancelled ? 'warning' : state === 'running' ? 'good' : 'plain'),
    piece(durationText(stateMs)),
    piece(on ?? '-', on === undefined ? 'quiet' : 'plain'),
    piece(ageMs === undefined ? '' : durationText(ageMs), 'quiet'),
    piece(
      leftMs === undefined ? '' : leftMs < 0 ? 'over' : durationText(leftMs),
      (leftMs ?? 0) < 0 ? 'alarm' : 'quiet',
    ),
  ];
}
