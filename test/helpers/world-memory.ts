// WorldMemory: the shared memory of a small process for the explorer: one pool's run queue, the board, and each number's
// request table and arena. A world is made anew thousands of times, so its memory is used again: the same buffers in
// the same order, zeroed.

import type { Board } from '../../runtime/shared/board.ts';
import { CounterTable, threadCounters } from '../../runtime/shared/counters.ts';
import type { Inflight } from '../../runtime/shared/inflight.ts';
import { threadNumberMax } from '../../runtime/shared/layout.ts';
import type { LostSlot, RunQueue } from '../../runtime/shared/run-queue.ts';
import { type SimThread, Violation } from './explorer.ts';
import { run, type StepGenerator, type StepOp } from './step-runtime.ts';
import type { SteppingModules } from './steps.ts';

const counters = new CounterTable(threadCounters, threadNumberMax + 1).memory;
const arenaDataBytes = 4096;
const ringDataBytes = 256;

export interface MemoryOptions {
  modules: SteppingModules;
  capacity: number;
  /** Numbers 1 to `threads` have a table and an arena. */
  threads: number;
  /** Words of each request table. */
  entries: number;
  /** First position of the queue. */
  start: number;
}

/** Hands out the same memory again after each `reset`. */
export class MemoryPool {
  readonly #buffers: SharedArrayBuffer[] = [];
  #next = 0;

  reset(): void {
    this.#next = 0;
  }

  /** Zeroed, or a copy of `like`. */
  take(byteLength: number, like?: SharedArrayBuffer): SharedArrayBuffer {
    const place = this.#next++;
    let buffer = this.#buffers[place];
    if (buffer === undefined || buffer.byteLength !== byteLength) {
      buffer = new SharedArrayBuffer(byteLength);
      this.#buffers[place] = buffer;
    }
    const words = new Int32Array(buffer);
    if (like === undefined) words.fill(0);
    else words.set(new Int32Array(like));
    return buffer;
  }
}

export class WorldMemory {
  /** What tells states apart. */
  readonly views: Int32Array[] = [];
  readonly queueMemory: SharedArrayBuffer;
  /** The supervisor's. */
  readonly queue: RunQueue;
  readonly board: Board;
  readonly inflight: Inflight;
  readonly inflightMemory: SharedArrayBuffer;
  readonly latency: SharedArrayBuffer;
  /** Of all worlds: nothing of it is ever read. */
  readonly counters = counters;
  readonly tables: SharedArrayBuffer[] = [];
  readonly arenas: SharedArrayBuffer[] = [];
  readonly #modules: SteppingModules;
  readonly #pool: MemoryPool;
  readonly #words: Int32Array;

  constructor(options: MemoryOptions, pool: MemoryPool, start: SharedArrayBuffer) {
    const { modules, capacity, threads, entries } = options;
    const { runQueue, board, inflight, latency, layout } = modules;
    this.#modules = modules;
    this.#pool = pool;
    const rows = threads + 1;
    this.queueMemory = pool.take(start.byteLength, start);
    this.queue = new runQueue.RunQueue(this.queueMemory, capacity, 0);
    // Only lane 0 is used.
    this.#words = this.queue.words.subarray(0, layout.laneWords(capacity));
    this.board = new board.Board(pool.take(rows * layout.boardRowWords * 4));
    this.inflightMemory = pool.take((layout.threadNumberMax + 1) * 4);
    this.inflight = new inflight.Inflight(this.inflightMemory);
    this.latency = pool.take(rows * latency.latencyBuckets * 4);
    this.views.push(this.#words, this.board.words, new Int32Array(this.inflightMemory, 0, rows));
    for (let number = 1; number <= threads; number++) {
      this.tables[number] = pool.take(entries * 4);
      this.arenas[number] = pool.take(layout.arenaBytes(arenaDataBytes));
      this.views.push(new Int32Array(this.tables[number]!));
      this.views.push(new Int32Array(this.arenas[number]!, 0, arenaDataBytes / layout.arenaBlockBytes));
    }
  }

  ring(): SharedArrayBuffer {
    const ring = this.#pool.take(this.#modules.layout.completionRingBytes(ringDataBytes));
    this.views.push(new Int32Array(ring));
    return ring;
  }

  /** The slot of lane 0 that an operation on the queue is about; negative: none. */
  slotOf(op: StepOp): number {
    const { lane, slotWords } = this.#modules.layout;
    if (op.words?.buffer !== this.queueMemory || op.index >= this.#words.length) return -1;
    return Math.floor((op.index - lane.slots) / slotWords);
  }

  /** Whose the slot is that an operation is about; 0: nobody's. */
  ownerOf(op: StepOp): number {
    const { lane, slotWords } = this.#modules.layout;
    return this.#words[lane.slots + this.slotOf(op) * slotWords]! & 255;
  }

  /** Slots of lane 0 in a phase. */
  countSlots(phase: number): number {
    const { lane, slotWords, phaseShift } = this.#modules.layout;
    let count = 0;
    for (let at = lane.slots; at < this.#words.length; at += slotWords) {
      if (((this.#words[at]! >>> phaseShift) & 3) === phase) count++;
    }
    return count;
  }

  /**
   * Law: a slot's word and record are touched by the thread that the word names alone, or by the supervisor when that
   * thread is dead. `me`: the number of the thread whose operation it is, 0: the supervisor.
   */
  checkSlot(thread: SimThread, op: StepOp, me: number, isAlive: (number: number) => boolean): void {
    if ((op.kind !== 'store' && op.kind !== 'record') || this.slotOf(op) < 0) return;
    const owner = this.ownerOf(op);
    if (me !== 0 && owner !== me) throw new Violation(`${thread.name} moves a slot of thread ${owner}`);
    if (me === 0 && isAlive(owner)) throw new Violation(`the supervisor moves a slot of thread ${owner}, which lives`);
  }

  /** Steps 3 and 4 of a death, as in scheduler/supervisor.ts. */
  *settle(dead: number): StepGenerator<LostSlot[]> {
    const { layout, requestTable } = this.#modules;
    yield* run(this.board.setFate(dead, layout.fates.dead));
    const lost: LostSlot[] = [];
    yield* run(this.queue.settle(dead, (one) => lost.push(one)));
    yield* run(requestTable.bumpAll(new Int32Array(this.tables[dead]!)));
    yield* run(this.inflight.clear(dead));
    return lost;
  }
}
