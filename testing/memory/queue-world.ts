// QueueWorld: askers, takers and a supervisor over the shipped run queue, request tables, completion rings and arenas,
// without bells: a taker that finds nothing looks again when a slot has become ready. For the explorer.

import { type CallReply, emptyCallHead } from '../../runtime/call.ts';
import type { Answerer } from '../../runtime/shared/answerer.ts';
import type { Asker, Route } from '../../runtime/shared/asker.ts';
import { ring } from '../../runtime/shared/layout.ts';
import type { Link, LinkPorts, Links } from '../../runtime/shared/link.ts';
import type { PoolQueue } from '../../runtime/shared/pool-queue.ts';
import { type LostSlot, takeWindow } from '../../runtime/shared/run-queue.ts';
import type { Taker } from '../../runtime/shared/taker.ts';
import type { TimerWheel } from '../../runtime/timer-wheel.ts';
import { digestOf, mix } from '../steps/digest.ts';
import {
  $tasks,
  Driver,
  run,
  runNow,
  type StepGenerator,
  type StepOp,
  waitFor,
  waitUntil,
} from '../steps/step-runtime.ts';
import type { SteppingModules } from '../steps/steps.ts';
import { type SimThread, simThread, stopThread, Violation, type World } from '../steps/world.ts';
import { MemoryPool } from './memory-pool.ts';
import { RequestLaws } from './request-laws.ts';
import { TakeOrder } from './take-order.ts';
import { WorldMemory } from './world-memory.ts';

export interface QueueWorldOptions {
  modules: SteppingModules;
  capacity: number;
  askers: number;
  takers: number;
  /** Requests of each asker. */
  puts: number;
  /** Cancels of each asker, of its oldest request. */
  cancels?: number;
  /** Words of each request table; 2 when left out. */
  entries?: number;
  window?: number;
  /** Of an asker's requests, in turn, ms; they order requests, and none of them comes. Without: none. */
  deadlinesMs?: readonly number[];
  deaths?: number;
  /** Takers when left out. */
  mayDie?: 'takers' | 'askers' | 'all';
  /** A dead thread's number goes to a new one; an asker then has one request to put. */
  reuse?: boolean;
  /** Body bytes; over 256 they lie in the arena. 4 when left out. */
  bodyBytes?: number;
  /** First position of the queue. */
  start?: number;
  /** Switches threads at operations on the queue and the request tables alone. */
  queueOnly?: boolean;
  /** Mutants of the supervisor: it settles while the thread still lives; it waits for nobody. */
  settlesEarly?: boolean;
  waitsForNobody?: boolean;
}

type Message = { type: 'died'; number: number; lost: LostSlot[] } | { type: 'link'; link: Link };

/** One life of a thread. */
interface Actor {
  readonly thread: SimThread;
  readonly number: number;
  readonly asks: boolean;
  readonly links: Links;
  readonly inbox: Message[];
  readonly microtasks: (() => unknown)[];
  readonly pool: PoolQueue;
  readonly answerer: Answerer;
  readonly asker: Asker | undefined;
  readonly taker: Taker | undefined;
  /** How many slots had become ready when its last look began. */
  seen: number;
  putsLeft: number;
  cancelsLeft: number;
  /** What it asked for, oldest first. */
  readonly asked: { handle: number; tag: number }[];
}

/** Makes the world anew at each call. */
export function queueWorlds(options: QueueWorldOptions, pool = new MemoryPool()): () => World {
  const start = options.modules.runQueue.RunQueue.allocate(options.capacity, options.start ?? 0);
  return () => {
    pool.reset();
    return new QueueWorld(options, pool, start);
  };
}

class QueueWorld implements World {
  readonly threads: SimThread[] = [];
  readonly memory: Int32Array[];
  deaths: number;
  forHash = true;
  readonly #options: QueueWorldOptions;
  readonly #modules: SteppingModules;
  readonly #shared: WorldMemory;
  readonly #laws: RequestLaws<Actor>;
  readonly #order: TakeOrder;
  readonly #actors = new Map<SimThread, Actor>();
  readonly #byNumber: (Actor | undefined)[] = [];
  readonly #main = simThread('main', false);
  readonly #died: number[] = [];
  readonly #acks = new Set<number>();
  #settling = 0;
  #sizeMoves = false;
  /** Counts slots that become ready. */
  #ready = 0;

  constructor(options: QueueWorldOptions, pool: MemoryPool, start: SharedArrayBuffer) {
    const { modules, capacity, askers, takers } = options;
    this.#options = options;
    this.#modules = modules;
    this.#laws = new RequestLaws(options.bodyBytes ?? 4);
    // The mutant that settles early takes two steps to kill: its decision and the end.
    this.deaths = (options.deaths ?? 0) * (options.settlesEarly === true ? 2 : 1);
    const threads = askers + takers;
    const memoryOptions = { modules, capacity, threads, entries: options.entries ?? 2 };
    this.#shared = new WorldMemory(memoryOptions, pool, start);
    const window = Math.min(options.window ?? takeWindow, capacity);
    this.#order = new TakeOrder(modules.layout, this.#shared.queueMemory, window);
    this.memory = this.#shared.views;
    for (let number = 1; number <= threads; number++) this.#start(number, 0);
    const actors = [...this.#actors.values()];
    for (const asker of actors.slice(0, askers)) {
      for (const taker of actors.slice(askers)) this.#connect(asker, taker, (actor, link) => actor.links.add(link));
    }
    this.#main.driver = new Driver(this.#supervise());
    this.threads.push(this.#main);
  }

  get requests(): number {
    return this.#laws.requests;
  }

  describe(op: StepOp, result: unknown): string | undefined {
    return this.#shared.names.describe(op, result);
  }

  state(): number[] {
    const state = this.#laws.state;
    state.push(this.#settling, ...this.#died, ...this.#acks);
    for (const { thread, inbox, seen } of this.#actors.values()) {
      if (thread.driver !== undefined) state.push(inbox.length, seen === this.#ready ? 1 : 0);
    }
    return state;
  }

  enter(thread: SimThread): void {
    $tasks.microtasks = this.#actors.get(thread)?.microtasks;
  }

  onKill(thread: SimThread): void {
    const actor = this.#actors.get(thread)!;
    if (this.#options.settlesEarly === true && this.deaths % 2 === 1) {
      for (const other of this.threads) other.killable = other === thread;
      this.#died.push(actor.number);
      return;
    }
    stopThread(thread);
    actor.inbox.length = 0;
    this.#acks.add(actor.number);
    if (this.#options.settlesEarly !== true) this.#died.push(actor.number);
  }

  isCritical(thread: SimThread): boolean {
    return this.#shared.ownsSlot(this.#actors.get(thread)?.number ?? 0);
  }

  isLocal(thread: SimThread, op: StepOp): boolean {
    if (this.#shared.slotOf(op) >= 0) {
      // Nobody else moves the word of a slot that is mine (onOp sees to it), so reading it tells nothing new.
      return op.kind === 'load' && this.#shared.ownerOf(op) === this.#actors.get(thread)?.number;
    }
    if (this.#options.queueOnly !== true) return false;
    const buffer = op.words!.buffer as SharedArrayBuffer;
    return buffer !== this.#shared.queueMemory && !this.#shared.tables.includes(buffer);
  }

  onOp(thread: SimThread, op: StepOp): void {
    const isSlot = this.#shared.slotOf(op) >= 0;
    if (op.words?.buffer === this.#shared.queueMemory) this.#order.onOp(thread, op, isSlot);
    // The hints move: what they make of the size is looked at next.
    if (!isSlot && op.kind === 'swapIf' && op.words?.buffer === this.#shared.queueMemory) this.#sizeMoves = true;
    if (!isSlot) {
      this.#shared.checkBlock(thread, op);
      return;
    }
    const me = this.#actors.get(thread)?.number ?? 0;
    this.#shared.checkSlot(thread, op, me, (number) => this.#byNumber[number]?.thread.driver !== undefined);
    const { phaseShift, phases } = this.#modules.layout;
    if (op.kind === 'store' && ((op.first >>> phaseShift) & 3) === phases.ready) this.#ready++;
  }

  /** Law: what a queue says of its size lies between none and all, whoever has died in the middle of what. */
  check(): void {
    if (!this.#sizeMoves) return;
    this.#sizeMoves = false;
    const size = runNow(this.#shared.queues[0]!.size(0));
    const { capacity } = this.#options;
    if (size < 0 || size > capacity) throw new Violation(`a queue of ${capacity} says that ${size} lie in it`);
  }

  atRest(): void {
    if (this.#main.pending?.kind !== 'wait' || this.#settling !== 0) throw new Violation('the supervisor is stuck');
    const alive = [...this.#actors.values()].filter(({ thread }) => thread.driver !== undefined);
    for (const { thread } of alive) if (thread.pending?.kind !== 'wait') throw new Violation(`${thread.name} is stuck`);
    if (alive.every(({ asks }) => asks)) return;
    this.#laws.checkAnswered((owner) => owner.thread.driver !== undefined);
    this.#shared.checkQueues();
    for (const { asker, thread, number } of alive) {
      if (asker !== undefined) checkNothingLeft(thread.name, asker, runNow(this.#shared.inflight.get(number, 0)));
    }
  }

  #start(number: number, life: number): Actor {
    const { modules, capacity, window, askers, takers, puts, cancels, mayDie } = this.#options;
    const { runQueue, link, answerer, asker, taker, latency, poolQueue, layout } = modules;
    const { queueMemory, board, inflight } = this.#shared;
    const asks = number <= askers;
    const thread = simThread(`${asks ? 'A' : 'T'}${number}${"'".repeat(life)}`, false);
    thread.killable = life === 0 && (mayDie === 'all' || (mayDie === 'askers') === asks);
    const links = new link.Links();
    const pool = poolQueue.poolQueue('p', new runQueue.RunQueue(queueMemory, capacity, number, window));
    for (let member = askers + 1; member <= askers + takers; member++) pool.members.push(member);
    runNow(board.setFate(number, layout.fates.alive));
    const actor: Actor = {
      thread,
      number,
      asks,
      links,
      pool,
      inbox: [],
      microtasks: [],
      answerer: new answerer.Answerer(board, links),
      asker: asks
        ? new asker.Asker({
            me: number,
            board,
            links,
            timers: noTimers,
            nowMs: () => 0,
            inflight,
            latency: new latency.LatencyHistogram(this.#shared.latency),
            maxRequests: 1000,
            table: this.#shared.tables[number]!,
            arena: this.#shared.arenas[number]!,
          })
        : undefined,
      taker: asks ? undefined : new taker.Taker(number, board, links, [pool], () => {}),
      seen: -1,
      putsLeft: life === 0 ? puts : 1,
      cancelsLeft: life === 0 ? (cancels ?? 0) : 0,
      asked: [],
    };
    this.#actors.set(thread, actor);
    this.#byNumber[number] = actor;
    thread.driver = new Driver(asks ? this.#ask(actor) : this.#take(actor));
    this.threads.push(thread);
    return actor;
  }

  #connect(left: Actor, right: Actor, give: (actor: Actor, link: Link) => void): void {
    const towards = this.#shared.ring(left.number, right.number);
    const back = this.#shared.ring(right.number, left.number);
    give(left, this.#link(right, towards, back));
    give(right, this.#link(left, back, towards));
  }

  #link(peer: Actor, toPeer: SharedArrayBuffer, fromPeer: SharedArrayBuffer): Link {
    const table = this.#shared.tables[peer.number]!;
    const arena = this.#shared.arenas[peer.number]!;
    const pools = peer.asks ? [] : ['p'];
    return new this.#modules.link.Link({ peer: peer.number, pools, toPeer, fromPeer, table, arena }, silentPorts);
  }

  *#ask(actor: Actor): StepGenerator<void> {
    const asker = actor.asker!;
    const can = (): (() => StepGenerator<unknown>)[] => {
      const ways: (() => StepGenerator<unknown>)[] = [];
      const oldest = actor.asked.find(({ tag }) => this.#laws.isOpen(tag));
      if (actor.putsLeft > 0 && asker.table.room > 0) ways.push(() => this.#put(actor));
      if (actor.cancelsLeft > 0 && oldest !== undefined) ways.push(() => this.#cancel(actor, oldest));
      if (actor.links.list.some(hasReply)) ways.push(() => run(asker.drain(100)));
      if (actor.inbox.length > 0) ways.push(() => this.#obey(actor));
      return ways;
    };
    for (;;) {
      if (this.forHash) this.#mark(actor);
      const way = (yield waitFor('does', () => can().length)) as number;
      yield* can()[way]!();
      for (let task = actor.microtasks.shift(); task !== undefined; task = actor.microtasks.shift()) yield* run(task());
    }
  }

  *#put(actor: Actor): StepGenerator<void> {
    actor.putsLeft--;
    const tag = this.#laws.open(actor);
    const route: Route = { pool: actor.pool, method: 1, column: 0, maxConcurrency: 0, service: 's' };
    const head = emptyCallHead();
    head.priority = 0;
    const { deadlinesMs = [Number.POSITIVE_INFINITY] } = this.#options;
    head.deadlineMs = deadlinesMs[actor.putsLeft % deadlinesMs.length]!;
    head.source = Buffer.alloc(this.#options.bodyBytes ?? 4);
    head.source.writeInt32LE(tag);
    head.bodyEnd = head.source.length;
    const sink = { onReply: (to: number, reply: CallReply) => this.#laws.onReply(actor, to, reply) };
    const handle = yield* run(actor.asker!.put(route, head, undefined, sink, tag));
    if (handle >= 0) actor.asked.push({ handle, tag });
    else if (this.#laws.isOpen(tag)) throw new Violation(`request ${tag} was refused without an answer`);
  }

  *#cancel(actor: Actor, request: { handle: number; tag: number }): StepGenerator<void> {
    actor.cancelsLeft--;
    this.#laws.cancel(request.tag);
    yield* run(actor.asker!.cancel(request.handle));
  }

  *#take(actor: Actor): StepGenerator<void> {
    for (;;) {
      if (this.forHash) this.#mark(actor);
      const looks = (): boolean => actor.seen !== this.#ready;
      const way = (yield waitFor('takes or obeys', () => Number(looks()) + Math.min(1, actor.inbox.length))) as number;
      if (way === 1 || !looks()) {
        yield* this.#obey(actor);
        continue;
      }
      actor.seen = this.#ready;
      const taken = yield* run(actor.taker!.take(true, false));
      if (taken === undefined) continue;
      // It takes until it finds nothing.
      actor.seen = -1;
      const { asker, request, generation } = taken;
      const reply = this.#laws.run(taken, false);
      yield* run(actor.answerer.reply(asker, request, generation, reply));
      yield* run(actor.answerer.publish());
      actor.microtasks.length = 0;
    }
  }

  /** One message of main's. */
  *#obey(actor: Actor): StepGenerator<void> {
    const message = actor.inbox.shift()!;
    if (message.type === 'link') {
      actor.links.add(message.link);
    } else {
      const link = actor.links.get(message.number);
      if (actor.asker !== undefined) yield* run(actor.asker.settle(message.number, link, message.lost));
      if (link !== undefined) yield* run(actor.answerer.forget(link));
      yield* run(actor.links.remove(message.number));
    }
    this.#acks.add(actor.number);
  }

  *#supervise(): StepGenerator<void> {
    for (;;) {
      this.#main.digest = 0;
      yield waitUntil('a death', () => this.#died.length > 0);
      const dead = this.#died.shift()!;
      const actor = this.#byNumber[dead]!;
      this.#settling = dead;
      const lost = yield* this.#shared.settle(dead);
      for (const peer of this.#peers(actor)) peer.inbox.push({ type: 'died', number: dead, lost });
      yield* this.#acknowledged(actor);
      if (this.#options.reuse === true) {
        const next = this.#start(dead, 1);
        const { driver } = next.thread;
        next.thread.driver = undefined;
        for (const peer of this.#peers(next)) {
          this.#connect(next, peer, (to, link) => {
            if (to === next) to.links.add(link);
            else to.inbox.push({ type: 'link', link });
          });
        }
        yield* this.#acknowledged(next);
        next.thread.driver = driver;
      }
      this.#settling = 0;
    }
  }

  *#acknowledged(about: Actor): StepGenerator<void> {
    this.#acks.clear();
    if (this.#options.waitsForNobody === true) return;
    yield waitUntil('acknowledgements', () => this.#peers(about).every(({ number }) => this.#acks.has(number)));
    this.#acks.clear();
  }

  /** The living threads that are linked to one. */
  #peers(actor: Actor): Actor[] {
    return [...this.#actors.values()].filter((other) => other.asks !== actor.asks && other.thread.driver !== undefined);
  }

  #mark(actor: Actor): void {
    const { asker, links } = actor;
    let digest = mix(actor.putsLeft, actor.cancelsLeft);
    if (asker !== undefined) digest = digestOf(digestOf(digestOf(digest, asker), asker.table), asker.arena);
    for (const link of links.list) digest = digestOf(digestOf(digestOf(digest, link), link.reader), link.writer);
    for (const { handle } of actor.asked) digest = mix(digest, handle);
    actor.thread.digest = digest;
  }
}

/** An asker with nothing under way holds nothing. `inflight`: its count in the shared row. */
export function checkNothingLeft(name: string, asker: Asker, inflight: number): void {
  if (asker.inFlight !== 0) throw new Violation(`${name} counts ${asker.inFlight} in flight at rest`);
  if (asker.table.room !== asker.table.entries) throw new Violation(`a table entry of ${name} leaks`);
  if (runNow(asker.arena.leased) !== 0) throw new Violation(`a block of ${name} leaks`);
  if (inflight !== 0) throw new Violation(`${inflight} permits of ${name} leak`);
}

function hasReply(link: Link): boolean {
  const { words } = link.reader;
  return words[ring.tail] !== words[ring.head];
}

const silentPorts: LinkPorts = {
  ring: () => {},
  post: () => {
    throw new Error('no reply of this world is large');
  },
  receive: () => undefined,
  close: () => {},
};

/** No deadline of these worlds comes. */
const noTimers = {
  add: () => 0,
  remove: () => {},
} as unknown as TimerWheel;
