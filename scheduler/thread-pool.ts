// ThreadPool (main thread): what IO and CPU pools have in common. It spawns its threads, takes them through ready →
// linked → going, replaces those that die, and stops them. How a thread is made is the Spawner's affair.

import { MessageChannel } from 'node:worker_threads';
import type { Clock } from '../runtime/clock.ts';
import { type ErrorCode, HeddleError } from '../runtime/errors.ts';
import type { LiveSettings } from '../runtime/live-settings.ts';
import type { Logger } from '../runtime/logger.ts';
import { type RestartLimits, RestartPolicy } from '../runtime/restart-policy.ts';
import type { CounterTable, PoolCounter } from '../runtime/shared/counters.ts';
import type { RoutingTable, ThreadInit, ToMain, ToThread } from '../runtime/thread-control.ts';
import { formatDuration } from '../runtime/units.ts';
import { type Death, type DeathCause, deathOf } from './death.ts';
import type { PoolThread, ServedRow, SpawnedThread, Spawner, ThreadState } from './pool-thread.ts';
import type { Supervisor } from './supervisor.ts';

/**
 * How long a new thread waits until all others say that they know it, ms. One that is busy for longer neither puts nor
 * reads meanwhile, and looks again when it has read of the new one: it must not keep the others' requests waiting.
 */
const linkWaitMs = 100;

/**
 * How long a thread may take from its making until its modules have loaded, ms. Large caches are read in that time; a
 * module that waits for ever at its top level must not hold a start, or the place of a dead thread, for ever.
 */
export const startTimeoutMs = 30_000;

/** How long a condemned thread may take to stop before another is put in its place, ms. */
const condemnedWaitMs = 1_000;

/** How long a thread whose place was taken may go on with what it runs, ms. */
const retireTimeoutMs = 300_000;

export interface ThreadPoolOptions {
  name: string;
  threads: number;
  /** Names of run queues that each thread takes from, given its place in the pool (0..threads-1). */
  takes: (place: number) => string[];
  /** For logs and stats, given its place. */
  threadName: (place: number) => string;
  supervisor: Supervisor;
  spawn: Spawner;
  maxRequests: number;
  spinMs: number;
  clock: Clock;
  log: Logger;
  /** When threads that die are replaced. Default: `restartLimits`. */
  restart?: RestartLimits | undefined;
  /** The live settings as they are now, for a thread that goes. */
  live: () => LiveSettings;
  /** The routing table as it is now; undefined until the process goes. */
  table: () => RoutingTable | undefined;
  /** Default: `startTimeoutMs`. */
  startTimeoutMs?: number | undefined;
  /** Where its deaths and restarts are counted. */
  counts: { table: CounterTable<PoolCounter>; row: number };
  /** Messages that the pool itself does not understand, for whoever made it. */
  onMessage?: (number: number, message: ToMain) => void;
  onGone?: (number: number) => void;
  /** A thread has died that nobody had told to stop. */
  onDeath?: (death: Death) => void;
  onGoing?: (number: number) => void;
}

/** A thread that there never was. */
class NotMade extends HeddleError {
  constructor(reason: unknown) {
    super('RESOURCE_EXHAUSTED', 'the thread could not be made', { cause: reason });
  }
}

export class ThreadPool {
  readonly name: string;
  readonly #options: ThreadPoolOptions;
  readonly #threads = new Map<number, PoolThread>();
  readonly #restart: RestartPolicy;
  #stopping = false;
  /** Thread that died, or did not load in time, before the process went. */
  #lost: string | undefined;
  /** Places whose threads die too often, with the timer that ends their wait. */
  readonly #waiting = new Map<number, unknown>();
  /** Run queues that nobody will take from before such a wait ends. */
  readonly #down = new Set<string>();
  /** Threads replaced since the start. */
  restarts = 0;

  constructor(options: ThreadPoolOptions) {
    this.name = options.name;
    this.#options = options;
    this.#restart = new RestartPolicy(options.restart);
  }

  /** Threads that take requests now. */
  get size(): number {
    let size = 0;
    for (const thread of this.#threads.values()) if (thread.state === 'going') size++;
    return size;
  }

  /** Its threads die too often and none is left: its calls are answered UNAVAILABLE. */
  get down(): boolean {
    return this.#down.has(this.name);
  }

  /** The thread that did not get through its own start, or died before the process went, and so failed the start. */
  get lostAtStart(): string | undefined {
    return this.#lost;
  }

  get threads(): Iterable<PoolThread> {
    return this.#threads.values();
  }

  thread(number: number): PoolThread | undefined {
    return this.#threads.get(number);
  }

  /** Phase 1: spawns all threads. Resolves with what their modules serve; rejects with the first reason that one fails. */
  async spawn(): Promise<ServedRow[]> {
    const places = Array.from({ length: this.#options.threads }, (_, place) => place);
    const served = await Promise.all(places.map((place) => this.#spawnOne(place)));
    return served[0] ?? [];
  }

  /** Phase 2: links every thread with all threads that are linked already. Throws when one has died. */
  async link(): Promise<void> {
    for (const thread of this.#threads.values()) await this.#linkOne(thread);
    this.#checkWhole();
  }

  /** Phase 3: all links of the process are there. Throws when a thread has died. */
  go(): void {
    this.#checkWhole();
    for (const thread of this.#threads.values()) this.#goOne(thread);
  }

  /** Posts a message to every thread that runs. */
  tell(message: ToThread): void {
    for (const thread of this.#threads.values()) if (thread.state !== 'dead') thread.control.postMessage(message);
  }

  /**
   * Puts a new thread in the place of one that serves: that one then finishes what it runs and ends, and no request
   * fails. False when it was not done: the thread does not serve, another successor is just starting, or this one did not
   * start.
   */
  async replace(number: number): Promise<boolean> {
    const old = this.#threads.get(number);
    if (old?.state !== 'going' || old.replaced || this.#stopping) return false;
    // One after another: each costs a processor for a while.
    let retiring = 0;
    for (const other of this.#threads.values()) {
      if (other.isSuccessor) return false;
      if (other.state === 'retiring') retiring++;
    }
    // More than that the generation has no room for.
    if (retiring >= this.#options.threads) return false;
    old.replaced = true;
    try {
      await this.#begin(old.place, true);
    } catch (error) {
      old.replaced = false;
      this.#options.log.error({ thread: old.name, err: error }, 'the thread to take its place did not start');
      // It may have died meanwhile, trusting in that one.
      if (this.#threads.get(number) !== old && !this.#stopping) this.#fill(old.place);
      return false;
    }
    // It has died meanwhile, and the new one has its place; or the pool was told to stop.
    if (this.#threads.get(number) !== old) this.#countRestart();
    if (old.state !== 'going') return false;
    old.state = 'retiring';
    this.#count('retired');
    old.spawned.endAlone();
    old.control.postMessage({ type: 'retire' } satisfies ToThread);
    const timer = this.#options.clock.setTimer(retireTimeoutMs, () => this.condemn(number, 'overdue'));
    void old.spawned.exited.then(() => this.#options.clock.clearTimer(timer));
    return true;
  }

  /** Ends a thread that does not end by itself: its callers are answered before it has stopped. */
  condemn(number: number, as: 'stalled' | 'overdue' = 'stalled'): void {
    const thread = this.#threads.get(number);
    if (thread === undefined || thread.state === 'condemned') return;
    thread.state = 'condemned';
    thread.condemnedAs = as;
    this.#options.supervisor.condemn(number);
    void thread.worker?.terminate();
    // One deep in native code ends when that returns: its place must not wait for it.
    const timer = this.#options.clock.setTimer(condemnedWaitMs, () => {
      if (this.#stopping || thread.replaced || this.#threads.get(number) !== thread) return;
      thread.replaced = true;
      this.#fill(thread.place, as);
    });
    void thread.spawned.exited.then(() => this.#options.clock.clearTimer(timer));
  }

  /** From here on no thread is replaced. */
  beginStop(): void {
    this.#stopping = true;
    for (const timer of this.#waiting.values()) this.#options.clock.clearTimer(timer);
    this.#waiting.clear();
  }

  /**
   * Ends all threads. Resolves when they have stopped; one that does not within `graceMs` is terminated, and one that
   * was not even born by then is left to its spawner.
   */
  async stop(graceMs: number): Promise<void> {
    this.beginStop();
    const { clock } = this.#options;
    const threads = [...this.#threads.values()];
    for (const thread of threads) {
      if (thread.state === 'dead') continue;
      thread.state = 'stopping';
      thread.control.postMessage({ type: 'stop' } satisfies ToThread);
    }
    const unborn = Promise.withResolvers<void>();
    const timer = clock.setTimer(graceMs, () => {
      for (const thread of threads) if (this.#threads.has(thread.number)) void thread.worker?.terminate();
      unborn.resolve();
    });
    await Promise.all(
      threads.map((thread) =>
        Promise.race([
          thread.spawned.exited,
          unborn.promise.then(() => (thread.worker === undefined ? undefined : thread.spawned.exited)),
        ]),
      ),
    );
    clock.clearTimer(timer);
  }

  async #spawnOne(place: number, onSpawned?: (thread: PoolThread) => void, isSuccessor = false): Promise<ServedRow[]> {
    const { supervisor, takes, threadName, spawn, maxRequests, spinMs } = this.#options;
    const number = supervisor.takeNumber();
    const channel = new MessageChannel();
    const name = threadName(place);
    const init: ThreadInit = {
      number,
      name,
      board: supervisor.board.memory,
      inflight: supervisor.inflight.memory,
      latency: supervisor.latency.memory,
      counters: supervisor.counters.memory,
      metrics: supervisor.metrics.of(number),
      pools: [...supervisor.pools],
      takes: takes(place),
      ...supervisor.memory(number),
      maxRequests,
      spinMs,
    };
    const control = channel.port1;
    let spawned: SpawnedThread;
    try {
      spawned = spawn(init, channel.port2);
    } catch (reason) {
      control.close();
      supervisor.returnNumber(number);
      throw reason;
    }
    const worker = spawned.worker(undefined);
    const bornMs = this.#options.clock.nowMs();
    const thread: PoolThread = {
      number,
      place,
      name,
      control,
      spawned,
      bornMs,
      state: 'starting',
      worker,
      replaced: false,
      givenUp: false,
      condemnedAs: undefined,
      isSuccessor,
    };
    this.#threads.set(number, thread);
    onSpawned?.(thread);
    void spawned.exited.then(() => this.#onExit(thread));
    return new Promise((resolve, reject) => {
      const timer = this.#boundStart(thread, reject);
      void spawned.exited.then(() => {
        this.#options.clock.clearTimer(timer);
        reject(new HeddleError('UNAVAILABLE', `thread ${name} ended before its modules had loaded; see the log`));
      });
      control.on('message', (message: ToMain) => {
        switch (message.type) {
          case 'born':
            thread.worker = spawned.worker(message.threadId);
            // It was condemned before anyone knew how to end it.
            if (thread.state === 'condemned' || thread.givenUp) void thread.worker?.terminate();
            break;
          case 'ready':
            if (thread.state !== 'starting' || thread.givenUp) break;
            thread.state = 'ready';
            this.#options.clock.clearTimer(timer);
            resolve(message.methods);
            break;
          case 'failed':
            this.#options.clock.clearTimer(timer);
            reject(new HeddleError(message.code as ErrorCode, message.message));
            break;
          case 'linked':
            supervisor.onLinked(number, message.peer);
            break;
          case 'turned':
            supervisor.onTurned(number, message.turn);
            break;
          case 'settled':
            supervisor.onSettled(number, message.number);
            break;
          case 'retired':
            if (thread.state !== 'retiring') break;
            thread.state = 'stopping';
            control.postMessage({ type: 'stop' } satisfies ToThread);
            break;
          default:
            this.#options.onMessage?.(number, message);
        }
      });
    });
  }

  /** Whoever awaits the thread ends it. */
  #boundStart(thread: PoolThread, reject: (reason: HeddleError) => void): unknown {
    const { clock, startTimeoutMs: boundMs = startTimeoutMs } = this.#options;
    return clock.setTimer(boundMs, () => {
      if (this.#options.table() === undefined && !this.#stopping) this.#lost ??= thread.name;
      const what = `the modules of thread ${thread.name} did not load within ${formatDuration(boundMs)}`;
      reject(new HeddleError('UNAVAILABLE', `${what}; does one of them wait for ever at its top level?`));
    });
  }

  async #linkOne(thread: PoolThread): Promise<void> {
    const { supervisor, takes, clock } = this.#options;
    if (thread.state !== 'ready') return;
    const waited = Promise.withResolvers<void>();
    const timer = clock.setTimer(linkWaitMs, () => waited.resolve());
    const joined = supervisor.join({
      number: thread.number,
      name: thread.name,
      takes: takes(thread.place),
      control: thread.control,
    });
    await Promise.race([joined, waited.promise]);
    clock.clearTimer(timer);
  }

  #goOne(thread: PoolThread): void {
    if (thread.state !== 'ready') return;
    thread.state = 'going';
    thread.isSuccessor = false;
    const { supervisor } = this.#options;
    const table = this.#options.table()!;
    // Row 0 is offloaded functions.
    const counts = supervisor.methodCounters(thread.number, table.methods.length + 1);
    const quarantined = [...supervisor.quarantined];
    const clientCounts = supervisor.clientCounters(thread.number);
    const live = this.#options.live();
    thread.control.postMessage({ type: 'go', table, counts, clientCounts, quarantined, live } satisfies ToThread);
    this.#options.onGoing?.(thread.number);
    this.#judgeDown();
  }

  #checkWhole(): void {
    if (this.#lost === undefined) return;
    throw new HeddleError('UNAVAILABLE', `thread ${this.#lost} ended while the process started; see the log`);
  }

  #onExit(thread: PoolThread): void {
    const was = thread.state;
    thread.state = 'dead';
    this.#threads.delete(thread.number);
    const cause = was !== 'stopping' && !this.#stopping ? this.#judge(thread, was) : undefined;
    this.#options.onGone?.(thread.number);
    // Not waited for: a thread that is busy settles late, and the place of the dead one must not stay empty so long.
    void this.#options.supervisor.died(thread.number).then(() => thread.control.close());
    if (this.#stopping || was === 'stopping') return;
    // A thread that dies while the process starts fails the start; there is nothing to replace.
    if (this.#options.table() === undefined) this.#lost ??= thread.name;
    else if (!thread.replaced && !thread.isSuccessor) this.#fill(thread.place, cause);
  }

  /** Before its row of the board is cleared: what it died of. */
  #judge(thread: PoolThread, was: ThreadState): DeathCause {
    const death = deathOf(thread, was, this.name, this.#options.supervisor.board, this.#options.clock.nowMs());
    this.#count(`death-${death.cause}`);
    this.#options.onDeath?.(death);
    return death.cause;
  }

  #countRestart(): void {
    this.restarts++;
    this.#count('restarts');
  }

  #count(name: PoolCounter): void {
    const { table, row } = this.#options.counts;
    table.add(row, name);
  }

  /** A place is empty: a new thread, at once or later. */
  #fill(place: number, cause?: DeathCause): void {
    const { log, clock, threadName } = this.#options;
    const waitMs = this.#restart.onDeath(clock.nowMs());
    const { deaths } = this.#restart;
    const { windowMs } = this.#restart.limits;
    if (waitMs === 0) {
      log.warn(
        { thread: threadName(place), pool: this.name, cause, deaths, windowMs },
        'a thread died; it is replaced',
      );
      this.#replace(place);
      return;
    }
    const fields = { thread: threadName(place), pool: this.name, cause, deaths, windowMs, waitMs };
    log.error(fields, 'threads of this pool die too often');
    const timer = clock.setTimer(waitMs, () => {
      this.#waiting.delete(place);
      this.#replace(place);
    });
    this.#waiting.set(place, timer);
    this.#judgeDown();
  }

  #replace(place: number): void {
    if (this.#stopping) return;
    this.#countRestart();
    this.#begin(place).catch((error: unknown) => {
      if (this.#stopping) return;
      this.#options.log.error({ place, err: error }, 'a replacement thread did not start');
      // It could not be made at all; one that was made and has died was counted where its exit was seen.
      if (error instanceof NotMade) this.#fill(place);
    });
  }

  /** A thread for a place of a process that goes: spawned, linked, let go. Throws when it does not get that far. */
  async #begin(place: number, isSuccessor = false): Promise<void> {
    let thread: PoolThread | undefined;
    try {
      await this.#spawnOne(
        place,
        (made) => {
          thread = made;
        },
        isSuccessor,
      );
    } catch (reason) {
      if (thread === undefined) throw new NotMade(reason);
      // Nobody links it any more. One that is not even born is ended as soon as it is.
      thread.givenUp = true;
      void thread.worker?.terminate();
      throw reason;
    }
    await this.#linkOne(thread!);
    this.#goOne(thread!);
    if (thread!.state !== 'going') {
      throw new HeddleError('UNAVAILABLE', `thread ${thread!.name} ended between its modules and its first turn`);
    }
  }

  /** Of a place that is handed on, either of the two will do. */
  #serves(place: number): boolean {
    for (const thread of this.#threads.values()) if (thread.place === place && thread.state === 'going') return true;
    return false;
  }

  /** A queue is down once all places that take from it wait, and up again when one of their threads goes. */
  #judgeDown(): void {
    const { threads, takes, supervisor, log } = this.#options;
    const places = Array.from({ length: threads }, (_, place) => place);
    for (const queue of new Set(places.flatMap(takes))) {
      const takers = places.filter((place) => takes(place).includes(queue));
      const isDown = this.#down.has(queue);
      if (!isDown && takers.every((place) => this.#waiting.has(place))) {
        this.#down.add(queue);
        supervisor.setPoolDown(queue, true);
        log.error({ pool: queue }, 'the pool is down: its calls are answered UNAVAILABLE');
      } else if (isDown && takers.some((place) => this.#serves(place))) {
        this.#down.delete(queue);
        supervisor.setPoolDown(queue, false);
        log.warn({ pool: queue }, 'the pool is up again');
      }
    }
  }
}
