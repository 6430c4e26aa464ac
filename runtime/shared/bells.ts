// Bells: waking a parked thread for what lies in a pool's queue. Used by askers after a put and by takers that pass the
// bell on.

import type { Board } from './board.ts';
import { nestedLane, wants } from './layout.ts';
import type { Links } from './link.ts';
import type { PoolQueue } from './pool-queue.ts';

/**
 * Wakes one parked member of a pool that wants what lies in `lane`: the first one, so that little work keeps few threads
 * awake, whose code is in the caches, and the others sleep.
 */
export function ringOne(board: Board, links: Links, pool: PoolQueue, lane: number, me: number): void {
  const want = pool.calls ? wants.calls : lane === nestedLane ? wants.nested : wants.requests;
  for (const member of pool.members) {
    if (member === me) continue;
    const link = links.get(member);
    if (link !== undefined && board.takeBell(member, want)) {
      link.ring();
      return;
    }
  }
}
