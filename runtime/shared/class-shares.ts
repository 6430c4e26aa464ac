// Class shares: how much of a bound each priority class may fill, so that the lowest is shed first. The last part of each
// bound is kept for higher classes, but only while requests of these come to the process: whoever uses no classes has all
// of it. The shares follow the criticality of Google's SRE book (chapter 21): what may fail fills a bound up to a part.

import type { Board } from './board.ts';
import { boardRowWords, board as boardWord } from './layout.ts';
import type { Link } from './link.ts';

/**
 * Of a bound, by class: high, normal, low. A tenth is left for what must not fail, which should be rare; and low goes as
 * soon as there is little room, since it can wait.
 */
const shares = [1, 0.9, 0.7] as const;
/** How long a class counts as coming after its last request, in stamps: about a second. */
const holdStamps = 4;
/** A stamp is so many ms, as a power of two: a thread writes one of each class at most so often. */
const stampBits = 8;

/** How much of a bound a class may fill, where one of a higher class comes: to the nearest whole number, and at least 1. */
export function classShare(bound: number, priority: number): number {
  return priority === 0 ? bound : Math.max(1, Math.round(bound * shares[priority]!));
}

/** The classes of the requests that the threads of the process put lately: each writes its own on the board. */
export class ClassesSeen {
  readonly #words: Int32Array;
  readonly #me: number;
  /** By class: until when the stamp on the board holds, ms. */
  readonly #holdsUntilMs = new Float64Array(3);

  constructor(board: Board, me: number) {
    this.#words = board.words;
    this.#me = me;
  }

  /** This thread puts a request of that class, or refuses it. */
  see(priority: number, nowMs: number): void {
    if (nowMs < this.#holdsUntilMs[priority]!) return;
    const stamp = stampOf(nowMs);
    this.#holdsUntilMs[priority] = stamp * 2 ** stampBits;
    // A hint: whoever reads it late or torn keeps a part of a bound a little longer, or not yet.
    if (priority < 2) this.#words[at(this.#me) + priority] = stamp;
  }

  /** Whether requests of a higher class came to any of these threads within the last second. */
  higherComes(priority: number, links: readonly Link[], nowMs: number): boolean {
    const stamp = stampOf(nowMs);
    for (const { peer } of links) {
      for (let higher = 0; higher < priority; higher++) {
        const seen = this.#words[at(peer) + higher]!;
        if (seen !== 0 && ((stamp - seen) | 0) <= holdStamps) return true;
      }
    }
    return false;
  }
}

function at(thread: number): number {
  return thread * boardRowWords + boardWord.seen;
}

/** Never 0, which stands for none. */
function stampOf(nowMs: number): number {
  return (Math.floor(nowMs / 2 ** stampBits) | 0) + 1;
}
