// EndpointWorld: whole threads for the explorer: the shipped ThreadEndpoint with its turns, park words and bells, on event
// loops whose tasks (control messages, bells, immediates, events of its own) come in any order. Handlers may take long,
// which here means: until nothing else in the world can move. Then the laws against waiting in vain are looked at.
//
// Main (endpoint-main.ts) links threads, settles deaths and rolls the pool.

import { type CallReply, emptyCallHead } from '../../runtime/call.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { TakenRequest } from '../../runtime/shared/taker.ts';
import type { ThreadInit } from '../../runtime/thread-control.ts';
import { digestOf, mix } from '../steps/digest.ts';
import {
  $step,
  $tasks,
  Driver,
  run,
  runNow,
  type StepGenerator,
  type StepOp,
  type Steps,
  waitFor,
} from '../steps/step-runtime.ts';
import type { SteppingModules } from '../steps/steps.ts';
import { type SimThread, simThread, stopThread, Violation, type World } from '../steps/world.ts';
import type { Actor, EndpointWorldOptions, Handlers } from './endpoint-actor.ts';
import { EndpointMain, type Threads } from './endpoint-main.ts';
import { ControlPort } from './endpoint-ports.ts';
import { MemoryPool } from './memory-pool.ts';
import { checkNothingLeft } from './queue-world.ts';
import { RequestLaws } from './request-laws.ts';
import { queueName, WorldMemory } from './world-memory.ts';

/** Makes the world anew at each call. */
export function endpointWorlds(options: EndpointWorldOptions, pool = new MemoryPool()): () => World {
  const start = options.modules.runQueue.RunQueue.allocate(options.capacity, options.start ?? 0);
  return () => {
    pool.reset();
    return new EndpointWorld(options, pool, start);
  };
}

class EndpointWorld implements World, Threads {
  readonly threads: SimThread[] = [];
  readonly memory: Int32Array[];
  deaths: number;
  stalls: number;
  forHash = true;
  readonly #options: EndpointWorldOptions;
  readonly #modules: SteppingModules;
  readonly #shared: WorldMemory;
  readonly #laws: RequestLaws<Actor>;
  readonly #actors = new Map<SimThread, Actor>();
  readonly #byNumber: (Actor | undefined)[] = [];
  readonly #main: EndpointMain;
  /** Threads in the middle of something long. */
  readonly #busy = new Set<SimThread>();
  readonly #stalled = new Set<SimThread>();
  /** Tags of nested calls. */
  readonly #nested = new Set<number>();
  #nestedLeft: number;

  constructor(options: EndpointWorldOptions, pool: MemoryPool, start: SharedArrayBuffer) {
    const { modules, capacity, batches, takers, rolls = 0, nested = 0, deaths = 0 } = options;
    this.#options = options;
    this.#modules = modules;
    this.#laws = new RequestLaws(options.bodyBytes ?? 4, options.replyBytes ?? 4);
    this.deaths = deaths * (options.condemns === true ? 2 : 1);
    this.stalls = options.stalls ?? 0;
    this.#nestedLeft = nested;
    const first = batches.length + takers;
    const threads = first + takers * rolls;
    const memoryOptions = {
      modules,
      capacity,
      threads,
      entries: options.entries ?? 4,
      queues: rolls > 0 ? 2 : 1,
      lanes: nested > 0 ? modules.layout.laneCount : 1,
    };
    this.#shared = new WorldMemory(memoryOptions, pool, start);
    this.memory = this.#shared.views;
    this.#main = new EndpointMain(options, this.#shared, this);
    for (let number = 1; number <= first; number++) {
      const actor = this.start(number, 0, 0);
      this.#main.join(actor, (to, message) => runNow(to.port.handler!(message)));
    }
    for (const actor of this.#actors.values()) {
      this.enter(actor.thread);
      actor.isGoing = true;
      runNow(actor.port.handler!(this.#main.go()));
    }
    this.threads.push(this.#main.thread);
  }

  get requests(): number {
    return this.#laws.requests;
  }

  describe(op: StepOp, result: unknown): string | undefined {
    return this.#shared.names.describe(op, result);
  }

  state(): number[] {
    const state = this.#laws.state;
    state.push(...this.#main.state);
    for (const actor of this.#actors.values()) {
      if (actor.thread.driver === undefined) continue;
      state.push(actor.port.inbox.length, actor.bells.length, actor.immediates.length, actor.condemned ? 1 : 0);
      state.push(this.#busy.has(actor.thread) ? 1 : 0, actor.fibers.length);
    }
    return state;
  }

  enter(thread: SimThread): void {
    const actor = this.#actors.get(thread);
    $tasks.microtasks = actor?.microtasks;
    $tasks.immediates = actor?.immediates;
  }

  onKill(thread: SimThread): void {
    const actor = this.#actors.get(thread)!;
    if (this.#options.condemns === true && !actor.condemned) {
      for (const other of this.threads) other.killable = other === thread;
      actor.condemned = true;
      actor.ranWhenCondemned = this.#laws.openOn(actor);
      this.#main.condemn(actor);
      return;
    }
    this.end(actor);
  }

  /** Its Worker has stopped. */
  end(actor: Actor): void {
    stopThread(actor.thread);
    this.#busy.delete(actor.thread);
    this.#stalled.delete(actor.thread);
    this.#main.died(actor);
  }

  isCritical(thread: SimThread): boolean {
    return this.#shared.ownsSlot(this.#actors.get(thread)?.number ?? 0);
  }

  isLocal(thread: SimThread, op: StepOp): boolean {
    if (this.#shared.slotOf(op) < 0) return false;
    return op.kind === 'load' && this.#shared.ownerOf(op) === this.#actors.get(thread)?.number;
  }

  onOp(thread: SimThread, op: StepOp): void {
    const me = this.#actors.get(thread)?.number ?? 0;
    this.#shared.checkBlock(thread, op);
    this.#shared.checkSlot(thread, op, me, (number) => this.#byNumber[number]?.thread.driver !== undefined);
  }

  mayStall(thread: SimThread): boolean {
    const actor = this.#actors.get(thread);
    if (actor === undefined || this.#stalled.has(thread)) return false;
    return (
      this.#shared.countSlots(this.#modules.layout.phases.writing, { counts: (owner) => owner === actor.number }) > 0
    );
  }

  onStall(thread: SimThread): void {
    this.#stalled.add(thread);
  }

  isStalled(thread: SimThread): boolean {
    if (!this.#stalled.has(thread)) return false;
    if (!this.isQuiet()) return true;
    this.#stalled.delete(thread);
    return false;
  }

  /** Laws for the moment when all that must happen has happened, and only what takes long goes on. */
  check(): void {
    if (!this.isQuiet()) return;
    const { phases, nestedLane } = this.#modules.layout;
    const idle = this.alive().filter(({ thread, isGoing }) => isGoing && !this.isBusy(thread));
    // Who stands still may owe the ring for what it has put.
    const counts = (_owner: number, asker: number): boolean =>
      !this.#stalled.has(this.#byNumber[asker]?.thread ?? this.#main.thread);
    const busy = this.alive().filter(({ thread }) => this.isBusy(thread));
    for (const { thread, asks, work, queue: index, number } of idle) {
      // Nobody can ring a thread of which it has not read yet.
      if (asks || busy.some(({ endpoint }) => endpoint.links.get(number) === undefined)) continue;
      const queue = this.#shared.queues[index]!;
      const inLane = (lane: number): number => this.#shared.countSlots(phases.ready, { queue, lane, counts });
      const nested = this.#options.nested !== undefined && work.takesNested ? inLane(nestedLane) : 0;
      if (nested + (work.takesRegular ? inLane(0) : 0) > 0)
        throw new Violation(`a request waits behind a busy thread while ${thread.name} sleeps`);
    }
    this.#laws.checkPrompt(
      (owner) => !owner.condemned && idle.includes(owner),
      // What found no room is told when its thread is free again.
      ({ thread, endpoint }) => thread.driver !== undefined && !(this.isBusy(thread) && endpoint.answerer.held > 0),
    );
    for (const { condemned, ranWhenCondemned, thread } of this.alive()) {
      if (
        condemned &&
        ranWhenCondemned.some((tag) => this.#laws.isOpenFor(tag, (owner) => !owner.condemned && idle.includes(owner)))
      ) {
        throw new Violation(`${thread.name} is condemned, and whoever waits for it has not been told`);
      }
    }
  }

  isBusy(thread: SimThread): boolean {
    return this.#busy.has(thread) || this.#stalled.has(thread);
  }

  /** No thread but busy ones is in the middle of anything or has a message, bell or immediate to come to. */
  isQuiet(): boolean {
    if (this.#main.thread.pending?.kind !== 'wait' || this.#main.hasWork) return false;
    for (const { thread, port, bells, immediates } of this.#actors.values()) {
      if (thread.driver === undefined || this.isBusy(thread)) continue;
      if (thread.pending?.kind !== 'wait') return false;
      if (port.inbox.length > 0 || bells.length > 0 || immediates.length > 0) return false;
    }
    return true;
  }

  atRest(): void {
    if (this.#main.thread.pending?.kind !== 'wait') throw new Violation('the supervisor is stuck');
    if (this.#main.waits.length > 0) throw new Violation(`main waits in vain: ${this.#main.waits[0]!.key}`);
    const alive = this.alive();
    for (const { thread } of alive) if (thread.pending?.kind !== 'wait') throw new Violation(`${thread.name} is stuck`);
    const takes = (queue: number): boolean =>
      alive.some((actor) => !actor.asks && !actor.work.draining && actor.queue === queue);
    if (!takes(this.#main.inForce)) return;
    const { roll } = this.#main;
    if (roll !== undefined && !takes(roll.old) && roll.phase === 'draining') return;
    if (roll !== undefined) throw new Violation(`the roll does not end: ${roll.phase}`);
    this.#laws.checkAnswered(({ thread, condemned }) => thread.driver !== undefined && !condemned);
    this.#shared.checkQueues();
    for (const { endpoint, thread, number, condemned } of alive) {
      if (condemned) continue;
      checkNothingLeft(thread.name, endpoint.asker, runNow(this.#shared.inflight.get(number, 0)));
      const { held } = endpoint.answerer;
      if (held > 0) throw new Violation(`${thread.name} holds ${held} replies at rest`);
    }
  }

  alive(): Actor[] {
    return [...this.#actors.values()].filter(({ thread }) => thread.driver !== undefined);
  }

  start(number: number, life: number, queue: number): Actor {
    const { modules, batches, mayDie, cancels, ownEvents, maxFibers } = this.#options;
    const asks = number <= batches.length;
    const thread = simThread(`${asks ? 'A' : 'T'}${number}${"'".repeat(life)}`, false);
    const condemnedIsOut = this.#options.condemns === true && this.alive().some(({ condemned }) => condemned);
    thread.killable = life === 0 && !condemnedIsOut && (mayDie === 'all' || (mayDie === 'askers') === asks);
    const port = new ControlPort((message) => this.#main.hear(actor, message));
    const work = new modules.echoWork.EchoWork(
      {
        runHandler: (taken) => this.#handle(actor, taken) as unknown as CallReply | undefined,
        isQuick: (taken) => this.#handlerOf(tagOf(taken)) !== 'long',
      },
      { maxFibers: maxFibers ?? 2, turnRequests: 32, turnMs: Number.POSITIVE_INFINITY },
    );
    const endpoint = new modules.threadEndpoint.ThreadEndpoint(
      this.#init(number, asks, queue),
      port as never,
      stillClock,
      work,
    );
    work.endpoint = endpoint;
    const pool = endpoint.pools.get(queueName(0))!;
    const actor: Actor = {
      thread,
      number,
      asks,
      queue,
      endpoint,
      work,
      port,
      microtasks: [],
      immediates: [],
      bells: [],
      fibers: [],
      events: asks ? (life === 0 ? [...batches[number - 1]!] : [1]) : [],
      ownEvents: asks || life > 0 ? 0 : (ownEvents ?? 0),
      cancelsLeft: asks && life === 0 ? (cancels ?? 0) : 0,
      isGoing: false,
      condemned: false,
      ranWhenCondemned: [],
      asked: [],
      route: { pool, method: 1, column: 0, maxConcurrency: 0, service: 's' },
    };
    if (this.#options.drains === number && life === 0) port.inbox.push({ type: 'drain' });
    this.#actors.set(thread, actor);
    this.#byNumber[number] = actor;
    thread.driver = new Driver(this.#loop(actor));
    this.threads.push(thread);
    this.enter(thread);
    return actor;
  }

  #init(number: number, asks: boolean, queue: number): ThreadInit {
    const { queues, board, inflightMemory, latency, tables, arenas } = this.#shared;
    const { capacity } = this.#options;
    return {
      number,
      name: `${number}`,
      board: board.memory,
      inflight: inflightMemory,
      latency,
      counters: this.#shared.counters,
      pools: queues.map(({ memory }, index) => ({ name: queueName(index), pool: 'p', memory, capacity, calls: false })),
      takes: asks ? [] : [queueName(queue)],
      table: tables[number]!,
      arena: arenas[number]!,
      maxRequests: 1000,
      spinMs: 0,
    };
  }

  *#loop(actor: Actor): StepGenerator<void> {
    const { port, bells, immediates, events, fibers } = actor;
    const can = (): (() => StepGenerator<unknown>)[] => {
      const ways: (() => StepGenerator<unknown>)[] = [];
      if (bells.length > 0) ways.push(() => run(bells.shift()!()));
      if (immediates.length > 0) ways.push(() => run(immediates.shift()!()));
      if (port.inbox.length > 0) ways.push(() => run(port.handler!(port.inbox.shift()!)));
      if (events.length > 0 && actor.endpoint.queueOf('p') !== undefined)
        ways.push(() => this.#putBatch(actor, events.shift()!));
      if (actor.ownEvents > 0) ways.push(() => this.#ownEvent(actor));
      if (fibers.length > 0) ways.push(() => this.#finish(actor));
      const oldest = actor.cancelsLeft > 0 ? actor.asked.find(({ tag }) => this.#laws.isOpen(tag)) : undefined;
      if (oldest !== undefined) ways.push(() => this.#cancel(actor, oldest));
      return ways;
    };
    for (;;) {
      if (this.forHash) this.#mark(actor);
      const way = (yield waitFor('its next task, of', () => can().length)) as number;
      yield* can()[way]!();
      const { microtasks } = actor;
      for (let task = microtasks.shift(); task !== undefined; task = microtasks.shift()) yield* run(task());
    }
  }

  *#putBatch(actor: Actor, count: number): StepGenerator<void> {
    for (let put = 0; put < count; put++) {
      const tag = this.#laws.open(actor);
      const handle = yield* this.#put(actor, tag, 0, () => {});
      if (handle >= 0) actor.asked.push({ handle, tag });
    }
  }

  *#put(actor: Actor, tag: number, depth: number, onReply: () => void): StepGenerator<number> {
    const { endpoint } = actor;
    const pool = endpoint.queueOf('p')!;
    if (actor.route.pool !== pool) actor.route = { ...actor.route, pool };
    const head = emptyCallHead();
    head.priority = 0;
    head.depth = depth;
    head.source = Buffer.alloc(this.#options.bodyBytes ?? 4);
    head.source.writeInt32LE(tag);
    head.bodyEnd = head.source.length;
    const sink = {
      onReply: (to: number, reply: CallReply) => {
        this.#laws.onReply(actor, to, reply);
        onReply();
      },
    };
    const handle = yield* run(endpoint.put(actor.route, head, undefined, sink, tag));
    if (handle < 0 && this.#laws.isOpen(tag)) throw new Violation(`request ${tag} was refused without an answer`);
    return handle;
  }

  *#cancel(actor: Actor, request: { handle: number; tag: number }): StepGenerator<void> {
    actor.cancelsLeft--;
    this.#laws.cancel(request.tag);
    yield* run(actor.endpoint.asker.cancel(request.handle));
  }

  *#ownEvent(actor: Actor): StepGenerator<void> {
    actor.ownEvents--;
    yield* run(actor.endpoint.entering());
    yield* this.#takeLong(actor);
  }

  /** Runs a request; its reply, or nothing when that comes later. */
  #handle(actor: Actor, taken: TakenRequest): Steps {
    const world = this;
    const reply = this.#laws.run(taken, actor.condemned, actor);
    const { asker, request, generation } = taken;
    const ticket = { asker, request, generation };
    const tag = tagOf(taken);
    return $step(
      (function* (): StepGenerator<CallReply | undefined> {
        if (world.#nestedLeft > 0 && !world.#nested.has(tag)) {
          yield* world.#callNested(actor, { ticket, reply, tag });
          return undefined;
        }
        const kind = world.#handlerOf(tag);
        if (kind === 'later') {
          actor.fibers.push({ ticket, reply, tag });
          return undefined;
        }
        if (kind === 'long') yield* world.#takeLong(actor);
        world.#laws.finish(tag);
        return reply;
      })(),
    );
  }

  #handlerOf(tag: number): Handlers {
    const { handlers = 'short' } = this.#options;
    return handlers === 'mixed' ? mixedHandlers[(tag - 1) % mixedHandlers.length]! : handlers;
  }

  /** A fiber that calls its own pool, may compute on before it waits, and goes on in a microtask when it is answered. */
  *#callNested(actor: Actor, fiber: Actor['fibers'][number]): StepGenerator<void> {
    this.#nestedLeft--;
    const tag = this.#laws.open(actor);
    this.#nested.add(tag);
    const goOn = (): Steps => $step(this.#reply(actor, fiber));
    yield* this.#put(actor, tag, 1, () => actor.microtasks.push(goOn));
    if (this.#handlerOf(fiber.tag) === 'long') yield* this.#takeLong(actor);
  }

  /** A fiber goes on and ends, in a task of its own. */
  *#finish(actor: Actor): StepGenerator<void> {
    const fiber = actor.fibers.shift()!;
    yield* run(actor.endpoint.entering());
    yield* this.#reply(actor, fiber);
  }

  *#reply(actor: Actor, { ticket, reply, tag }: Actor['fibers'][number]): StepGenerator<void> {
    this.#laws.finish(tag);
    yield* run(actor.work.finish(ticket, reply));
  }

  *#takeLong(actor: Actor): StepGenerator<void> {
    this.#busy.add(actor.thread);
    yield waitFor('the end of its long work', () => Number(this.isQuiet()));
    this.#busy.delete(actor.thread);
  }

  #mark(actor: Actor): void {
    const { endpoint, work } = actor;
    const { asker, answerer, links } = endpoint;
    let digest = mix(actor.events.length * 8 + actor.ownEvents, actor.cancelsLeft);
    digest = digestOf(digestOf(digestOf(digest, endpoint), work), answerer);
    digest = digestOf(digestOf(digestOf(digest, asker), asker.table), asker.arena);
    for (const link of links.list) digest = digestOf(digestOf(digestOf(digest, link), link.reader), link.writer);
    for (const { handle } of actor.asked) digest = mix(digest, handle);
    actor.thread.digest = digest;
  }
}

function tagOf({ head }: TakenRequest): number {
  return head.source.readInt32LE(head.bodyStart);
}

const mixedHandlers = ['long', 'later', 'long', 'short'] as const;

/** Time stands still: no net catches what a bell has missed. */
const stillClock: Clock = { nowMs: () => 0, wallMs: () => 0, setTimer: () => 0, clearTimer: () => {} };
