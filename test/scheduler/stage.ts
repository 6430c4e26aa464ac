// Stage: a pool of one place whose threads come, are replaced and end when the test says so, over real ports, with a clock
// that the test moves.

import type { MessagePort, Worker } from 'node:worker_threads';
import type { Clock } from '../../runtime/clock.ts';
import { noLiveSettings } from '../../runtime/live-settings.ts';
import { silentLogger } from '../../runtime/logger.ts';
import type { RestartLimits } from '../../runtime/restart-policy.ts';
import { CounterTable, poolCounters } from '../../runtime/shared/counters.ts';
import { RunQueue } from '../../runtime/shared/run-queue.ts';
import type { RoutingTable, ToMain, ToThread } from '../../runtime/thread-control.ts';
import type { PoolThread, SpawnedThread, Spawner } from '../../scheduler/pool-thread.ts';
import { Supervisor } from '../../scheduler/supervisor.ts';
import type { ThreadGeneration } from '../../scheduler/thread-generation.ts';
import { ThreadPool } from '../../scheduler/thread-pool.ts';
import { eventually } from '../faults/rig.ts';
import { VirtualClock } from '../helpers/virtual-clock.ts';

export const startTimeoutMs = 20;
/** How long the pool waits for a thread to be known by all others. */
export const linkWaitMs = 100;

export function makePool(
  spawn: Spawner,
  clock: Clock,
  restart?: RestartLimits,
  table: () => RoutingTable | undefined = () => undefined,
): ThreadPool {
  const queue = { name: 'work', memory: RunQueue.allocate(2), capacity: 2, calls: false };
  return new ThreadPool({
    name: 'work',
    threads: 1,
    takes: () => ['work'],
    threadName: (place) => `work-${place + 1}`,
    supervisor: new Supervisor({ pools: [queue], services: 1, tableEntries: 64, arenaBytes: 65_536 }),
    spawn,
    maxRequests: 64,
    spinMs: 0,
    clock,
    log: silentLogger,
    counts: { table: new CounterTable(poolCounters, 1), row: 0 },
    startTimeoutMs,
    restart,
    live: () => noLiveSettings,
    table,
    methodRows: () => 1,
  });
}

/** A thread whose part the test plays: it obeys, is born and loads at once, unless it was told otherwise. */
export class PlayedThread {
  readonly #control: MessagePort;
  readonly exited: Promise<void>;
  readonly exit: () => void;
  terminations = 0;
  /** In native code: it does not stop when it is told to, nor when it is terminated. */
  deep = false;
  readonly told: ToThread['type'][] = [];

  constructor(control: MessagePort) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#control = control;
    this.exited = promise;
    this.exit = resolve;
    control.on('message', (message: ToThread) => this.#onMessage(message));
    void promise.then(() => control.close());
  }

  load(): void {
    this.say({ type: 'born', threadId: 1 });
    this.say({ type: 'ready', methods: [] });
  }

  say(message: ToMain): void {
    this.#control.postMessage(message);
  }

  get worker(): Worker {
    const terminate = () => {
      this.terminations++;
      if (!this.deep) this.exit();
    };
    return { terminate } as unknown as Worker;
  }

  #onMessage(message: ToThread): void {
    this.told.push(message.type);
    if (message.type === 'died') this.say({ type: 'settled', number: message.number });
    if (message.type === 'stop' && !this.deep) this.exit();
  }
}

/** A pool of one place whose threads the test plays. Nobody says `linked`: each waits for that as long as it may. */
export class Stage implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly played: PlayedThread[] = [];
  readonly pool: ThreadPool;
  /** Of those to come: whether they load at once. */
  loads = true;
  #table: RoutingTable | undefined;

  constructor(restart?: RestartLimits) {
    this.pool = makePool(
      (_init, control) => this.#spawn(control),
      this.clock,
      restart,
      () => this.#table,
    );
  }

  async start(): Promise<PoolThread> {
    await this.pool.spawn();
    const linked = this.pool.link();
    await this.clock.advance(linkWaitMs);
    await linked;
    this.#table = { turn: 0, methods: [], queues: [] };
    this.pool.go();
    return this.pool.threads[Symbol.iterator]().next().value!;
  }

  /** The thread played as the `at`-th, once it is in that state. */
  async reaches(at: number, state: PoolThread['state']): Promise<PoolThread> {
    const find = () => [...this.pool.threads].find((one) => one.spawned.exited === this.played[at]?.exited);
    await eventually(`thread ${at} is ${state}`, () => find()?.state === state);
    return find()!;
  }

  /** It is ready, and what it waits for to be linked is over. */
  async goes(at: number): Promise<PoolThread> {
    await this.reaches(at, 'ready');
    await this.clock.advance(linkWaitMs);
    return this.reaches(at, 'going');
  }

  /** The next generation, of one thread; `closed` counts how often what it was made of was closed. */
  next(): ThreadGeneration & { closed?: number } {
    const generation: ThreadGeneration & { closed?: number } = this.pool.next((number) => ({
      threads: 1,
      takes: () => [number % 2 === 0 ? 'work#2' : 'work'],
      threadName: () => `work-1.g${number}`,
      spawn: (_init, control) => this.#spawn(control),
      close: async () => {
        generation.closed = (generation.closed ?? 0) + 1;
      },
    }));
    return generation;
  }

  /** The same, once it is loaded and linked. */
  async linked(): Promise<ThreadGeneration> {
    const next = this.next();
    await next.spawn();
    const linked = next.link();
    await this.clock.advance(linkWaitMs);
    await linked;
    return next;
  }

  /** The same, once it serves. */
  async rolled(): Promise<ThreadGeneration> {
    const next = await this.linked();
    next.go();
    this.pool.use(next);
    return next;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const thread of this.played) thread.deep = false;
    await this.pool.stop(1);
  }

  states(): string[] {
    return [...this.pool.threads].map(({ state }) => state);
  }

  #spawn(control: MessagePort): SpawnedThread {
    const thread = new PlayedThread(control);
    this.played.push(thread);
    if (this.loads) thread.load();
    return {
      worker: (threadId) => (threadId === undefined ? undefined : thread.worker),
      exited: thread.exited,
      failure: () => undefined,
      endAlone: () => {},
    };
  }
}
