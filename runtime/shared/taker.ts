// Taker: the side of a thread that takes requests from pools' run queues: CPU threads from their pool's, IO threads from
// pool `io` and from their own queue of outgoing calls. One request at a time: a request that was taken ahead would
// wait behind a busy thread beside an idle one.

import { type CallHead, emptyCallHead } from '../call.ts';
import { ringOne } from './bells.ts';
import type { Board } from './board.ts';
import { laneCount, nestedLane, slot, slotRecordWords } from './layout.ts';
import type { Link, Links } from './link.ts';
import type { PoolQueue } from './pool-queue.ts';
import { markTaken } from './request-table.ts';
import { Slab } from './slab.ts';

/** One request, taken: a private copy. The object is used again for the next one; what `head.source` names is not. */
export interface TakenRequest {
  head: CallHead;
  pool: PoolQueue;
  asker: number;
  request: number;
  generation: number;
  method: number;
  /** For outgoing calls, in `head.source` before the metadata. */
  nameStart: number;
  nameEnd: number;
  putAtMs: number;
}

/** Lanes of the three classes in weighted turns, 8 : 4 : 1, so that none starves. */
const laneTurns = [0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 2];
/** Requests that nobody wants any more are passed over without a fiber; so many at a time, or the turn has no end. */
const skipsPerTake = 64;

export class Taker {
  readonly #me: number;
  readonly #board: Board;
  readonly #links: Links;
  readonly #pools: readonly PoolQueue[];
  readonly #onUnknownAsker: () => void;
  readonly #taken: TakenRequest;
  readonly #slab = new Slab();
  #turn = 0;
  #poolTurn = 0;
  /** Requests taken so far. */
  count = 0;

  /** `onUnknownAsker`: reads what main has told this thread and it has not looked at: the asker's link is among it. */
  constructor(me: number, board: Board, links: Links, pools: readonly PoolQueue[], onUnknownAsker: () => void) {
    this.#onUnknownAsker = onUnknownAsker;
    this.#me = me;
    this.#board = board;
    this.#links = links;
    this.#pools = pools;
    this.#taken = {
      head: emptyCallHead(),
      pool: pools[0]!,
      asker: 0,
      request: 0,
      generation: 0,
      method: 0,
      nameStart: 0,
      nameEnd: 0,
      putAtMs: 0,
    };
  }

  /**
   * The next request, or undefined. `regular` and `nested` say which lanes this thread has fibers left for; nested
   * calls go first, since a fiber that already runs waits for each of them.
   */
  take(regular: boolean, nested: boolean): TakenRequest | undefined {
    const pools = this.#pools;
    for (let count = pools.length; count > 0; count--) {
      const pool = pools[this.#poolTurn % pools.length]!;
      this.#poolTurn++;
      if (nested) {
        const taken = this.#takeFrom(pool, nestedLane);
        if (taken !== undefined) return taken;
      }
      if (regular) {
        const first = laneTurns[this.#turn]!;
        this.#turn = (this.#turn + 1) % laneTurns.length;
        let taken = this.#takeFrom(pool, first);
        for (let lane = 0; taken === undefined && lane < nestedLane; lane++) {
          if (lane !== first) taken = this.#takeFrom(pool, lane);
        }
        if (taken !== undefined) return taken;
      }
    }
    return undefined;
  }

  /** The look before parking. */
  hasWork(regular: boolean, nested: boolean): boolean {
    for (const { queue } of this.#pools) {
      if (nested && queue.hasWork(nestedLane)) return true;
      if (regular) for (let lane = 0; lane < nestedLane; lane++) if (queue.hasWork(lane)) return true;
    }
    return false;
  }

  /** How many requests lie in its queues, about. */
  get backlog(): number {
    let backlog = 0;
    for (const { queue } of this.#pools) for (let lane = 0; lane < laneCount; lane++) backlog += queue.size(lane);
    return backlog;
  }

  /** Whether it has siblings to pass a bell to. */
  get hasSiblings(): boolean {
    for (const { members } of this.#pools) if (members.length > 1) return true;
    return false;
  }

  /**
   * Passes the bell on: called by a thread that is about to run user code, after it stored that it is awake. If more
   * lies in a lane, one parked sibling is woken for it. Without this a second request would wait behind the first one's
   * handler beside a sleeping thread.
   */
  passBell(): void {
    for (const pool of this.#pools) {
      if (pool.members.length < 2) continue;
      for (let lane = 0; lane < laneCount; lane++) {
        if (pool.queue.hasWork(lane)) ringOne(this.#board, this.#links, pool, lane, this.#me);
      }
    }
  }

  #takeFrom(pool: PoolQueue, lane: number): TakenRequest | undefined {
    const { queue } = pool;
    const { words } = queue;
    for (let tries = 0; tries < skipsPerTake; tries++) {
      const at = queue.take(lane);
      if (at < 0) return undefined;
      const asker = words[at + slot.asker]!;
      // A new thread may put before this one, busy for long, has read of it: its link came before it was let go.
      if (asker !== 0 && this.#links.get(asker) === undefined && !this.#board.isGone(asker)) this.#onUnknownAsker();
      const link = this.#links.get(asker);
      // A void record, or an asker that died: its table was moved on and its arena goes as a whole.
      if (link === undefined) {
        queue.release(at);
        continue;
      }
      const request = words[at + slot.request]!;
      const generation = words[at + slot.generation]!;
      const block = words[at + slot.block]!;
      // Marked before the slot is freed, so that at any instant either the slot or the table names this thread.
      const wanted = markTaken(link.table, request, generation, this.#me);
      if (wanted) this.#copyOut(pool, at, link, asker, request, generation);
      if (block >= 0) link.arena.free(block, words[at + slot.blockGeneration]!);
      queue.release(at);
      if (wanted) return this.#taken;
    }
    return undefined;
  }

  #copyOut(pool: PoolQueue, at: number, link: Link, asker: number, request: number, generation: number): void {
    const { queue } = pool;
    const { words } = queue;
    this.count++;
    const taken = this.#taken;
    const { head } = taken;
    taken.pool = pool;
    taken.asker = asker;
    taken.request = request;
    taken.generation = generation;
    taken.method = words[at + slot.method]!;
    taken.putAtMs = queue.doubles[(at + slot.putAt) >> 1]!;
    const kind = words[at + slot.kind]!;
    head.flags = kind & 255;
    head.priority = (kind >>> 8) & 255;
    head.codec = (kind >>> 16) & 255;
    head.compression = kind >>> 24;
    const attempt = words[at + slot.attempt]!;
    head.attempt = attempt & 0xffff;
    head.depth = attempt >>> 16;
    head.deadlineMs = queue.doubles[(at + slot.deadline) >> 1]!;
    head.callIdHigh = words[at + slot.callIdHigh]! >>> 0;
    head.callIdLow = words[at + slot.callIdLow]! >>> 0;
    head.fingerprintHigh = words[at + slot.fingerprintHigh]! >>> 0;
    head.fingerprintLow = words[at + slot.fingerprintLow]! >>> 0;
    for (let word = 0; word < 6; word++) head.trace[word] = words[at + slot.trace + word]!;
    head.traceFlags = words[at + slot.traceFlags]!;
    const block = words[at + slot.block]!;
    const nameBytes = words[at + slot.nameBytes]!;
    const metadataBytes = words[at + slot.metadataBytes]!;
    const bytes = nameBytes + metadataBytes + words[at + slot.bodyBytes]!;
    const start = this.#slab.roomFor(bytes, head);
    if (block >= 0) {
      const offset = link.arena.offset(block);
      link.arena.bytes.copy(head.source, start, offset, offset + bytes);
    } else {
      const offset = (at + slotRecordWords) << 2;
      queue.bytes.copy(head.source, start, offset, offset + bytes);
    }
    taken.nameStart = start;
    taken.nameEnd = start + nameBytes;
    head.metadataStart = taken.nameEnd;
    head.metadataEnd = head.metadataStart + metadataBytes;
    head.bodyStart = head.metadataEnd;
    head.bodyEnd = start + bytes;
  }
}
