// ThreadEndpoint: a thread's place in the process. It owns the thread's links, asker, answerer and taker, obeys main's
// control messages, and turns the event loop: take what came, publish what was answered, then poll a little, then park.
//
// A turn, in order: 1. awake (park word 0)  2. replies that came  3. cancels  4. the thread's own work, bounded
// 5. publish  6. again by setImmediate if anything was done; else poll while spinning pays; else park: store the park
// word, look once more at everything that could wake this thread, sleep.

import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { CallHead, ReplySink } from './call.ts';
import type { Clock } from './clock.ts';
import type { JobRun } from './jobs.ts';
import type { LiveSettings } from './live-settings.ts';
import { PollPace } from './poll-pace.ts';
import { Answerer } from './shared/answerer.ts';
import { Asker, type Route } from './shared/asker.ts';
import { ringOne } from './shared/bells.ts';
import { Board } from './shared/board.ts';
import { CounterTable, type ThreadCounter, threadCounters } from './shared/counters.ts';
import { Inflight } from './shared/inflight.ts';
import { LatencyHistogram } from './shared/latency.ts';
import { board as boardWord, laneCount, nestedLane, threadNumberMax, wants } from './shared/layout.ts';
import { Link, Links } from './shared/link.ts';
import { messagePorts, ownPorts, type RingTime } from './shared/link-ports.ts';
import { MethodCounters } from './shared/method-counters.ts';
import { type PoolQueue, poolQueue } from './shared/pool-queue.ts';
import { RouteBounds } from './shared/route-bounds.ts';
import { RunQueue } from './shared/run-queue.ts';
import { Taker } from './shared/taker.ts';
import type { MethodRow, QuarantinedBody, RoutingTable, ThreadInit, ToMain, ToThread } from './thread-control.ts';
import { type TimerTarget, TimerWheel } from './timer-wheel.ts';

/** Replies handed on in one turn before the event loop goes round. */
const repliesPerTurn = 256;
/**
 * Handlers that are trusted to be quick may go on for so long before it is looked whether the thread is behind; and it is when
 * what lies in its queue would take it longer than that, ms. As a turn's bound.
 */
const behindMs = 0.2;
/** The turn has begun, and its first quick handler says when. */
const inThisTurn = -1;
/** How long a request may lie in a queue before a parked member of the pool is rung for it once more, ms. */
const ringAgainMs = 2;

/** What a kind of thread does with its turns. */
export interface ThreadWork {
  /** Bounded work of one turn; true when there was some. */
  turn(): boolean;
  /** Fibers are left for new requests; for nested calls. */
  readonly takesRegular: boolean;
  readonly takesNested: boolean;
  /** Some request that this thread runs is no longer wanted. */
  onCancels(): void;
  /** When the process goes, and at each later turn of the routing table. */
  onTable(methods: MethodRow[]): void;
  onQuarantine(bodies: QuarantinedBody[]): void;
  /** With `go`, before it, and on each reload. */
  onLive(live: LiveSettings): void;
  onAdmin(port: MessagePort): void;
  onStrategies(message: unknown): void;
  /** IO threads: to be carried. */
  onJob?(run: JobRun): void;
  /** From here on it takes nothing, and says so by `takesRegular` and `takesNested`. */
  onRetire(): void;
  onDrain(): void;
  onStop(): void;
}

export class ThreadEndpoint implements TimerTarget {
  readonly number: number;
  readonly name: string;
  readonly board: Board;
  readonly links = new Links();
  /** By the name of the queue. */
  readonly pools = new Map<string, PoolQueue>();
  readonly timers: TimerWheel;
  readonly clock: Clock;
  readonly counters: CounterTable<ThreadCounter>;
  readonly asker: Asker;
  readonly answerer: Answerer;
  /** Takes what fibers run. */
  readonly taker: Taker | undefined;
  /** Calls to other processes over connections of this thread, by client; set when the process goes. */
  clientCounters: MethodCounters | undefined;
  /** IO threads: takes outgoing calls. */
  readonly callTaker: Taker | undefined;
  readonly ringTime: RingTime = { ms: 0 };
  /** Lanes that this thread has put to since it last saw them empty; looked at every `ringAgainMs`. */
  readonly #watched: { pool: PoolQueue; lane: number }[] = [];
  /** The timer for that is set. */
  #watches = false;
  /** By pool: the queue that new work goes into. */
  readonly #queues = new Map<string, PoolQueue>();
  readonly #takes: readonly string[];
  readonly #control: MessagePort;
  readonly #work: ThreadWork;
  readonly #polls: PollPace;
  #going = false;
  #parked = false;
  #parkedAtMs = 0;
  /** Its park word says so; see `looksBit`. */
  #looks = false;
  /** When it was last looked whether it is behind, or the turn's first quick handler came; and what it had taken by then. */
  #paceSinceMs = inThisTurn;
  #paceSinceCount = 0;
  #turnScheduled = false;
  #cancelsSeen = 0;
  #turns = 0;
  /** At most one of these is under way, so it is bound once. */
  readonly #turn = (): void => this.#runTurn();

  constructor(init: ThreadInit, control: MessagePort, clock: Clock, work: ThreadWork) {
    this.number = init.number;
    this.name = init.name;
    this.clock = clock;
    this.timers = new TimerWheel({ clock });
    this.board = new Board(init.board);
    this.counters = new CounterTable(threadCounters, threadNumberMax + 1, init.counters);
    for (const { name, pool, memory, capacity, calls } of init.pools) {
      this.pools.set(name, poolQueue(name, new RunQueue(memory, capacity, init.number), calls, pool));
    }
    this.asker = new Asker({
      me: init.number,
      board: this.board,
      links: this.links,
      timers: this.timers,
      nowMs: clock.nowMs,
      inflight: new Inflight(init.inflight),
      latency: new LatencyHistogram(init.latency),
      maxRequests: init.maxRequests,
      table: init.table,
      arena: init.arena,
    });
    this.answerer = new Answerer(this.board, this.links);
    this.taker = this.#taker(init, false);
    this.callTaker = this.#taker(init, true);
    this.#takes = init.takes;
    this.#polls = new PollPace(clock, init.spinMs);
    this.#work = work;
    this.#control = control;
    control.on('message', (message: ToThread) => this.#onControl(message));
  }

  tell(message: ToMain): void {
    this.#control.postMessage(message);
  }

  /** The route of a row of the method table. */
  route(row: MethodRow): Route {
    const { index: method, service, column, maxConcurrency } = row;
    const bounds = row.bounds && new RouteBounds(row.bounds, service, column, this.number);
    return { pool: this.pools.get(row.queue)!, method, column, maxConcurrency, service, bounds };
  }

  /** Whether this thread is one of those that take from the queue. */
  takesFrom(queue: string): boolean {
    return this.#takes.includes(queue);
  }

  /** The queue of a pool that new work goes into; undefined: there is no such pool, or the process does not go yet. */
  queueOf(pool: string): PoolQueue | undefined {
    return this.#queues.get(pool);
  }

  /** Names of pools that work can be put to. */
  get poolNames(): string[] {
    return [...this.#queues.keys()];
  }

  /** Puts a request (see Asker.put) and sees to it that somebody takes it. */
  put(route: Route, head: CallHead, name: Buffer | undefined, sink: ReplySink, tag: number, atMs?: number): number {
    const { pool } = route;
    const lane = head.depth > 0 ? nestedLane : head.priority;
    const handle = this.asker.put(route, head, name, sink, tag, atMs);
    if (handle < 0) return handle;
    // Nobody rings a thread for what it puts itself; and it may be parked, when code that had awaited something of its
    // own goes on.
    if (pool.members.includes(this.number)) this.wake();
    if (pool.members.length > 1) this.#watch(pool, lane);
    return handle;
  }

  /** Makes a turn come soon: something may have arrived, or a fiber may have ended and left room. */
  wake(): void {
    if (this.#turnScheduled || !this.#going) return;
    this.#turnScheduled = true;
    setImmediate(this.#turn);
  }

  /**
   * User code is about to run on this thread. If the thread was parked it is no longer idle: a ring spent on it would be
   * lost, and what lies in its queues needs a sibling. Called by every door that leads to user code. `quickAtMs`:
   * the time, if it will not take long; then `left` follows.
   */
  entering(quickAtMs?: number): void {
    const looks = quickAtMs !== undefined && (this.#looks || (this.#going && this.#takesAll));
    if (this.#parked) {
      this.#paceSinceMs = inThisTurn;
      this.#parked = false;
      this.#awake(looks);
      this.wake();
    } else if (looks !== this.#looks) this.#awake(looks);
    if (quickAtMs !== undefined) {
      this.answerer.gather(quickAtMs);
      if (this.#paceSinceMs === inThisTurn) this.#setPace(quickAtMs);
      // Many fibers may go on in one drain.
      else if (quickAtMs - this.#paceSinceMs >= behindMs) this.#passIfBehind(quickAtMs);
      return;
    }
    // User code may take long: what is answered must not wait for it, and what lies in the queue neither.
    this.answerer.publishNow();
    this.taker?.passBell();
    // What it has put itself was perhaps left to somebody who looks: from here on it can't ring again.
    if (this.#watched.length > 0) this.#ringWatched();
  }

  /** No user code is on the stack any more. */
  left(nowMs: number): void {
    this.answerer.publishNow();
    if (!this.#looks) this.taker?.passBell();
    else if (this.#takesAll) this.#passIfBehind(nowMs);
    else this.#looksNoMore();
  }

  /**
   * Time to look at the watched lanes (TimerTarget). A ring is lost on a thread whose word says parked while it runs user
   * code: code that awaited something that is not Heddle's goes on without passing `entering`. So what still lies there is
   * rung for again, until somebody who is really idle takes it.
   */
  onTimer(): void {
    this.#ringWatched();
    if (this.#watched.length > 0) this.timers.add(this.clock.nowMs() + ringAgainMs, this, 0);
    this.#watches = this.#watched.length > 0;
  }

  /** Takes and puts nothing more. Its timers go on: connections that close have bounds. */
  leave(): void {
    if (this.#looks) this.#looksNoMore();
    this.#going = false;
    this.#control.close();
    for (const link of [...this.links.list]) this.links.remove(link.peer);
  }

  close(): void {
    this.leave();
    this.timers.close();
  }

  /** A peer rang. A turn that is scheduled anyway sees whatever it rang for. */
  readonly #onBell = (): void => {
    if (!this.#turnScheduled && this.#going) this.#runTurn();
  };

  #runTurn(): void {
    this.#turnScheduled = false;
    if (!this.#going) return;
    this.board.noteTurn(this.number, ++this.#turns);
    if (this.#parked) {
      this.#parked = false;
      this.board.unpark(this.number, this.#looks);
      this.#polls.woken(this.clock.nowMs(), this.#parkedAtMs);
    }
    this.#paceSinceMs = inThisTurn;
    let did = this.asker.drain(repliesPerTurn) > 0;
    this.answerer.retryHeld();
    const cancels = this.board.cancels(this.number);
    if (cancels !== this.#cancelsSeen) {
      this.#cancelsSeen = cancels;
      this.#work.onCancels();
      did = true;
    }
    if (this.#work.turn()) did = true;
    this.answerer.publish();
    this.board.noteGauge(this.number, boardWord.asked, this.asker.inFlight);
    this.board.noteGauge(this.number, boardWord.answered, this.asker.answered);
    this.board.noteGauge(this.number, boardWord.failed, this.asker.failed);
    if (did) this.#polls.worked();
    if (did || this.#polls.pollsOn()) {
      if (this.#looks && !this.#takesAll) this.#looksNoMore();
      this.wake();
    } else this.#park();
  }

  /** Tells in the park word that the thread is awake, and whether it looks at its queues again soon. */
  #awake(looks: boolean): void {
    this.#looks = looks;
    this.board.unpark(this.number, looks);
  }

  get #takesAll(): boolean {
    return this.#work.takesRegular && this.#work.takesNested;
  }

  /** It has no room: somebody else must look, and for what was put while this one was meant to. */
  #looksNoMore(): void {
    this.#awake(false);
    this.taker?.passBell();
  }

  #setPace(nowMs: number): void {
    this.#paceSinceMs = nowMs;
    this.#paceSinceCount = this.taker?.count ?? 0;
  }

  /** Only quick handlers run here: a sibling is woken once what lies in the queue would take this thread too long. */
  #passIfBehind(nowMs: number): void {
    const { taker } = this;
    if (taker?.hasSiblings !== true) return;
    const ranMs = nowMs - this.#paceSinceMs;
    const took = Math.max(1, taker.count - this.#paceSinceCount);
    this.#setPace(nowMs);
    if (taker.backlog * ranMs > behindMs * took) taker.passBell();
  }

  #watch(pool: PoolQueue, lane: number): void {
    for (const one of this.#watched) if (one.pool === pool && one.lane === lane) return;
    if (!this.#watches) this.timers.add(this.clock.nowMs() + ringAgainMs, this, 0);
    this.#watches = true;
    this.#watched.push({ pool, lane });
  }

  #ringWatched(): void {
    let kept = 0;
    for (const one of this.#watched) {
      if (!one.pool.queue.hasWork(one.lane)) continue;
      this.#watched[kept++] = one;
      ringOne(this.board, this.links, one.pool, one.lane, this.number);
    }
    this.#watched.length = kept;
  }

  #taker(init: ThreadInit, calls: boolean): Taker | undefined {
    const pools = init.takes.map((name) => this.pools.get(name)!).filter((pool) => pool.calls === calls);
    return pools.length > 0
      ? new Taker(init.number, this.board, this.links, pools, () => this.#readControl())
      : undefined;
  }

  #park(): void {
    if (this.#turnScheduled) return;
    const regular = this.#work.takesRegular;
    const nested = this.#work.takesNested;
    const takesCalls = this.callTaker !== undefined && !this.answerer.isFull;
    const calls = takesCalls ? wants.calls : 0;
    const requests = (regular ? wants.requests : 0) | (nested ? wants.nested : 0);
    // What it has no room for, others must be woken for.
    this.#looks &&= regular && nested;
    this.board.park(this.number, wants.completions | requests | calls, this.#looks);
    // A ring that came while this thread still wanted requests was spent on it: somebody else must look.
    if (!regular || !nested) this.taker?.passBell();
    // The second look. Whoever publishes after this sees the park word; whatever was published before is seen here.
    if (
      this.asker.hasReplies ||
      this.board.cancels(this.number) !== this.#cancelsSeen ||
      this.answerer.heldHasRoom ||
      this.taker?.hasWork(regular, nested) === true ||
      (takesCalls && this.callTaker?.hasWork(true, true) === true)
    ) {
      this.board.unpark(this.number, this.#looks);
      this.wake();
      return;
    }
    this.#parked = true;
    this.#parkedAtMs = this.clock.nowMs();
  }

  /** Reads now what main has posted and the event loop has not come to. */
  #readControl(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#control) as { message: ToThread } | undefined;
      if (received === undefined) return;
      this.#onControl(received.message);
    }
  }

  #onControl(message: ToThread): void {
    switch (message.type) {
      case 'link': {
        const { memory, bell, side } = message;
        const ports =
          bell === undefined || side === undefined
            ? ownPorts(() => this.wake())
            : messagePorts(bell, side, this.#onBell, this.clock.nowMs, this.ringTime);
        this.links.add(new Link(memory, ports));
        for (const name of memory.pools) this.#meet(name, memory.peer);
        this.tell({ type: 'linked', peer: memory.peer });
        // It may go already, if this thread was busy for long: what it answered is to be read.
        this.wake();
        break;
      }
      case 'go':
        this.#going = true;
        this.asker.methodCounters = new MethodCounters(message.counts);
        this.clientCounters = new MethodCounters(message.clientCounts);
        this.#work.onLive(message.live);
        this.#useTable(message.table);
        this.#work.onQuarantine(message.quarantined);
        this.wake();
        break;
      case 'table':
        // One that does not go yet gets with its `go` what is in force then.
        if (this.#going) this.#useTable(message.table);
        this.tell({ type: 'turned', turn: message.table.turn });
        break;
      case 'condemned':
        this.asker.condemn(message.number);
        break;
      case 'died':
        this.#settle(message.number, message.lost);
        break;
      case 'pool': {
        const pool = this.pools.get(message.name);
        if (pool === undefined) break;
        pool.down = message.down;
        if (message.down !== false) this.asker.abandon(pool);
        break;
      }
      case 'quarantine':
        this.#work.onQuarantine(message.bodies);
        break;
      case 'live':
        this.#work.onLive(message.live);
        break;
      case 'ping':
        this.wake();
        break;
      case 'admin':
        this.#work.onAdmin(message.port);
        break;
      case 'strategies':
        this.#work.onStrategies(message.message);
        break;
      case 'job':
        this.#work.onJob?.(message.run);
        break;
      case 'retire':
        this.#work.onRetire();
        this.wake();
        break;
      case 'drain':
        this.#work.onDrain();
        break;
      case 'stop':
        this.#work.onStop();
        break;
    }
  }

  #useTable({ methods, queues }: RoutingTable): void {
    for (const { pool, queue, canary } of queues) {
      // What a canary's handlers put to their own pool stays in it.
      const isOwn = canary !== undefined && this.takesFrom(canary);
      this.#queues.set(pool, this.pools.get(isOwn ? canary : queue)!);
    }
    this.#work.onTable(methods);
  }

  /** A new thread takes from a pool. What this thread put there before it knew of it may lie beside it while it sleeps. */
  #meet(name: string, peer: number): void {
    const pool = this.pools.get(name);
    if (pool === undefined) return;
    pool.members.push(peer);
    this.#ringFor(pool);
  }

  #ringFor(pool: PoolQueue): void {
    for (let lane = 0; lane < laneCount; lane++) {
      if (pool.queue.hasWork(lane)) ringOne(this.board, this.links, pool, lane, this.number);
    }
  }

  #settle(number: number, lost: Parameters<Asker['settle']>[2]): void {
    for (const pool of this.pools.values()) {
      if (!pool.members.includes(number)) continue;
      pool.members = pool.members.filter((member) => member !== number);
      // A ring of this thread may have been spent on the dead one after all others had looked again.
      this.#ringFor(pool);
    }
    const link = this.links.get(number);
    this.asker.settle(number, link, lost);
    if (link !== undefined) {
      this.answerer.forget(link);
      this.links.remove(number);
    }
    // Requests of the dead that run here were moved on in its table: the fibers must learn of it. And a bell that the
    // dead thread owed somebody is made good: after any death everyone looks again.
    this.#work.onCancels();
    this.tell({ type: 'settled', number });
    this.wake();
  }
}
