// What a server holds for requests: all of it must be 0 again when nothing runs.

import type { Server } from '../../net/server/server.ts';
import { arenaBlockBytes, board as boardWord, requestStateShift } from '../../runtime/shared/layout.ts';

export interface Held {
  fibers: number;
  /** Requests that some thread waits for. */
  asked: number;
  /** Entries in use of all request tables. */
  entries: number;
  /** Blocks that are leased, of all arenas. */
  blocks: number;
  /** Permits: what admission counts, of all services. */
  permits: number;
}

export const nothingHeld: Held = { fibers: 0, asked: 0, entries: 0, blocks: 0, permits: 0 };

export function held(server: Server): Held {
  const { board, inflight, members } = server.supervisor;
  const now = { ...nothingHeld, fibers: board.sum(boardWord.fibers), asked: board.sum(boardWord.asked) };
  for (const { number } of members) {
    const { table, arena } = server.supervisor.memory(number);
    for (const word of new Int32Array(table)) if (((word >>> requestStateShift) & 3) !== 0) now.entries++;
    for (const word of new Int32Array(arena, 0, arena.byteLength / (arenaBlockBytes + 4))) now.blocks += word & 1;
    for (let column = 0; column <= server.settings.services.length; column++)
      now.permits += inflight.get(number, column);
  }
  return now;
}

/** Waits until nothing is held, at most `withinMs`; what is held then. */
export async function settled(server: Server, withinMs = 5000): Promise<Held> {
  const endMs = performance.now() + withinMs;
  for (;;) {
    const now = held(server);
    const sum = Object.values(now).reduce((total, count) => total + count, 0);
    if (sum === 0 || performance.now() > endMs) return now;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
