// Asker: the side of a thread that puts requests into pools' run queues and gets replies from completion rings. One on
// each IO thread (requests from sockets) and CPU thread (calls of its fibers). Owns the thread's request table and
// arena. Each request gets exactly one answer: a reply, a refusal, its deadline, its thread's death, or, once cancelled
// by its owner, none.

import { type CallHead, type CallReply, emptyCallReply, type ReplySink } from '../call.ts';
import { codeNumber } from '../errors.ts';
import type { TimerTarget, TimerWheel } from '../timer-wheel.ts';
import { Arena } from './arena.ts';
import { AskerBounds, type BoundedRoute } from './asker-bounds.ts';
import {
  arenaFull,
  late,
  neverFits,
  poolDown,
  poolEnded,
  processEnds,
  queueFull,
  tableFull,
  threadDied,
} from './asker-refusals.ts';
import { ringIfNeeded, ringOne } from './bells.ts';
import type { Board } from './board.ts';
import type { Trial } from './canary-counts.ts';
import { copyCall } from './copy-bytes.ts';
import { allRequests, type Inflight } from './inflight.ts';
import type { LatencyHistogram } from './latency.ts';
import {
  board as boardWord,
  nestedLane,
  ringFrame,
  ringFrameHeadBytes,
  slot,
  slotInlineBytes,
  slotRecordWords,
  wants,
} from './layout.ts';
import type { Link, Links } from './link.ts';
import type { MethodCounters } from './method-counters.ts';
import type { PoolQueue } from './pool-queue.ts';
import { type Refusal, refuse } from './refusal.ts';
import { RequestTable } from './request-table.ts';
import type { LostSlot } from './run-queue.ts';

/** Where a request goes and which bounds it counts against. */
export interface Route extends BoundedRoute {
  /** Index in the process's method table. */
  method: number;
  /** Work that no peer has asked for: it takes its lane, but no part in the bounds and statistics of requests from sockets. */
  own?: boolean;
  /** Where its answers are counted while a canary compares them. */
  trial?: Trial | undefined;
}

export interface AskerOptions {
  /** This thread's number. */
  me: number;
  board: Board;
  /** The links of this thread; kept up to date by its owner. */
  links: Links;
  timers: TimerWheel;
  nowMs: () => number;
  inflight: Inflight;
  latency: LatencyHistogram;
  /** Requests from sockets at once, in the whole process. */
  maxRequests: number;
  /** Memory of the request table: a word for each request in flight at once, a power of two. */
  table: SharedArrayBuffer;
  /** Memory of the arena, for bodies that do not fit a slot; bounds the largest body too. */
  arena: SharedArrayBuffer;
}

const idBits = 65_536;
const cancelledCode = codeNumber('CANCELLED');

export class Asker implements TimerTarget {
  readonly table: RequestTable;
  readonly arena: Arena;
  readonly bounds: AskerBounds;
  readonly #me: number;
  readonly #board: Board;
  readonly #links: Links;
  readonly #timers: TimerWheel;
  readonly #nowMs: () => number;
  readonly #inflight: Inflight;
  readonly #latency: LatencyHistogram;
  readonly #sinks: (ReplySink | undefined)[];
  readonly #tags: Float64Array;
  readonly #blocks: Int32Array;
  readonly #deadlines: Int32Array;
  readonly #pending: Uint8Array;
  readonly #routes: (Route | undefined)[];
  readonly #fromSocket: Uint8Array;
  readonly #putAtMs: Float64Array;
  readonly #reply = emptyCallReply();
  /** Pools that were put to since the last ring; rung once a batch. */
  readonly #toRing: { pool: PoolQueue; lane: number }[] = [];
  #ringScheduled = false;
  #inFlight = 0;
  #puts = 0;
  #drainFrom = 0;
  /** Requests from sockets that got an answer, and those of them that were errors. */
  answered = 0;
  failed = 0;
  /** Set when the process goes. */
  methodCounters: MethodCounters | undefined;
  /** Puts refused at once; replies that came too late. */
  refused = 0;
  stale = 0;

  constructor(options: AskerOptions) {
    this.#me = options.me;
    this.#board = options.board;
    this.#links = options.links;
    this.#timers = options.timers;
    this.#nowMs = options.nowMs;
    this.#inflight = options.inflight;
    this.#latency = options.latency;
    this.bounds = new AskerBounds(options);
    this.table = new RequestTable(options.table);
    this.arena = new Arena(options.arena);
    const { entries } = this.table;
    this.#sinks = new Array<ReplySink | undefined>(entries).fill(undefined);
    this.#tags = new Float64Array(entries);
    this.#blocks = new Int32Array(entries).fill(-1);
    this.#deadlines = new Int32Array(entries).fill(-1);
    this.#pending = new Uint8Array(entries);
    this.#fromSocket = new Uint8Array(entries);
    this.#putAtMs = new Float64Array(entries);
    this.#routes = new Array<Route | undefined>(entries).fill(undefined);
  }

  /** Requests put and not yet answered. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * Puts one request. `head` and its views are copied before this returns. `name`, for outgoing calls, goes before the
   * metadata. `atMs`: now, when the caller has just looked. Returns a handle for `cancel`; -1 when it was refused, and then
   * `sink` has been told.
   */
  put(route: Route, head: CallHead, name: Buffer | undefined, sink: ReplySink, tag: number, atMs?: number): number {
    const { pool } = route;
    const nowMs = atMs ?? this.#nowMs();
    if (!(head.deadlineMs > nowMs)) return this.#refuse(route, head, sink, tag, late);
    if (pool.down) return this.#refuse(route, head, sink, tag, poolDown(pool));
    const fromSocket = isFromSocket(route, head);
    const over = this.bounds.over(route, fromSocket, head, nowMs);
    if (over !== undefined) return this.#refuse(route, head, sink, tag, over);
    const nameBytes = name === undefined ? 0 : name.length;
    const metadataBytes = head.metadataEnd - head.metadataStart;
    const bodyBytes = head.bodyEnd - head.bodyStart;
    const bytes = nameBytes + metadataBytes + bodyBytes;
    let block = -1;
    if (bytes > slotInlineBytes) {
      block = this.arena.allocate(bytes);
      if (block < 0) return this.#refuse(route, head, sink, tag, bytes > this.arena.bodyMax ? neverFits : arenaFull);
    }
    const id = this.table.open();
    if (id < 0) {
      if (block >= 0) this.#dropBlock(block);
      return this.#refuse(route, head, sink, tag, tableFull);
    }
    // Bodies in blocks are copied before the slot is claimed: a slot being written holds up the takers.
    if (block >= 0) copyCall(this.arena.bytes, this.arena.offset(block), name, head);
    const laneIndex = head.depth > 0 ? nestedLane : head.priority;
    const { queue } = pool;
    const at = queue.claim(laneIndex, head.deadlineMs, nowMs);
    if (at < 0) {
      this.table.close(id);
      if (block >= 0) this.#dropBlock(block);
      return this.#refuse(route, head, sink, tag, queueFull(pool.pool));
    }
    const { words } = queue;
    const generation = this.table.generation(id);
    words[at + slot.asker] = this.#me;
    words[at + slot.request] = id;
    words[at + slot.generation] = generation;
    words[at + slot.method] = route.method;
    words[at + slot.kind] = head.flags | (head.priority << 8) | (head.codec << 16) | (head.compression << 24);
    words[at + slot.attempt] = (head.attempt & 0xffff) | (head.depth << 16);
    words[at + slot.traceFlags] = head.traceFlags;
    words[at + slot.callIdHigh] = head.callIdHigh;
    words[at + slot.callIdLow] = head.callIdLow;
    words[at + slot.fingerprintHigh] = head.fingerprintHigh;
    words[at + slot.fingerprintLow] = head.fingerprintLow;
    for (let word = 0; word < 6; word++) words[at + slot.trace + word] = head.trace[word]!;
    words[at + slot.metadataBytes] = metadataBytes;
    words[at + slot.bodyBytes] = bodyBytes;
    words[at + slot.nameBytes] = nameBytes;
    words[at + slot.block] = block;
    words[at + slot.blockGeneration] = block >= 0 ? this.arena.generation(block) : 0;
    queue.doubles[(at + slot.deadline) >> 1] = head.deadlineMs;
    queue.doubles[(at + slot.putAt) >> 1] = nowMs;
    if (block < 0) copyCall(queue.bytes, (at + slotRecordWords) << 2, name, head);
    queue.commit(at);
    this.#sinks[id] = sink;
    this.#tags[id] = tag;
    this.#putAtMs[id] = nowMs;
    this.#blocks[id] = block;
    this.#pending[id] = 1;
    this.#routes[id] = route;
    if (fromSocket) {
      this.#fromSocket[id] = 1;
      this.#inflight.change(this.#me, allRequests, 1);
    }
    if (route.column > 0) this.#inflight.change(this.#me, route.column, 1);
    if (route.share !== undefined) this.#inflight.change(this.#me, route.share.column, 1);
    if (route.trial !== undefined) route.trial.put(nowMs);
    if (head.deadlineMs !== Number.POSITIVE_INFINITY) this.#deadlines[id] = this.#timers.add(head.deadlineMs, this, id);
    this.#inFlight++;
    this.#board.noteGauge(this.#me, boardWord.puts, ++this.#puts);
    // A fiber may go on computing before it awaits; a socket's batch is over in microseconds.
    if (head.depth > 0) {
      if (this.#toRing.length > 0) this.#flushRings();
      ringOne(this.#board, this.#links, pool, laneIndex, this.#me);
    } else this.#ringLater(pool, laneIndex);
    return generation * idBits + id;
  }

  /**
   * A request from a socket that this thread is about to run itself (pool `io`): counts it against the same bounds as one
   * that is put. Undefined: it may run, and `leave` follows; else why not.
   */
  enter(route: Route, head: Pick<CallHead, 'priority' | 'depth'>, nowMs: number): Refusal | undefined {
    const over = this.bounds.over(route, true, head, nowMs);
    if (over !== undefined) {
      this.countRefused(route, true, over.code, over.reason);
      return over;
    }
    this.#inflight.change(this.#me, allRequests, 1);
    if (route.column > 0) this.#inflight.change(this.#me, route.column, 1);
    return undefined;
  }

  /** A request that had entered was answered, or is no longer wanted. */
  leave(route: Route): void {
    this.#inflight.change(this.#me, allRequests, -1);
    if (route.column > 0) this.#inflight.change(this.#me, route.column, -1);
  }

  /** A request from a socket was answered, here also one that this thread ran itself (pool `io`): for the statistics. */
  countAnswered(method: number, latencyMs: number, code: number): void {
    this.answered++;
    if (code !== 0) this.failed++;
    this.#latency.record(this.#me, latencyMs);
    this.methodCounters?.count(method, code, true, latencyMs);
  }

  /** A request was taken back, here also one that this thread runs itself: it has no answer, and no latency. */
  countCancelled(method: number, fromSocket: boolean): void {
    this.methodCounters?.count(method, cancelledCode, fromSocket, -1);
  }

  /** A refusal, here also a limiter's, is an answer too, and no good one: overload must be seen in the statistics. */
  countRefused({ method, pool }: Route, fromSocket: boolean, code: number, reason = 0): void {
    this.refused++;
    if (!pool.calls) {
      this.methodCounters?.countRefused(method, reason);
      this.methodCounters?.count(method, code, fromSocket, -1);
    }
    if (!fromSocket) return;
    this.answered++;
    this.failed++;
  }

  /** The answer is no longer wanted. A handle whose reply came already is ignored. */
  cancel(handle: number): void {
    const id = handle % idBits;
    if (this.#pending[id] === 0 || this.table.generation(id) !== Math.floor(handle / idBits)) return;
    const { method, pool, trial } = this.#routes[id]!;
    if (trial !== undefined) trial.cancelled(this.#putAtMs[id]!);
    if (!pool.calls) this.countCancelled(method, this.#fromSocket[id] === 1);
    this.#withdraw(id);
  }

  /** A deadline has come (TimerTarget). An answer that was written in time counts, whatever its thread does now. */
  onTimer(id: number): void {
    this.#deadlines[id] = -1;
    const generation = this.table.generation(id);
    this.#rescue(this.#links.get(this.table.takenBy(id)));
    if (this.#pending[id] !== 1 || this.table.generation(id) !== generation) return;
    this.#count(id, late.code, this.#nowMs());
    const sink = this.#sinks[id]!;
    const tag = this.#tags[id]!;
    this.#withdraw(id);
    sink.onReply(tag, late as CallReply);
  }

  /**
   * Hands on up to `max` replies that have come, in turn from all links. Returns how many; the room that they took is
   * given back.
   */
  drain(max: number): number {
    const { list } = this.#links;
    let count = 0;
    for (let tries = list.length; tries > 0 && count < max; tries--) {
      // Goes on where the last turn stopped: a busy link must not starve the others.
      if (this.#drainFrom >= list.length) this.#drainFrom = 0;
      count += this.#drainLink(list[this.#drainFrom++]!, max - count);
    }
    return count;
  }

  /** Part of the look before parking. */
  get hasReplies(): boolean {
    for (const link of this.#links.list) if (link.reader.hasWork) return true;
    return false;
  }

  /**
   * Thread `dead` is being ended: what it has answered is good, what it runs for us is answered UNAVAILABLE now. Safe while
   * it still lives.
   */
  condemn(dead: number): void {
    this.#rescue(this.#links.get(dead));
    for (let id = 0; id < this.#pending.length; id++) {
      if (this.#pending[id] === 1 && this.table.takenBy(id) === dead) this.#answer(id, threadDied);
    }
  }

  /**
   * Thread `dead` has stopped: the replies that it had written are good, what it had taken is answered, what it was taking
   * (`lost`) too. The order matters: replies first.
   */
  settle(dead: number, link: Link | undefined, lost: readonly LostSlot[]): void {
    this.#rescue(link);
    for (const one of lost) {
      if (one.asker !== this.#me) continue;
      if (one.block >= 0) this.arena.free(one.block, one.blockGeneration);
      const wanted = this.#pending[one.request] === 1 && this.table.generation(one.request) === one.generation;
      if (wanted) this.#answer(one.request, threadDied);
    }
    this.condemn(dead);
  }

  /** The process ends: whatever has no answer yet gets this one. */
  endAll(): void {
    for (const link of this.#links.list) this.#rescue(link);
    for (let id = 0; id < this.#pending.length; id++) if (this.#pending[id] === 1) this.#answer(id, processEnds);
  }

  /** A pool is down, and says why: what still waits in its queue will not be taken and is answered now. */
  abandon(pool: PoolQueue): void {
    for (let id = 0; id < this.#pending.length; id++) {
      if (this.#routes[id]?.pool === pool && this.table.takenBy(id) === 0) this.#abandonOne(id, pool);
    }
  }

  /** Rings one parked member of each pool that was put to, if need be. Runs by itself at the end of the batch. */
  readonly #flushRings = (): void => {
    this.#ringScheduled = false;
    for (const { pool, lane } of this.#toRing) {
      ringIfNeeded(this.#board, this.#links, pool, lane, this.#me, this.#nowMs);
    }
    this.#toRing.length = 0;
  };

  /** Takes what the peer has written by now, published or not. */
  #rescue(link: Link | undefined): void {
    if (link === undefined) return;
    link.reader.rescue();
    this.#drainLink(link, idBits);
  }

  #drainLink(link: Link, max: number): number {
    const { reader } = link;
    const { words } = reader;
    const nowMs = reader.hasWork ? this.#nowMs() : 0;
    let count = 0;
    while (count < max) {
      const offset = reader.next();
      if (offset < 0) break;
      count++;
      const at = offset >> 2;
      const id = words[at + ringFrame.request]!;
      const side = words[at + ringFrame.side]!;
      const reply = this.#reply;
      const metadataBytes = words[at + ringFrame.metadataBytes]!;
      const bodyBytes = words[at + ringFrame.bodyBytes]!;
      // A stale reply's message is taken all the same: the port's order must keep in step with the ring's.
      reply.source = side === 0 ? reader.bytes : link.takeSide(side);
      const start = side === 0 ? offset + ringFrameHeadBytes : 0;
      if (this.#pending[id] !== 1 || this.table.generation(id) !== words[at + ringFrame.generation]) {
        this.stale++;
        continue;
      }
      const kind = words[at + ringFrame.kind]!;
      reply.code = kind & 255;
      reply.retry = (kind >>> 8) & 255;
      reply.codec = (kind >>> 16) & 255;
      reply.compression = kind >>> 24;
      reply.retryAfterMs = words[at + ringFrame.retryAfterMs]! >>> 0;
      reply.fingerprintHigh = words[at + ringFrame.fingerprintHigh]! >>> 0;
      reply.fingerprintLow = words[at + ringFrame.fingerprintLow]! >>> 0;
      reply.metadataStart = start;
      reply.metadataEnd = start + metadataBytes;
      reply.bodyStart = reply.metadataEnd;
      reply.bodyEnd = reply.bodyStart + bodyBytes;
      this.#count(id, reply.code, nowMs);
      const sink = this.#sinks[id]!;
      const tag = this.#tags[id]!;
      this.#close(id);
      sink.onReply(tag, reply);
    }
    if (reader.release() && this.#board.takeBell(link.peer, wants.completions)) link.ring();
    return count;
  }

  #count(id: number, code: number, nowMs: number): void {
    const { method, pool, trial } = this.#routes[id]!;
    const latencyMs = nowMs - this.#putAtMs[id]!;
    if (trial !== undefined) trial.answered(code, this.#putAtMs[id]!, latencyMs);
    if (this.#fromSocket[id] === 1) this.countAnswered(method, latencyMs, code);
    // In a queue of outgoing calls the number means a client; its channel counts those.
    else if (!pool.calls) this.methodCounters?.count(method, code, false, latencyMs);
  }

  #answer(id: number, answer: Refusal): void {
    this.#count(id, answer.code, this.#nowMs());
    const sink = this.#sinks[id]!;
    const tag = this.#tags[id]!;
    this.#close(id);
    sink.onReply(tag, answer as CallReply);
  }

  #abandonOne(id: number, pool: PoolQueue): void {
    const sink = this.#sinks[id]!;
    const tag = this.#tags[id]!;
    this.#count(id, poolDown(pool).code, this.#nowMs());
    // A taker may have marked it between the look and here: then nobody may say that it has not run.
    const taker = this.#withdraw(id);
    sink.onReply(tag, (taker === 0 ? poolDown(pool) : poolEnded) as CallReply);
  }

  /** Closes a request whose taker, if there is one, must learn that it is no longer wanted. */
  #withdraw(id: number): number {
    const taker = this.#close(id);
    if (taker === 0) return 0;
    this.#board.addCancel(taker);
    const link = this.#links.get(taker);
    if (link !== undefined && this.#board.takeBell(taker, wants.completions)) link.ring();
    return taker;
  }

  #close(id: number): number {
    this.#pending[id] = 0;
    this.#sinks[id] = undefined;
    this.#inFlight--;
    const { column, share } = this.#routes[id]!;
    this.#routes[id] = undefined;
    if (column > 0) this.#inflight.change(this.#me, column, -1);
    if (share !== undefined) this.#inflight.change(this.#me, share.column, -1);
    if (this.#fromSocket[id] === 1) {
      this.#fromSocket[id] = 0;
      this.#inflight.change(this.#me, allRequests, -1);
    }
    const deadline = this.#deadlines[id]!;
    if (deadline >= 0) {
      this.#timers.remove(deadline);
      this.#deadlines[id] = -1;
    }
    const taker = this.table.close(id);
    const block = this.#blocks[id]!;
    if (block >= 0) {
      this.#blocks[id] = -1;
      this.arena.giveUp(block);
    }
    return taker;
  }

  #refuse(route: Route, head: CallHead, sink: ReplySink, tag: number, answer: Refusal): -1 {
    this.countRefused(route, isFromSocket(route, head), answer.code, answer.reason);
    if (route.trial !== undefined) route.trial.refused(answer);
    return refuse(sink, tag, answer);
  }

  #dropBlock(block: number): void {
    this.arena.free(block, this.arena.generation(block));
    this.arena.giveUp(block);
  }

  #ringLater(pool: PoolQueue, lane: number): void {
    for (const entry of this.#toRing) if (entry.pool === pool && entry.lane === lane) return;
    this.#toRing.push({ pool, lane });
    if (this.#ringScheduled) return;
    this.#ringScheduled = true;
    queueMicrotask(this.#flushRings);
  }
}

function isFromSocket(route: Route, head: CallHead): boolean {
  return head.depth === 0 && route.own !== true;
}
