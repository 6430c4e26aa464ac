// Bells: waking a parked thread for what lies in a pool's queue. Used by askers after a put and by takers that pass the
// bell on. Waking a thread costs more than many a handler, so an asker wakes none while one that is awake looks there anyway.

import type { Board } from './board.ts';
import { board as boardWord, nestedLane, wants } from './layout.ts';
import type { Links } from './link.ts';
import type { PoolQueue } from './pool-queue.ts';

/** What is on the stack of a thread for longer than this, ms, is not quick: nobody counts on that thread's look. */
const heldUpMs = 0.2;

/**
 * After a put, by who makes turns on: as `ringOne`, but not for a queue at which another thread looks soon by itself. When
 * that thread is behind it passes the bell (ThreadEndpoint); when it is held up later, the asker rings again
 * (ThreadEndpoint.onTimer).
 */
export function ringIfNeeded(
  board: Board,
  links: Links,
  pool: PoolQueue,
  lane: number,
  me: number,
  nowMs: () => number,
): void {
  const { members } = pool;
  // Of a pool of one nobody else can be woken.
  if (members.length > 1) {
    for (const member of members) {
      if (member !== me && board.looks(member) && board.visitMs(member, nowMs()) < heldUpMs) return;
    }
  }
  ringOne(board, links, pool, lane, me);
}

/**
 * Wakes one parked member of a pool that wants what lies in `lane`: the first one without fibers, else the first. So little
 * work keeps few threads awake, whose code is in the caches; and no ring is spent on a thread that runs user code which
 * came back from an await that is not Heddle's, while its word says parked.
 */
export function ringOne(board: Board, links: Links, pool: PoolQueue, lane: number, me: number): void {
  const want = pool.calls ? wants.calls : lane === nestedLane ? wants.nested : wants.requests;
  if (!ringFirst(board, links, pool, want, me, true)) ringFirst(board, links, pool, want, me, false);
}

function ringFirst(board: Board, links: Links, pool: PoolQueue, want: number, me: number, idle: boolean): boolean {
  for (const member of pool.members) {
    if (member === me) continue;
    const link = links.get(member);
    if (link === undefined || (idle && board.gauge(member, boardWord.fibers) > 0)) continue;
    if (!board.takeBell(member, want)) continue;
    link.ring();
    return true;
  }
  return false;
}
