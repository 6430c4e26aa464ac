// ThreadPool (main thread): what IO and CPU pools have in common. It spawns its threads, takes them through ready →
// linked → going, replaces those that die, and stops them. How a thread is made is the Spawner's affair.
//
// A pool thread, as main sees it:
//   starting  its modules load. Left by `ready`, by `failed` or by its death.
//   ready     waits to be linked with all others. Left by `go`.
//   going     takes and puts. Left by `stop` or by its death.
//   stopping  was told to end. Left by its death.
//   dead      its Worker has emitted 'exit'; settled by the supervisor.

import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import type { Clock } from '../runtime/clock.ts';
import { type ErrorCode, HeddleError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import type { MethodRow, ThreadInit, ToMain, ToThread } from '../runtime/thread-control.ts';
import type { Supervisor } from './supervisor.ts';

/** Deaths of a pool's threads within `restartWindowMs` beyond which it waits before it replaces another. */
export const restartMax = 5;
export const restartWindowMs = 10_000;
/** The wait, doubled each time up to the second, ms. */
export const restartBackoffMs = { first: 1_000, max: 30_000 } as const;

/** A running worker_thread, however it was made. */
export interface SpawnedThread {
  /** Called with `worker_threads.threadId` once the thread has told it: finds the Worker. */
  worker(threadId: number): Worker | undefined;
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
  /** Messages that the pool itself does not understand, for whoever made it. */
  onMessage?: (number: number, message: ToMain) => void;
  onGone?: (number: number) => void;
  onGoing?: (number: number) => void;
}

type ThreadState = 'starting' | 'ready' | 'going' | 'stopping' | 'dead';

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
}

export class ThreadPool {
  readonly name: string;
  readonly #options: ThreadPoolOptions;
  readonly #threads = new Map<number, PoolThread>();
  readonly #deaths: number[] = [];
  #methods: MethodRow[] = [];
  #stopping = false;
  #down = false;
  #backoffMs: number = restartBackoffMs.first;
  #retryTimers = new Set<unknown>();
  /** Threads replaced since the start. */
  restarts = 0;

  constructor(options: ThreadPoolOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** Threads that take requests now. */
  get size(): number {
    let size = 0;
    for (const thread of this.#threads.values()) if (thread.state === 'going') size++;
    return size;
  }

  get down(): boolean {
    return this.#down;
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

  /** Phase 2: links every thread with all threads that are linked already. */
  async link(): Promise<void> {
    for (const thread of this.#threads.values()) await this.#linkOne(thread);
  }

  /** Phase 3: all links of the process are there. */
  go(methods: MethodRow[]): void {
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
    this.#options.supervisor.condemn(number);
    void thread.worker?.terminate();
  }

  /** From here on no thread is replaced. */
  beginStop(): void {
    this.#stopping = true;
    for (const timer of this.#retryTimers) this.#options.clock.clearTimer(timer);
    this.#retryTimers.clear();
  }

  /** Ends all threads. Resolves when they have stopped; one that does not within `graceMs` is terminated. */
  async stop(graceMs: number): Promise<void> {
    this.beginStop();
    const { clock } = this.#options;
    const threads = [...this.#threads.values()];
    for (const thread of threads) {
      if (thread.state === 'dead') continue;
      thread.state = 'stopping';
      thread.control.postMessage({ type: 'stop' } satisfies ToThread);
    }
    const timer = clock.setTimer(graceMs, () => {
      for (const thread of threads) if (this.#threads.has(thread.number)) void thread.worker?.terminate();
    });
    await Promise.all(threads.map(({ spawned }) => spawned.exited));
    clock.clearTimer(timer);
  }

  #spawnOne(place: number): Promise<ServedRow[]> {
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
    const spawned = spawn(init, channel.port2);
    const control = channel.port1;
    const thread: PoolThread = { number, place, name, control, spawned, state: 'starting', worker: undefined };
    this.#threads.set(number, thread);
    void spawned.exited.then(() => this.#onExit(thread));
    return new Promise((resolve, reject) => {
      void spawned.exited.then(() =>
        reject(new HeddleError('UNAVAILABLE', `thread ${name} ended before its modules had loaded; see the log`)),
      );
      control.on('message', (message: ToMain) => {
        switch (message.type) {
          case 'ready':
            thread.worker = spawned.worker(message.threadId);
            thread.state = 'ready';
            resolve(message.methods);
            break;
          case 'failed':
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

  async #linkOne(thread: PoolThread): Promise<void> {
    const { supervisor, takes } = this.#options;
    if (thread.state !== 'ready') return;
    await supervisor.join({
      number: thread.number,
      name: thread.name,
      takes: takes(thread.place),
      control: thread.control,
    });
  }

  #goOne(thread: PoolThread): void {
    if (thread.state !== 'ready') return;
    thread.state = 'going';
    thread.control.postMessage({ type: 'go', methods: this.#methods } satisfies ToThread);
    this.#options.onGoing?.(thread.number);
  }

  async #onExit(thread: PoolThread): Promise<void> {
    const { supervisor, log, clock, onGone } = this.#options;
    const was = thread.state;
    thread.state = 'dead';
    this.#threads.delete(thread.number);
    onGone?.(thread.number);
    await supervisor.died(thread.number);
    thread.control.close();
    if (this.#stopping || was === 'stopping') return;
    const nowMs = clock.nowMs();
    this.#deaths.push(nowMs);
    while (this.#deaths[0]! < nowMs - restartWindowMs) this.#deaths.shift();
    const deaths = this.#deaths.length;
    // A thread that dies while the process starts fails the start; there is nothing to replace.
    if (this.#methods.length === 0) return;
    if (deaths <= restartMax) {
      log.warn({ thread: thread.name, deaths, windowMs: restartWindowMs }, 'a thread died; it is replaced');
      this.#replace(thread.place);
      return;
    }
    const waitMs = this.#backoffMs;
    this.#backoffMs = Math.min(restartBackoffMs.max, waitMs * 2);
    log.error({ thread: thread.name, deaths, windowMs: restartWindowMs, waitMs }, 'threads of this pool die too often');
    if (this.size === 0) this.#setDown(true);
    const timer = clock.setTimer(waitMs, () => {
      this.#retryTimers.delete(timer);
      this.#replace(thread.place);
    });
    this.#retryTimers.add(timer);
  }

  #replace(place: number): void {
    if (this.#stopping) return;
    this.restarts++;
    this.#spawnOne(place).then(
      () => {
        const thread = [...this.#threads.values()].find((one) => one.place === place && one.state === 'ready');
        if (thread === undefined) return;
        void this.#linkOne(thread).then(() => {
          this.#goOne(thread);
          this.#setDown(false);
        });
      },
      // Its death is counted where its exit is seen; a module that fails to load leaves the thread to be ended here.
      (error: unknown) => {
        this.#options.log.error({ place, err: error }, 'a replacement thread did not start');
        for (const thread of this.#threads.values()) {
          if (thread.place === place && thread.state === 'starting') void this.#endFailed(thread);
        }
      },
    );
  }

  /** A thread whose modules failed to load: it has not said `ready`, so its Worker is not known; it ends itself. */
  #endFailed(thread: PoolThread): void {
    thread.control.postMessage({ type: 'stop' } satisfies ToThread);
  }

  #setDown(down: boolean): void {
    if (this.#down === down) return;
    this.#down = down;
    if (!down) this.#backoffMs = restartBackoffMs.first;
    this.#options.supervisor.setPoolDown(this.name, down);
    if (down) this.#options.log.error({ pool: this.name }, 'the pool is down: its calls are answered UNAVAILABLE');
    else this.#options.log.warn({ pool: this.name }, 'the pool is up again');
  }
}
