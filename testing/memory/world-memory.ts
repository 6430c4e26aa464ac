// WorldMemory: the shared memory of a small process for the explorer: the run queues of one pool, the board, and each
// number's request table and arena; and the laws about whose slot is whose.

import type { Board } from '../../runtime/shared/board.ts';
import { CounterTable, threadCounters } from '../../runtime/shared/counters.ts';
import type { Inflight } from '../../runtime/shared/inflight.ts';
import { threadNumberMax } from '../../runtime/shared/layout.ts';
import type { LostSlot, RunQueue } from '../../runtime/shared/run-queue.ts';
import { run, type StepGenerator, type StepOp } from '../steps/step-runtime.ts';
import type { SteppingModules } from '../steps/steps.ts';
import { type SimThread, Violation } from '../steps/world.ts';
import type { MemoryPool } from './memory-pool.ts';
import { WordNames } from './word-names.ts';

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
  /** Run queues of the pool; 1 when left out. */
  queues?: number;
  /** Lanes that are used, from the first on: what lies in others tells no states apart. 1 when left out. */
  lanes?: number;
}

/** Which slots to count. */
export interface SlotsOf {
  queue?: RunQueue;
  lane?: number;
  counts?: (owner: number, asker: number) => boolean;
}

export class WorldMemory {
  /** What tells states apart. */
  readonly views: Int32Array[] = [];
  /** The supervisor's. */
  readonly queues: RunQueue[] = [];
  readonly board: Board;
  readonly inflight: Inflight;
  readonly inflightMemory: SharedArrayBuffer;
  readonly latency: SharedArrayBuffer;
  /** Of all worlds: nothing of it is ever read. */
  readonly counters = counters;
  readonly tables: SharedArrayBuffer[] = [];
  readonly arenas: SharedArrayBuffer[] = [];
  /** Whose they are. */
  readonly #arenas = new Map<ArrayBufferLike, number>();
  readonly names: WordNames;
  readonly #modules: SteppingModules;
  readonly #pool: MemoryPool;
  readonly #laneWords: number;
  readonly #lanes: number;

  /** `start`: what each run queue begins as. */
  constructor(options: MemoryOptions, pool: MemoryPool, start: SharedArrayBuffer) {
    const { modules, capacity, threads, entries, queues = 1, lanes = 1 } = options;
    const { runQueue, board, inflight, latency, layout } = modules;
    this.#modules = modules;
    this.#pool = pool;
    this.#lanes = lanes;
    this.#laneWords = layout.laneWords(capacity);
    this.names = new WordNames(layout);
    const rows = threads + 1;
    for (let index = 0; index < queues; index++) {
      const queue = new runQueue.RunQueue(pool.take(start.byteLength, start), capacity, 0);
      this.queues.push(queue);
      this.names.queue(queue.memory, queueName(index), capacity);
      this.views.push(queue.words.subarray(0, lanes * this.#laneWords));
    }
    const boardMemory = pool.take(rows * layout.boardRowWords * 4);
    this.names.board(boardMemory);
    this.board = new board.Board(boardMemory);
    this.inflightMemory = pool.take((layout.threadNumberMax + 1) * 4);
    this.names.rows(this.inflightMemory, 'permits');
    this.inflight = new inflight.Inflight(this.inflightMemory);
    this.latency = pool.take(rows * latency.latencyBuckets * 4);
    this.views.push(this.board.words, new Int32Array(this.inflightMemory, 0, rows));
    for (let number = 1; number <= threads; number++) {
      const table = pool.take(entries * 4);
      const arena = pool.take(layout.arenaBytes(arenaDataBytes));
      this.tables[number] = table;
      this.arenas[number] = arena;
      this.#arenas.set(arena, number);
      this.names.table(table, number);
      this.names.arena(arena, number);
      this.views.push(new Int32Array(table));
      this.views.push(new Int32Array(arena, 0, arenaDataBytes / layout.arenaBlockBytes));
    }
  }

  get queueMemory(): SharedArrayBuffer {
    return this.queues[0]!.memory;
  }

  ring(from: number, to: number): SharedArrayBuffer {
    const ring = this.#pool.take(this.#modules.layout.completionRingBytes(ringDataBytes));
    this.names.ring(ring, from, to);
    this.views.push(new Int32Array(ring));
    return ring;
  }

  /** Zeroed memory for what tells no states apart. */
  plain(byteLength: number): SharedArrayBuffer {
    return this.#pool.take(byteLength);
  }

  /** Index of the word of the slot that an operation on a queue is about; negative: none. */
  slotOf(op: StepOp): number {
    if (this.#queueOf(op) === undefined) return -1;
    const { lane, slotWords } = this.#modules.layout;
    const within = op.index % this.#laneWords;
    return within < lane.slots ? -1 : op.index - ((within - lane.slots) % slotWords);
  }

  /** Whose the slot is that an operation is about; 0: nobody's. */
  ownerOf(op: StepOp): number {
    return this.#queueOf(op)!.words[this.slotOf(op)]! & 255;
  }

  /** Slots in a phase: of all queues and lanes that are used, or of one; those that `counts`. */
  countSlots(phase: number, of: SlotsOf = {}): number {
    const { slot } = this.#modules.layout;
    const { counts = () => true, ...where } = of;
    let count = 0;
    this.#anySlot(
      phase,
      (words, at) => {
        if (counts(words[at]! & 255, words[at + slot.asker]!)) count++;
        return false;
      },
      where,
    );
    return count;
  }

  /** Whether some slot is this thread's. */
  ownsSlot(number: number): boolean {
    const { phases } = this.#modules.layout;
    const counts = (owner: number): boolean => owner === number;
    return this.countSlots(phases.writing, { counts }) + this.countSlots(phases.reading, { counts }) > 0;
  }

  /** Slots of the lanes that are used. */
  get slots(): number {
    return this.queues.length * this.#lanes * this.queues[0]!.capacity;
  }

  /** Laws at rest: all slots are free, and the hints say so. */
  checkQueues(): void {
    const free = this.countSlots(this.#modules.layout.phases.free);
    if (free !== this.slots) throw new Violation(`${this.slots - free} slots are not free at rest`);
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

  /** Law: a block stays leased while a slot that is put names it. */
  checkBlock(thread: SimThread, op: StepOp): void {
    if (!op.writes || !this.#arenas.has(op.words!.buffer)) return;
    const word = op.words![op.index]!;
    const next = op.kind === 'swapIf' ? (word === op.first ? op.second : word) : op.first;
    if (next === word) return;
    const asker = this.#arenas.get(op.words!.buffer)!;
    const { phases, slot } = this.#modules.layout;
    const isHeld = this.#anySlot(phases.ready, (words, at) => {
      const names = words[at + slot.asker] === asker && words[at + slot.block] === op.index;
      return names && word === ((words[at + slot.blockGeneration]! << 1) | 1);
    });
    if (isHeld)
      throw new Violation(`${thread.name} gives away block ${op.index} of thread ${asker}, which a request needs`);
  }

  /** Steps 3 and 4 of a death, as in scheduler/supervisor.ts. */
  *settle(dead: number): StepGenerator<LostSlot[]> {
    const { layout, requestTable } = this.#modules;
    yield* run(this.board.setFate(dead, layout.fates.dead));
    const lost: LostSlot[] = [];
    for (const queue of this.queues) yield* run(queue.settle(dead, (one) => lost.push(one)));
    yield* run(requestTable.bumpAll(new Int32Array(this.tables[dead]!)));
    yield* run(this.inflight.clear(dead));
    return lost;
  }

  /** Whether one is as wanted: `is` sees a queue's words and where a slot in this phase begins. */
  #anySlot(phase: number, is: (words: Int32Array, at: number) => boolean, of: Omit<SlotsOf, 'counts'> = {}): boolean {
    const { lane, slotWords, phaseShift } = this.#modules.layout;
    for (const { words } of of.queue === undefined ? this.queues : [of.queue]) {
      for (let index = of.lane ?? 0; index <= (of.lane ?? this.#lanes - 1); index++) {
        const first = index * this.#laneWords;
        for (let at = first + lane.slots; at < first + this.#laneWords; at += slotWords) {
          if (((words[at]! >>> phaseShift) & 3) === phase && is(words, at)) return true;
        }
      }
    }
    return false;
  }

  #queueOf(op: StepOp): RunQueue | undefined {
    const buffer = op.words?.buffer;
    for (const queue of this.queues) {
      if (queue.memory === buffer) return op.index < this.#lanes * this.#laneWords ? queue : undefined;
    }
    return undefined;
  }
}

/** Of the pool's run queues: that of its even generations, and that of its odd ones. */
export function queueName(index: number): string {
  return index === 0 ? 'p' : 'p#odd';
}
