// EndpointWorld: whole threads for the explorer: the shipped ThreadEndpoint with its turns, park words and bells, on event
// loops whose tasks (control messages, bells, immediates, events of its own) come in any order. Handlers may take long,
// which here means: until nothing else in the world can move. Then the law against head-of-line blocking is looked at.

import { type CallReply, emptyCallHead } from '../../runtime/call.ts';
import type { Clock } from '../../runtime/clock.ts';
import { noLiveSettings } from '../../runtime/live-settings.ts';
import type { Route } from '../../runtime/shared/asker.ts';
import type { LinkMemory } from '../../runtime/shared/link.ts';
import type { LostSlot } from '../../runtime/shared/run-queue.ts';
import type { TakenRequest } from '../../runtime/shared/taker.ts';
import type { ThreadInit, ToMain, ToThread } from '../../runtime/thread-control.ts';
import type { ThreadEndpoint } from '../../runtime/thread-endpoint.ts';
import type { EchoWork } from './echo-work.ts';
import { digestOf, mix, type SimThread, simThread, stopThread, Violation, type World } from './explorer.ts';
import { checkNothingLeft } from './queue-world.ts';
import { RequestLaws } from './request-laws.ts';
import {
  $step,
  $tasks,
  act,
  Driver,
  HandOp,
  run,
  runNow,
  type StepGenerator,
  type StepOp,
  type Steps,
  waitFor,
  waitUntil,
} from './step-runtime.ts';
import type { SteppingModules } from './steps.ts';
import { MemoryPool, WorldMemory } from './world-memory.ts';

export interface EndpointWorldOptions {
  modules: SteppingModules;
  capacity: number;
  takers: number;
  /** For each asker the requests that it puts in one event, event by event. */
  batches: readonly (readonly number[])[];
  /** Cancels of each asker, of its oldest request. */
  cancels?: number;
  /** Handlers take long. */
  long?: boolean;
  /** Events of each taker's own, such as timers, that run user code for long. */
  ownEvents?: number;
  /** Fibers at once on each taker; 2 when left out. */
  maxFibers?: number;
  /** Taker number that is told to drain at some time; 0: none. */
  drains?: number;
  deaths?: number;
  /** A death is decided first, which takes one of two steps to kill. */
  condemns?: boolean;
  mayDie?: 'takers' | 'askers' | 'all';
  /** A dead thread's number goes to a new one. */
  reuse?: boolean;
  bodyBytes?: number;
  start?: number;
}

/** One life of a thread. */
interface Actor {
  readonly thread: SimThread;
  readonly number: number;
  readonly asks: boolean;
  readonly endpoint: ThreadEndpoint;
  readonly work: EchoWork;
  readonly port: ControlPort;
  readonly microtasks: (() => unknown)[];
  readonly immediates: (() => unknown)[];
  /** Rings that have not been heard. */
  readonly bells: (() => unknown)[];
  /** Batches still to be put. */
  readonly events: number[];
  ownEvents: number;
  cancelsLeft: number;
  condemned: boolean;
  readonly asked: { handle: number; tag: number }[];
  readonly route: Route;
}

/** Makes the world anew at each call. */
export function endpointWorlds(options: EndpointWorldOptions): () => World {
  const pool = new MemoryPool();
  const start = options.modules.runQueue.RunQueue.allocate(options.capacity, options.start ?? 0);
  return () => {
    pool.reset();
    return new EndpointWorld(options, pool, start);
  };
}

class EndpointWorld implements World {
  readonly threads: SimThread[] = [];
  readonly memory: Int32Array[];
  deaths: number;
  readonly #options: EndpointWorldOptions;
  readonly #modules: SteppingModules;
  readonly #shared: WorldMemory;
  readonly #laws: RequestLaws<Actor>;
  readonly #actors = new Map<SimThread, Actor>();
  readonly #byNumber: (Actor | undefined)[] = [];
  readonly #main = simThread('main', false);
  readonly #toMain: { type: 'died' | 'condemned'; number: number }[] = [];
  readonly #acks = new Set<number>();
  #settling = 0;
  /** Threads in the middle of something long. */
  readonly #busy = new Set<SimThread>();

  constructor(options: EndpointWorldOptions, pool: MemoryPool, start: SharedArrayBuffer) {
    const { modules, capacity, batches, takers } = options;
    this.#options = options;
    this.#modules = modules;
    this.#laws = new RequestLaws(options.bodyBytes ?? 4);
    this.deaths = (options.deaths ?? 0) * (options.condemns === true ? 2 : 1);
    const threads = batches.length + takers;
    this.#shared = new WorldMemory({ modules, capacity, threads, entries: 4, start: options.start ?? 0 }, pool, start);
    this.memory = this.#shared.views;
    for (let number = 1; number <= threads; number++) {
      const actor = this.#start(number, 0);
      this.#join(actor, (to, message) => runNow(to.port.handler!(message)));
    }
    for (const { thread, port } of this.#actors.values()) {
      this.enter(thread);
      runNow(
        port.handler!({
          type: 'go',
          table: { turn: 0, methods: [], queues: [] },
          counts: new SharedArrayBuffer(1024),
          clientCounts: new SharedArrayBuffer(0),
          quarantined: [],
          live: noLiveSettings,
        }),
      );
    }
    this.#acks.clear();
    this.#main.driver = new Driver(this.#supervise());
    this.threads.push(this.#main);
  }

  state(): number[] {
    const state = this.#laws.state;
    state.push(this.#settling, this.#toMain.length, ...this.#acks);
    for (const actor of this.#actors.values()) {
      if (actor.thread.driver === undefined) continue;
      state.push(actor.port.inbox.length, actor.bells.length, actor.immediates.length, actor.condemned ? 1 : 0);
      state.push(this.#busy.has(actor.thread) ? 1 : 0);
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
      this.#toMain.push({ type: 'condemned', number: actor.number });
      return;
    }
    stopThread(thread);
    this.#busy.delete(thread);
    this.#acks.add(actor.number);
    this.#toMain.push({ type: 'died', number: actor.number });
  }

  isLocal(thread: SimThread, op: StepOp): boolean {
    if (this.#shared.slotOf(op) < 0) return false;
    return op.kind === 'load' && this.#shared.ownerOf(op) === this.#actors.get(thread)?.number;
  }

  onOp(thread: SimThread, op: StepOp): void {
    const me = this.#actors.get(thread)?.number ?? 0;
    this.#shared.checkSlot(thread, op, me, (number) => this.#byNumber[number]?.thread.driver !== undefined);
  }

  /** Law: when all that must happen has happened, no request is ready beside an idle thread while another is busy. */
  check(): void {
    if (this.#busy.size === 0 || this.#settling !== 0 || !this.#isQuiet()) return;
    if (this.#shared.countSlots(this.#modules.layout.phases.ready) === 0) return;
    for (const { thread, asks, work } of this.#alive()) {
      if (asks || !work.takesRegular || this.#busy.has(thread)) continue;
      throw new Violation(`a request waits behind a busy thread while ${thread.name} sleeps`);
    }
  }

  /** No thread but busy ones is in the middle of anything or has a message, bell or immediate to come to. */
  #isQuiet(): boolean {
    const main = this.#main.pending;
    // In the middle of a settlement main may wait for a busy thread.
    if (!(main instanceof HandOp) || main.ways!() > 0) return false;
    for (const { thread, port, bells, immediates } of this.#actors.values()) {
      if (thread.driver === undefined || this.#busy.has(thread)) continue;
      if (thread.pending?.kind !== 'wait') return false;
      if (port.inbox.length > 0 || bells.length > 0 || immediates.length > 0) return false;
    }
    return true;
  }

  atRest(): void {
    if (this.#main.pending?.kind !== 'wait' || this.#settling !== 0) throw new Violation('the supervisor is stuck');
    const alive = this.#alive();
    for (const { thread } of alive) if (thread.pending?.kind !== 'wait') throw new Violation(`${thread.name} is stuck`);
    if (!alive.some(({ asks, work }) => !asks && !work.draining)) return;
    // Replies to a condemned thread are dropped: it has not long to live.
    this.#laws.checkAnswered(({ thread, condemned }) => thread.driver !== undefined && !condemned);
    const { capacity } = this.#options;
    const free = this.#shared.countSlots(this.#modules.layout.phases.free);
    if (free !== capacity) throw new Violation(`${capacity - free} slots are not free at rest`);
    for (const { asks, endpoint, thread, number, condemned } of alive) {
      if (asks && !condemned)
        checkNothingLeft(thread.name, endpoint.asker, runNow(this.#shared.inflight.get(number, 0)));
    }
  }

  #alive(): Actor[] {
    return [...this.#actors.values()].filter(({ thread }) => thread.driver !== undefined);
  }

  #start(number: number, life: number): Actor {
    const { modules, batches, mayDie, cancels, ownEvents, maxFibers } = this.#options;
    const asks = number <= batches.length;
    const thread = simThread(`${asks ? 'A' : 'T'}${number}${"'".repeat(life)}`, false);
    thread.killable = life === 0 && (mayDie === 'all' || (mayDie === 'askers') === asks);
    const port = new ControlPort((message) => this.#onMessage(actor, message));
    const work = new modules.echoWork.EchoWork(
      { runHandler: (taken) => this.#handle(actor, taken) as unknown as CallReply },
      { maxFibers: maxFibers ?? 2, turnRequests: 32, turnMs: Number.POSITIVE_INFINITY },
    );
    const endpoint = new modules.threadEndpoint.ThreadEndpoint(
      this.#init(number, asks),
      port as never,
      stillClock,
      work,
    );
    work.endpoint = endpoint;
    const actor: Actor = {
      thread,
      number,
      asks,
      endpoint,
      work,
      port,
      microtasks: [],
      immediates: [],
      bells: [],
      events: asks ? (life === 0 ? [...batches[number - 1]!] : [1]) : [],
      ownEvents: asks || life > 0 ? 0 : (ownEvents ?? 0),
      cancelsLeft: asks && life === 0 ? (cancels ?? 0) : 0,
      condemned: false,
      asked: [],
      route: { pool: endpoint.pools.get('p')!, method: 1, column: 0, maxConcurrency: 0, service: 's' },
    };
    if (this.#options.drains === number && life === 0) port.inbox.push({ type: 'drain' });
    this.#actors.set(thread, actor);
    this.#byNumber[number] = actor;
    thread.driver = new Driver(this.#loop(actor));
    this.threads.push(thread);
    this.enter(thread);
    return actor;
  }

  #init(number: number, asks: boolean): ThreadInit {
    const { queueMemory, board, inflightMemory, latency, tables, arenas } = this.#shared;
    return {
      number,
      name: `${number}`,
      board: board.memory,
      inflight: inflightMemory,
      latency,
      counters: this.#shared.counters,
      pools: [{ name: 'p', memory: queueMemory, capacity: this.#options.capacity, calls: false }],
      takes: asks ? [] : ['p'],
      table: tables[number]!,
      arena: arenas[number]!,
      maxRequests: 1000,
      spinMs: 0,
    };
  }

  /** As Supervisor.join. */
  #join(member: Actor, post: (to: Actor, message: ToThread) => void): void {
    runNow(this.#shared.board.setFate(member.number, this.#modules.layout.fates.alive));
    const own = this.#shared.ring();
    const send = (to: Actor, peer: Actor, toPeer: SharedArrayBuffer, fromPeer: SharedArrayBuffer): void => {
      const table = this.#shared.tables[peer.number]!;
      const arena = this.#shared.arenas[peer.number]!;
      const memory: LinkMemory = { peer: peer.number, pools: peer.asks ? [] : ['p'], toPeer, fromPeer, table, arena };
      const bell = to === peer ? undefined : (new BellPort(to.bells, peer) as never);
      this.enter(to.thread);
      post(to, { type: 'link', memory, bell, side: bell });
    };
    send(member, member, own, own);
    for (const other of this.#alive()) {
      if (other === member) continue;
      const towards = this.#shared.ring();
      const back = this.#shared.ring();
      send(member, other, towards, back);
      send(other, member, back, towards);
    }
  }

  *#loop(actor: Actor): StepGenerator<void> {
    const { port, bells, immediates, events } = actor;
    const can = (): (() => StepGenerator<unknown>)[] => {
      const ways: (() => StepGenerator<unknown>)[] = [];
      if (bells.length > 0) ways.push(() => run(bells.shift()!()));
      if (immediates.length > 0) ways.push(() => run(immediates.shift()!()));
      if (port.inbox.length > 0) ways.push(() => run(port.handler!(port.inbox.shift()!)));
      if (events.length > 0) ways.push(() => this.#putBatch(actor, events.shift()!));
      if (actor.ownEvents > 0) ways.push(() => this.#ownEvent(actor));
      const oldest = actor.cancelsLeft > 0 ? actor.asked.find(({ tag }) => this.#laws.isOpen(tag)) : undefined;
      if (oldest !== undefined) ways.push(() => this.#cancel(actor, oldest));
      return ways;
    };
    for (;;) {
      this.#mark(actor);
      const way = (yield waitFor('does', () => can().length)) as number;
      yield* can()[way]!();
      const { microtasks } = actor;
      for (let task = microtasks.shift(); task !== undefined; task = microtasks.shift()) yield* run(task());
    }
  }

  *#putBatch(actor: Actor, count: number): StepGenerator<void> {
    for (let put = 0; put < count; put++) {
      const tag = this.#laws.open(actor);
      const head = emptyCallHead();
      head.priority = 0;
      head.source = Buffer.alloc(this.#options.bodyBytes ?? 4);
      head.source.writeInt32LE(tag);
      head.bodyEnd = head.source.length;
      const sink = { onReply: (to: number, reply: CallReply) => this.#laws.onReply(actor, to, reply) };
      const handle = yield* run(actor.endpoint.put(actor.route, head, undefined, sink, tag));
      if (handle >= 0) actor.asked.push({ handle, tag });
      else if (this.#laws.isOpen(tag)) throw new Violation(`request ${tag} was refused without an answer`);
    }
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

  #handle(actor: Actor, taken: TakenRequest): Steps {
    const world = this;
    const reply = this.#laws.run(taken, actor.condemned);
    return $step(
      (function* (): StepGenerator<CallReply> {
        if (world.#options.long === true) yield* world.#takeLong(actor);
        return reply;
      })(),
    );
  }

  *#takeLong(actor: Actor): StepGenerator<void> {
    this.#busy.add(actor.thread);
    yield waitFor('works for long', () => Number(this.#isQuiet()));
    this.#busy.delete(actor.thread);
  }

  #onMessage(actor: Actor, message: ToMain): void {
    if (message.type === 'linked' || message.type === 'settled') this.#acks.add(actor.number);
  }

  *#supervise(): StepGenerator<void> {
    const { fates } = this.#modules.layout;
    for (;;) {
      this.#main.digest = 0;
      yield waitUntil('a death', () => this.#toMain.length > 0);
      const { type, number } = this.#toMain.shift()!;
      this.#settling = number;
      const others = (): Actor[] => this.#alive().filter((other) => other.number !== number);
      if (type === 'condemned') {
        yield* run(this.#shared.board.setFate(number, fates.condemned));
        for (const other of others()) other.port.inbox.push({ type: 'condemned', number });
      } else {
        const lost: LostSlot[] = yield* this.#shared.settle(number);
        this.#acks.clear();
        for (const other of others()) {
          const mine = lost.filter(({ asker }) => asker === other.number);
          other.port.inbox.push({ type: 'died', number, lost: mine });
        }
        yield waitUntil('acknowledgements', () => others().every((other) => this.#acks.has(other.number)));
        if (this.#options.reuse === true) yield* this.#replace(number);
      }
      this.#settling = 0;
    }
  }

  *#replace(number: number): StepGenerator<void> {
    yield* run(this.#shared.board.resetRow(number));
    const next = this.#start(number, 1);
    this.#acks.clear();
    this.#join(next, (to, message) => to.port.inbox.push(message));
    yield waitUntil('links', () => this.#alive().every((other) => this.#acks.has(other.number)));
    next.port.inbox.push({
      type: 'go',
      table: { turn: 0, methods: [], queues: [] },
      counts: new SharedArrayBuffer(1024),
      clientCounts: new SharedArrayBuffer(0),
      quarantined: [],
      live: noLiveSettings,
    });
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

/** A thread's end of its control port. */
class ControlPort {
  readonly inbox: ToThread[] = [];
  handler: ((message: ToThread) => unknown) | undefined;
  readonly #toMain: (message: ToMain) => void;

  constructor(toMain: (message: ToMain) => void) {
    this.#toMain = toMain;
  }

  on(_event: 'message', handler: (message: ToThread) => unknown): void {
    this.handler = handler;
  }

  postMessage(message: ToMain): Steps {
    return posting(`tells main: ${message.type}`, () => this.#toMain(message));
  }

  receive(): { message: ToThread } | undefined {
    const message = this.inbox.shift();
    return message === undefined ? undefined : { message };
  }

  close(): void {}
}

/** One end of a bell: what the other end posts becomes a task of this one's thread. */
class BellPort {
  readonly #own: (() => unknown)[];
  readonly #peer: Actor;
  static readonly #handlers = new WeakMap<object, Map<number, () => unknown>>();

  constructor(own: (() => unknown)[], peer: Actor) {
    this.#own = own;
    this.#peer = peer;
  }

  on(_event: 'message', handler: () => unknown): void {
    let byPeer = BellPort.#handlers.get(this.#own);
    if (byPeer === undefined) {
      byPeer = new Map();
      BellPort.#handlers.set(this.#own, byPeer);
    }
    byPeer.set(this.#peer.number, handler);
  }

  postMessage(): Steps {
    return posting(`rings ${this.#peer.thread.name}`, () => {
      const handlers = BellPort.#handlers.get(this.#peer.bells);
      const handler = handlers?.values().next().value;
      if (handler !== undefined && this.#peer.bells.length < 2) this.#peer.bells.push(handler);
    });
  }

  close(): void {}
}

function posting(label: string, action: () => void): Steps {
  return $step(
    (function* (): StepGenerator<void> {
      yield act(label, action);
    })(),
  );
}

/** Time stands still: no net catches what a bell has missed. */
const stillClock: Clock = { nowMs: () => 0, wallMs: () => 0, setTimer: () => 0, clearTimer: () => {} };
