// ThreadPool (main thread): what IO and CPU pools have in common. It spawns its threads, takes them through ready →
// linked → going, replaces those that die, and stops them. How a thread is made is the Spawner's affair.
//
// A pool thread, as main sees it:
//   starting   its modules load. Left by `ready`, by `failed` or by its death.
//   ready      waits to be linked with all others. Left by `go`.
//   going      takes and puts. Left by `condemn`, `stop` or its death.
//   condemned  is being ended by force; its callers are answered. Left by its death.
//   stopping   was told to end. Left by its death.
//   dead       its Worker has emitted 'exit'; settled by the supervisor.

import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import type { Clock } from '../runtime/clock.ts';
import { type ErrorCode, HeddleError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import type { MethodRow, ThreadInit, ToMain, ToThread } from '../runtime/thread-control.ts';
import { formatDuration } from '../runtime/units.ts';
import { type RestartLimits, RestartPolicy } from './restart-policy.ts';
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

/** A running worker_thread, however it was made. */
export interface SpawnedThread {
  /** Finds the Worker; `threadId` (worker_threads' own) is undefined until the thread has told it. */
  worker(threadId: number | undefined): Worker | undefined;
  /** Resolves when the thread has stopped for good. */
  readonly exited: Promise<void>;
}

export type Spawner = (init: ThreadInit, control: MessagePort) => SpawnedThread;

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
  /** Default: `startTimeoutMs`. */
  startTimeoutMs?: number | undefined;
  /** Messages that the pool itself does not understand, for whoever made it. */
  onMessage?: (number: number, message: ToMain) => void;
  onGone?: (number: number) => void;
  onGoing?: (number: number) => void;
}

type ThreadState = 'starting' | 'ready' | 'going' | 'condemned' | 'stopping' | 'dead';

export interface PoolThread {
  readonly number: number;
  readonly place: number;
  readonly name: string;
  readonly control: MessagePort;
  readonly spawned: SpawnedThread;
  state: ThreadState;
  worker: Worker | undefined;
}

export interface ServedRow {
  service: string;
  method: string;
  reads: boolean;
  oneWay: boolean;
  /** A request to try, as JSON text. */
  example?: string | undefined;
}

export class ThreadPool {
  readonly name: string;
  readonly #options: ThreadPoolOptions;
  readonly #threads = new Map<number, PoolThread>();
  readonly #restart: RestartPolicy;
  /** Undefined until the process goes. */
  #methods: MethodRow[] | undefined;
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
  go(methods: MethodRow[]): void {
    this.#checkWhole();
    this.#methods = methods;
    for (const thread of this.#threads.values()) this.#goOne(thread);
  }

  /** Posts a message to every thread that runs. */
  tell(message: ToThread): void {
    for (const thread of this.#threads.values()) if (thread.state !== 'dead') thread.control.postMessage(message);
  }

  /** Ends a thread that does not end by itself: its callers are answered before it has stopped. */
  condemn(number: number): void {
    const thread = this.#threads.get(number);
    if (thread === undefined) return;
    thread.state = 'condemned';
    this.#options.supervisor.condemn(number);
    void thread.worker?.terminate();
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

  async #spawnOne(place: number, onSpawned?: (thread: PoolThread) => void): Promise<ServedRow[]> {
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
    const thread: PoolThread = { number, place, name, control, spawned, state: 'starting', worker };
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
            if (thread.state === 'condemned') void thread.worker?.terminate();
            break;
          case 'ready':
            if (thread.state !== 'starting') break;
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
          case 'settled':
            supervisor.onSettled(number, message.number);
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
      if (this.#methods === undefined && !this.#stopping) this.#lost ??= thread.name;
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
    thread.control.postMessage({ type: 'go', methods: this.#methods ?? [] } satisfies ToThread);
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
    this.#options.onGone?.(thread.number);
    // Not waited for: a thread that is busy settles late, and the place of the dead one must not stay empty so long.
    void this.#options.supervisor.died(thread.number).then(() => thread.control.close());
    if (this.#stopping || was === 'stopping') return;
    // A thread that dies while the process starts fails the start; there is nothing to replace.
    if (this.#methods === undefined) this.#lost ??= thread.name;
    else this.#fill(thread.place);
  }

  /** A place is empty: a new thread, at once or later. */
  #fill(place: number): void {
    const { log, clock, threadName } = this.#options;
    const waitMs = this.#restart.onDeath(clock.nowMs());
    const { deaths } = this.#restart;
    const { windowMs } = this.#restart.limits;
    if (waitMs === 0) {
      log.warn({ thread: threadName(place), deaths, windowMs }, 'a thread died; it is replaced');
      this.#replace(place);
      return;
    }
    log.error({ thread: threadName(place), deaths, windowMs, waitMs }, 'threads of this pool die too often');
    const timer = clock.setTimer(waitMs, () => {
      this.#waiting.delete(place);
      this.#replace(place);
    });
    this.#waiting.set(place, timer);
    this.#judgeDown();
  }

  #replace(place: number): void {
    if (this.#stopping) return;
    this.restarts++;
    let thread: PoolThread | undefined;
    const spawned = this.#spawnOne(place, (made) => {
      thread = made;
    });
    spawned.then(
      async () => {
        if (thread === undefined) return;
        await this.#linkOne(thread);
        this.#goOne(thread);
      },
      (error: unknown) => {
        this.#options.log.error({ place, err: error }, 'a replacement thread did not start');
        // It could not be made at all; one that was made and has died was counted where its exit was seen.
        if (thread === undefined) {
          if (!this.#stopping) this.#fill(place);
        } else if (thread.state !== 'dead') {
          void thread.worker?.terminate();
        }
      },
    );
  }

  #at(place: number): PoolThread | undefined {
    for (const thread of this.#threads.values()) if (thread.place === place) return thread;
    return undefined;
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
      } else if (isDown && takers.some((place) => this.#at(place)?.state === 'going')) {
        this.#down.delete(queue);
        supervisor.setPoolDown(queue, false);
        log.warn({ pool: queue }, 'the pool is up again');
      }
    }
  }
}
