// Supervisor (main thread): gives threads their numbers, links every pair, and settles deaths. It is the only one that
// moves a dead thread's slots, and it frees a number only when nobody can name it any more.
//
// A death, step by step:
//   1. condemned (only when we end the thread ourselves): every asker answers UNAVAILABLE for what the thread runs.
//   2. dead: the Worker's own 'exit', after which the thread touches nothing.
//   3. its fate is stored: replies to it are dropped from here on.
//   4. its slots are settled in every queue; its request table moves on, so that what it asked for is not run, and its
//      row of Inflight is cleared.
//   5. every living thread is told: reads its last replies, answers what it ran, forgets the link, looks for work again.
//   6. once all have said so (a dying one says so by dying), the number is free.

import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { HeddleError } from '../runtime/errors.ts';
import { Arena } from '../runtime/shared/arena.ts';
import { Board } from '../runtime/shared/board.ts';
import { allocateRing } from '../runtime/shared/completion-ring.ts';
import { CounterTable, type ThreadCounter, threadCounters } from '../runtime/shared/counters.ts';
import { Inflight } from '../runtime/shared/inflight.ts';
import { LatencyHistogram } from '../runtime/shared/latency.ts';
import { board as boardWord, fates, threadNumberMax } from '../runtime/shared/layout.ts';
import type { LinkMemory } from '../runtime/shared/link.ts';
import { emptyMethodCounts, MethodCounters, type MethodCounts } from '../runtime/shared/method-counters.ts';
import { MetricMemory } from '../runtime/shared/metric-memory.ts';
import type { PoolDown } from '../runtime/shared/pool-queue.ts';
import { bumpAll, RequestTable } from '../runtime/shared/request-table.ts';
import { type LostSlot, RunQueue } from '../runtime/shared/run-queue.ts';
import { ServiceLoads } from '../runtime/shared/service-loads.ts';
import type { PoolMemory, RoutingTable, ToThread } from '../runtime/thread-control.ts';

/** A thread that has said `ready`. */
export interface Member {
  readonly number: number;
  readonly name: string;
  readonly takes: readonly string[];
  readonly control: MessagePort;
}

/** What belongs to a number and goes on from owner to owner: a late mark or reply must never fit a new request. */
export interface NumberMemory {
  table: SharedArrayBuffer;
  arena: SharedArrayBuffer;
}

export interface SupervisorOptions {
  pools: readonly PoolMemory[];
  services: number;
  /** Clients of the config. Default 0. */
  clients?: number;
  /** Series of handlers' metrics at most. Default 1000. */
  metricSeries?: number;
  /** Requests in flight per asking thread; a power of two. */
  tableEntries: number;
  /** Bytes per asking thread for bodies that do not fit a slot; a power of two. */
  arenaBytes: number;
}

/** Words of a thread's row that count up over its life, and those that say what it has now. */
const counters = [boardWord.answered, boardWord.failed] as const;
const gauges = [boardWord.fibers, boardWord.nested, boardWord.asked, boardWord.connections] as const;

export class Supervisor {
  readonly board: Board;
  readonly inflight: Inflight;
  readonly loads: ServiceLoads;
  readonly latency = new LatencyHistogram();
  readonly counters: CounterTable<ThreadCounter> = new CounterTable(threadCounters, threadNumberMax + 1);
  readonly metrics: MetricMemory;
  readonly pools: readonly PoolMemory[];
  readonly #queues: RunQueue[];
  readonly #members = new Map<number, Member>();
  /** Whom a join or a settlement waits for. */
  readonly #waits = new Map<string, Wait>();
  #nextNumber = 1;
  readonly #usedNumbers = new Set<number>();
  /** Numbers that were used before, the one that has been free longest first. */
  readonly #freeNumbers: number[] = [];
  readonly #downPools = new Map<string, PoolDown>();
  /** What threads had counted when they died, by word of their row. */
  readonly #counted = new Map<number, number>();
  readonly #memory = new Map<number, NumberMemory>();
  /** By number, and like the rest of its memory going on from owner to owner: a sum over all never falls. */
  readonly #methodCounters = new Map<number, SharedArrayBuffer>();
  readonly #clientCounters = new Map<number, SharedArrayBuffer>();
  readonly #clients: number;
  readonly #tableEntries: number;
  readonly #arenaBytes: number;

  constructor(options: SupervisorOptions) {
    this.board = new Board();
    // Each service has a second column, for what canaries have of it.
    this.inflight = new Inflight(Inflight.allocate(2 * options.services));
    this.loads = new ServiceLoads(ServiceLoads.allocate(options.services));
    this.metrics = new MetricMemory(options.metricSeries ?? 1000);
    this.pools = options.pools;
    this.#clients = options.clients ?? 0;
    this.#tableEntries = options.tableEntries;
    this.#arenaBytes = options.arenaBytes;
    this.#queues = options.pools.map(({ memory, capacity }) => new RunQueue(memory, capacity, 0));
  }

  /** Linked threads, in no promised order. */
  get members(): Iterable<Member> {
    return this.#members.values();
  }

  /** What all threads have counted, dead ones included, mod 2^32; `word`: of `board` in layout.ts. */
  count(word: (typeof counters)[number]): number {
    return (this.board.sum(word) + (this.#counted.get(word) ?? 0)) >>> 0;
  }

  /** Numbers that belong to threads, dead ones included until all have settled their death. */
  get numbersInUse(): number {
    return this.#usedNumbers.size;
  }

  /**
   * A number for a new thread: of those used before the one that has been free longest, since its memory is there; else
   * a fresh one. Throws when all are in use or not yet settled.
   */
  takeNumber(): number {
    const number = this.#freeNumbers.shift() ?? this.#nextNumber++;
    if (number > threadNumberMax) {
      this.#nextNumber = threadNumberMax + 1;
      throw new HeddleError(
        'RESOURCE_EXHAUSTED',
        `all ${threadNumberMax} thread numbers are in use or belong to threads whose death is not settled yet`,
      );
    }
    this.#usedNumbers.add(number);
    this.board.resetRow(number);
    return number;
  }

  /** A number whose thread never joined. */
  returnNumber(number: number): void {
    if (this.#usedNumbers.delete(number)) this.#freeNumbers.push(number);
  }

  /** The memory of a number that is in use. */
  memory(number: number): NumberMemory {
    let memory = this.#memory.get(number);
    if (memory === undefined) {
      memory = {
        table: RequestTable.allocate(this.#tableEntries),
        arena: Arena.allocate(this.#arenaBytes),
      };
      this.#memory.set(number, memory);
    }
    return memory;
  }

  /** Memory of a thread's MethodCounters, for `methods` rows of the method table. */
  methodCounters(number: number, methods: number): SharedArrayBuffer {
    let memory = this.#methodCounters.get(number);
    if (memory === undefined) {
      memory = MethodCounters.allocate(methods);
      this.#methodCounters.set(number, memory);
    }
    return memory;
  }

  /** What became of the requests of a method so far, over all threads that there ever were. */
  methodCounts(row: number): MethodCounts {
    const counts = emptyMethodCounts();
    for (const memory of this.#methodCounters.values()) new MethodCounters(memory).addTo(row, counts);
    return counts;
  }

  /** Memory of a thread's MethodCounters of calls to other processes. */
  clientCounters(number: number): SharedArrayBuffer {
    let memory = this.#clientCounters.get(number);
    if (memory === undefined) {
      memory = MethodCounters.allocate(this.#clients);
      this.#clientCounters.set(number, memory);
    }
    return memory;
  }

  tellAll(message: ToThread): void {
    for (const member of this.#members.values()) post(member, message);
  }

  /**
   * Links a thread with all others and itself. All messages are on their way when this returns, so that threads which
   * join at the same time are linked to each other too. Resolves when all have said that they know it.
   */
  join(member: Member): Promise<void> {
    this.board.setFate(member.number, fates.alive);
    const others = [...this.#members.values()];
    this.#members.set(member.number, member);
    const linked = this.#wait(`link ${member.number}`, [...others.map(({ number }) => number), member.number]);
    const own = allocateRing();
    post(member, { type: 'link', memory: this.#memoryOf(member, own, own), bell: undefined, side: undefined });
    for (const other of others) {
      const towards = allocateRing();
      const back = allocateRing();
      const bell = new MessageChannel();
      const side = new MessageChannel();
      post(member, { type: 'link', memory: this.#memoryOf(other, towards, back), bell: bell.port1, side: side.port1 });
      post(other, { type: 'link', memory: this.#memoryOf(member, back, towards), bell: bell.port2, side: side.port2 });
    }
    for (const [name, down] of this.#downPools) post(member, { type: 'pool', name, down });
    return linked;
  }

  /** From a member: it has linked `peer`. */
  onLinked(from: number, peer: number): void {
    // The new thread acknowledges each of its links; only the one to itself, sent first, is waited for, since a port
    // keeps order and `go` comes behind all of them.
    this.#acknowledge(`link ${peer}`, from);
  }

  /**
   * Gives every thread a new routing table. Resolves when none puts by an older one any more: also with threads that were
   * busy, and died, meanwhile. One that is let go later must get this table with its `go`.
   */
  turn(table: RoutingTable): Promise<void> {
    const turned = this.#wait(`turn ${table.turn}`, [...this.#members.keys()]);
    this.tellAll({ type: 'table', table });
    return turned;
  }

  /** Names of the threads that have not turned to that table yet. */
  late(turn: number): string[] {
    const missing = this.#waits.get(`turn ${turn}`)?.missing;
    return [...this.#members.values()].filter(({ number }) => missing?.has(number) === true).map(({ name }) => name);
  }

  /** From a member: it uses the table of `turn`. */
  onTurned(from: number, turn: number): void {
    this.#acknowledge(`turn ${turn}`, from);
  }

  /** The decision to end a thread: its callers are answered now, however long the thread takes to stop. */
  condemn(number: number): void {
    if (this.board.fate(number) !== fates.alive) return;
    this.board.setFate(number, fates.condemned);
    for (const other of this.#members.values()) {
      if (other.number !== number) post(other, { type: 'condemned', number });
    }
  }

  /** The thread's Worker has emitted 'exit'. Resolves when the death is settled everywhere. */
  async died(number: number): Promise<void> {
    const member = this.#members.get(number);
    if (member === undefined) {
      this.returnNumber(number);
      return;
    }
    this.#members.delete(number);
    this.board.setFate(number, fates.dead);
    for (const word of gauges) this.board.setGauge(number, word, 0);
    const lost: LostSlot[] = [];
    for (const queue of this.#queues) queue.settle(number, (one) => lost.push(one));
    bumpAll(new Int32Array(this.memory(number).table));
    this.inflight.clear(number);
    for (const wait of this.#waits.values()) wait.release(number);
    member.control.close();
    const others = [...this.#members.values()];
    const settled = this.#wait(
      `settle ${number}`,
      others.map((other) => other.number),
    );
    for (const other of others) {
      post(other, { type: 'died', number, lost: lost.filter(({ asker }) => asker === other.number) });
    }
    await settled;
    for (const word of counters) {
      this.#counted.set(word, (this.#counted.get(word) ?? 0) + this.board.gauge(number, word));
    }
    this.board.resetRow(number);
    this.board.setFate(number, fates.unused);
    this.returnNumber(number);
  }

  /** From a member: it has settled the death of `number`. */
  onSettled(from: number, number: number): void {
    this.#acknowledge(`settle ${number}`, from);
  }

  /**
   * Whether nothing runs or waits in the whole process. While no request is put, what is under way can only become less:
   * so when the count of puts stands still over the look, the zeros belong together.
   */
  get isQuiet(): boolean {
    const puts = this.board.sum(boardWord.puts);
    if (this.board.sum(boardWord.fibers) !== 0 || !this.inflight.isEmpty) return false;
    return this.board.sum(boardWord.puts) === puts;
  }

  /** Tells every thread, and all to come, that a pool is down, and why, or up again. */
  setPoolDown(name: string, down: PoolDown | false): void {
    if (down === false) this.#downPools.delete(name);
    else this.#downPools.set(name, down);
    this.tellAll({ type: 'pool', name, down });
  }

  /** Pools that are down, and why, by the names of their queues. */
  get downPools(): ReadonlyMap<string, PoolDown> {
    return this.#downPools;
  }

  /** What a thread must know of `peer`, with the ring towards it and the ring back. */
  #memoryOf(peer: Member, toPeer: SharedArrayBuffer, fromPeer: SharedArrayBuffer): LinkMemory {
    return { peer: peer.number, pools: [...peer.takes], toPeer, fromPeer, ...this.memory(peer.number) };
  }

  #acknowledge(key: string, from: number): void {
    this.#waits.get(key)?.release(from);
  }

  #wait(key: string, numbers: number[]): Promise<void> {
    if (numbers.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waits.set(
        key,
        new Wait(numbers, () => {
          this.#waits.delete(key);
          resolve();
        }),
      );
    });
  }
}

/** A set of threads that still owe an answer; a dead one owes nothing. */
class Wait {
  readonly #missing: Set<number>;
  readonly #onEnd: () => void;

  constructor(numbers: number[], onEnd: () => void) {
    this.#missing = new Set(numbers);
    this.#onEnd = onEnd;
  }

  get missing(): ReadonlySet<number> {
    return this.#missing;
  }

  release(number: number): void {
    if (this.#missing.delete(number) && this.#missing.size === 0) this.#onEnd();
  }
}

function post(member: Member, message: ToThread): void {
  const ports =
    message.type === 'link' && message.bell !== undefined && message.side !== undefined
      ? [message.bell, message.side]
      : [];
  member.control.postMessage(message, ports);
}
