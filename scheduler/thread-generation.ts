// ThreadGeneration (main thread): the threads of a pool that were made alike: the same code, the same size, the same
// queue. It spawns them, takes them through ready → linked → going, replaces those that die or are too large, and ends
// them. How a thread is made is the Spawner's affair.
//
// Phases:
//   loading   its threads are born; a death fails the whole. Left by `go`, or `discard`.
//   serving   calls reach it; its dead are replaced. Left by `drain`, or `stop`.
//   draining  no new call is meant for it; it empties its queue, and its dead are replaced. Left by `retire`.
//   leaving   takes nothing; what it runs is finished, and its dead are not replaced. Left by its last thread's end.
//   ended     has no thread. For good.

import { HeddleError } from '../runtime/errors.ts';
import type { PoolCounter } from '../runtime/shared/counters.ts';
import type { QuarantinedBody, ToMain, ToThread } from '../runtime/thread-control.ts';
import { type DeathCause, deathOf, isOwnDoing } from './death.ts';
import type { GenerationPlan, PoolOptions } from './pool-options.ts';
import type { PoolThread, ServedRow, ThreadState } from './pool-thread.ts';
import { stopThreads } from './stop-threads.ts';
import { bear, startTimeoutMs } from './thread-birth.ts';
import { joinThread, letGo } from './thread-joining.ts';
import { ThreadPlaces } from './thread-places.ts';

/** How long a condemned thread may take to stop before another is put in its place, ms. */
const condemnedWaitMs = 1_000;

/** Unless the pool's maker says how long a thread whose place was taken may go on with what it runs, ms. */
const finishMsDefault = 300_000;
/** A deadline later than so long after its thread was told to end is not waited for: a day, ms. */
export const longestFinishMs = 86_400_000;
/** Beyond the last deadline of what such a thread runs, for the answers that say so, ms. */
const lastReplyMs = 1_000;

export type GenerationPhase = 'loading' | 'serving' | 'draining' | 'leaving' | 'ended';

/** A thread that there never was. */
class NotMade extends HeddleError {
  constructor(reason: unknown) {
    super('RESOURCE_EXHAUSTED', 'the thread could not be made', { cause: reason });
  }
}

export class ThreadGeneration {
  /** From 1. */
  readonly number: number;
  readonly plan: GenerationPlan;
  /** Resolves when it has no thread any more and can have none. */
  readonly ended: Promise<void>;
  /** Threads replaced. */
  restarts = 0;
  /** Threads that its code has ended. */
  crashes = 0;
  readonly #options: PoolOptions;
  readonly #threads = new Map<number, PoolThread>();
  readonly #places: ThreadPlaces;
  readonly #end = Promise.withResolvers<void>();
  #phase: GenerationPhase = 'loading';
  #stopping = false;
  /** Thread that died, or did not load in time, before the generation went. */
  #lost: string | undefined;
  #closed: Promise<void> | undefined;
  #refused: QuarantinedBody[] = [];
  /** Set by `retire`. */
  #left: (() => void) | undefined;

  constructor(number: number, options: PoolOptions, plan: GenerationPlan) {
    this.number = number;
    this.plan = plan;
    this.ended = this.#end.promise;
    this.#options = options;
    this.#places = new ThreadPlaces({
      pool: options.name,
      generation: number,
      count: plan.threads,
      takes: plan.takes,
      threadName: plan.threadName,
      restart: options.restart,
      supervisor: options.supervisor,
      clock: options.clock,
      log: options.log,
      serves: (place) => this.#serves(place),
      fill: (place) => this.#replace(place),
    });
  }

  get phase(): GenerationPhase {
    return this.#phase;
  }

  /** Threads that take requests now. */
  get size(): number {
    let size = 0;
    for (const thread of this.#threads.values()) if (thread.state === 'going') size++;
    return size;
  }

  get threads(): Iterable<PoolThread> {
    return this.#threads.values();
  }

  thread(number: number): PoolThread | undefined {
    return this.#threads.get(number);
  }

  /** Its threads die too often and none is left: calls in its queue are answered UNAVAILABLE. */
  isDown(queue: string): boolean {
    return this.#places.isDown(queue);
  }

  /** The thread that did not get through its own start, or died before all went, and so failed the start. */
  get lostAtStart(): string | undefined {
    return this.#lost;
  }

  /**
   * Phase 1: spawns all threads. Resolves with what their modules serve; rejects with the first reason that one fails, or
   * ABORTED when they have not loaded the same.
   */
  async spawn(): Promise<ServedRow[]> {
    const places = Array.from({ length: this.plan.threads }, (_, place) => place);
    const served = await Promise.all(places.map((place) => this.#spawnOne(place)));
    const [first = [], ...others] = served;
    const methods = methodsOf(first);
    if (others.every((rows) => methodsOf(rows) === methods)) return first;
    throw new HeddleError(
      'ABORTED',
      `the threads of pool ${this.#options.name} have loaded different methods: its modules were changed just then; try again`,
    );
  }

  /** Phase 2: links every thread with all threads that are linked already. Throws when one has died. */
  async link(): Promise<void> {
    await Promise.all(Array.from(this.#threads.values(), (thread) => this.#linkOne(thread)));
    this.checkWhole();
  }

  /** Phase 3: all links of the process are there. Throws when a thread has died. */
  go(): void {
    this.checkWhole();
    this.#phase = 'serving';
    for (const thread of this.#threads.values()) this.#goOne(thread);
  }

  /** While it loads: throws when a thread has died. */
  checkWhole(): void {
    if (this.#lost === undefined) return;
    const before = this.number === 1 ? 'while the process started' : 'before its generation came into use';
    throw new HeddleError('UNAVAILABLE', `thread ${this.#lost} ended ${before}; see the log`);
  }

  /** Posts a message to every thread that runs. */
  tell(message: ToThread): void {
    for (const thread of this.#threads.values()) if (thread.state !== 'dead') thread.control.postMessage(message);
  }

  /** These requests, and no others, its threads must not run, nor those to come. */
  refuse(bodies: QuarantinedBody[]): void {
    if (bodies.length === 0 && this.#refused.length === 0) return;
    this.#refused = bodies;
    // Those that do not go yet get them with `go`.
    for (const { state, control } of this.#threads.values()) {
      if (state === 'going' || state === 'retiring') control.postMessage({ type: 'quarantine', bodies });
    }
  }

  /**
   * Puts a new thread in the place of one that serves: that one then finishes what it runs and ends, and no request
   * fails. False when it was not done: the thread does not serve, another successor is just starting, or this one did not
   * start.
   */
  async replace(number: number): Promise<boolean> {
    const old = this.#threads.get(number);
    if (this.#phase !== 'serving' || old?.state !== 'going' || old.replaced || this.#stopping) return false;
    // One after another: each costs a processor for a while.
    let retiring = 0;
    for (const other of this.#threads.values()) {
      if (other.isSuccessor) return false;
      if (other.state === 'retiring') retiring++;
    }
    // More than that the generation has no room for.
    if (retiring >= this.plan.threads) return false;
    old.replaced = true;
    try {
      await this.#begin(old.place, true);
    } catch (error) {
      old.replaced = false;
      if (!this.#fillsPlaces) return false;
      this.#options.log.error({ thread: old.name, err: error }, 'the thread to take its place did not start');
      // It may have died meanwhile, trusting in that one.
      if (this.#threads.get(number) !== old) this.#places.onEmpty(old.place);
      return false;
    }
    // It has died meanwhile, and the new one has its place; or the pool was told to stop.
    if (this.#threads.get(number) !== old) this.#countRestart();
    if (old.state !== 'going') return false;
    this.#count('retired');
    this.#retireOne(old);
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
      if (!this.#fillsPlaces || thread.replaced || this.#threads.get(number) !== thread) return;
      thread.replaced = true;
      this.#places.onEmpty(thread.place, as);
    });
    void thread.spawned.exited.then(() => this.#options.clock.clearTimer(timer));
  }

  /** No new call is meant for it. */
  drain(): void {
    if (this.#phase === 'serving') this.#phase = 'draining';
  }

  /**
   * Once nobody puts into its queue any more, and that is empty or down: its threads finish what they run, and end. Resolves
   * when none of them will take anything more: then the queue is free for others.
   */
  async retire(): Promise<void> {
    this.#phase = 'leaving';
    this.#places.close();
    const left = Promise.withResolvers<void>();
    this.#left = () => {
      // One that was given up never went.
      for (const thread of this.#threads.values()) if (!thread.hasLeft && !thread.givenUp) return;
      left.resolve();
    };
    for (const thread of [...this.#threads.values()]) {
      if (thread.state === 'going') this.#retireOne(thread);
      else if (thread.state === 'starting' || thread.state === 'ready') this.#abort(thread);
    }
    this.#judgeLeft();
    await left.promise;
    this.#places.handOver();
  }

  /** Of one that drains, and gets no nearer to an empty queue: what waits there is answered UNAVAILABLE. `retire` follows. */
  refuseWaiting(): void {
    // Once it leaves, the queue may be another's.
    if (this.#phase !== 'draining') return;
    this.#places.close();
    this.#places.giveUp();
  }

  /**
   * Of one that drains or leaves and takes too long: what waits in its queue and what it runs is answered UNAVAILABLE, and its
   * threads are ended. `retire` follows, if it has not been called yet.
   */
  giveUp(): void {
    this.refuseWaiting();
    if (this.#phase !== 'ended') this.#phase = 'leaving';
    for (const { number } of [...this.#threads.values()]) this.condemn(number, 'overdue');
  }

  /**
   * Of one that never went: ends it as if it had not been. Resolves when it has ended; a thread that is deep in native code
   * is not waited for longer than twice `graceMs`.
   */
  async discard(graceMs: number): Promise<void> {
    const { clock } = this.#options;
    this.#phase = 'leaving';
    this.beginStop();
    for (const thread of this.#threads.values()) {
      thread.spawned.endAlone();
      if (thread.state === 'starting') this.#abort(thread);
    }
    const tooLong = Promise.withResolvers<void>();
    const timer = clock.setTimer(2 * graceMs, tooLong.resolve);
    await Promise.race([this.stop(graceMs), tooLong.promise]);
    clock.clearTimer(timer);
    // Also what was never born is told now, and so ends.
    await Promise.race([this.#close(), tooLong.promise]);
    this.#judgeLeft();
  }

  /** From here on no thread is replaced. */
  beginStop(): void {
    this.#stopping = true;
    this.#places.close();
  }

  /**
   * Ends all threads. Resolves when they have stopped; one that does not within `graceMs` is terminated, and one that
   * was not even born by then is left to its spawner.
   */
  async stop(graceMs: number): Promise<void> {
    this.beginStop();
    await stopThreads([...this.#threads.values()], graceMs, this.#options.clock);
  }

  /** Whether its dead are replaced. */
  get #fillsPlaces(): boolean {
    return !this.#stopping && (this.#phase === 'serving' || this.#phase === 'draining');
  }

  async #spawnOne(place: number, onSpawned?: (thread: PoolThread) => void, isSuccessor = false): Promise<ServedRow[]> {
    const { name: pool, supervisor, maxRequests, clock, startTimeoutMs: boundMs = startTimeoutMs } = this.#options;
    const { takes, threadName, spawn, spinMs = this.#options.spinMs } = this.plan;
    const { thread, loaded } = bear({
      name: threadName(place),
      generation: this.number,
      place,
      takes: takes(place),
      isSuccessor,
      // A generation is what its first threads have loaded.
      kept: this.#phase === 'loading' ? undefined : this.#options.kept?.(pool, this.number),
      spawn,
      supervisor,
      maxRequests,
      spinMs,
      startTimeoutMs: boundMs,
      clock,
      onExit: (dead) => this.#onExit(dead),
      onOverdue: (late) => {
        if (this.#phase === 'loading' && !this.#stopping) this.#lost ??= late.name;
      },
      onMessage: (from, message) => this.#onMessage(from, message),
    });
    this.#threads.set(thread.number, thread);
    onSpawned?.(thread);
    return loaded;
  }

  #onMessage(thread: PoolThread, message: ToMain): void {
    if (message.type === 'leaving') {
      thread.hasLeft = true;
      const longestMs = this.#options.clock.nowMs() + longestFinishMs;
      this.#endBy(thread, Math.min(message.untilMs + lastReplyMs, longestMs));
      this.#judgeLeft();
      return;
    }
    this.#options.onMessage?.(thread.number, message);
  }

  async #linkOne(thread: PoolThread): Promise<void> {
    const { supervisor, clock } = this.#options;
    if (thread.state === 'ready') await joinThread(thread, this.plan.takes(thread.place), supervisor, clock);
  }

  #goOne(thread: PoolThread): void {
    if (thread.state !== 'ready') return;
    thread.state = 'going';
    thread.isSuccessor = false;
    letGo(thread, this.#refused, this.#options);
    this.#options.onGoing?.(thread.number);
    this.#places.judgeDown();
  }

  /** It takes nothing more, finishes what it runs, and ends. */
  #retireOne(thread: PoolThread): void {
    thread.state = 'retiring';
    thread.spawned.endAlone();
    thread.control.postMessage({ type: 'retire' } satisfies ToThread);
    const { clock, finishMs = () => finishMsDefault } = this.#options;
    this.#endBy(thread, clock.nowMs() + finishMs());
    void thread.spawned.exited.then(() => clock.clearTimer(thread.endTimer));
  }

  /** It may go on with what it runs until then, or until later if somebody has said so. */
  #endBy(thread: PoolThread, untilMs: number): void {
    const { clock } = this.#options;
    if (untilMs <= thread.endMs || thread.state === 'dead') return;
    if (thread.endTimer !== undefined) clock.clearTimer(thread.endTimer);
    thread.endMs = untilMs;
    thread.endTimer = clock.setTimer(untilMs - clock.nowMs(), () => this.condemn(thread.number, 'overdue'));
  }

  /** One that does not go yet, and never will: nothing of it is worth waiting for. */
  #abort(thread: PoolThread): void {
    thread.state = 'stopping';
    thread.givenUp = true;
    thread.spawned.endAlone();
    void thread.worker?.terminate();
  }

  #onExit(thread: PoolThread): void {
    const was = thread.state;
    thread.state = 'dead';
    this.#threads.delete(thread.number);
    const cause = was !== 'stopping' && !this.#stopping ? this.#judge(thread, was) : undefined;
    this.#options.onGone?.(thread.number);
    // Not waited for: a thread that is busy settles late, and the place of the dead one must not stay empty so long.
    void this.#options.supervisor.died(thread.number).then(() => thread.control.close());
    if (!this.#stopping && was !== 'stopping') {
      // A thread that dies while the generation starts fails the start; there is nothing to replace.
      if (this.#phase === 'loading') this.#lost ??= thread.name;
      else if (this.#fillsPlaces && !thread.replaced && !thread.isSuccessor) this.#places.onEmpty(thread.place, cause);
    }
    this.#judgeLeft();
  }

  /** Of one that leaves: whether its threads have said that they take nothing more, and whether it has any. */
  #judgeLeft(): void {
    if (this.#phase !== 'leaving') return;
    this.#left?.();
    if (this.#threads.size > 0) return;
    this.#phase = 'ended';
    void this.#close().then(() => this.#end.resolve());
  }

  #close(): Promise<void> {
    this.#closed ??= this.plan.close?.() ?? Promise.resolve();
    return this.#closed;
  }

  /** Before its row of the board is cleared: what it died of. */
  #judge(thread: PoolThread, was: ThreadState): DeathCause {
    const { name, supervisor, clock, onDeath } = this.#options;
    const death = deathOf(thread, was, name, supervisor.board, clock.nowMs());
    this.#count(`death-${death.cause}`);
    if (isOwnDoing(death.cause)) this.crashes++;
    onDeath?.(death);
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

  #replace(place: number): void {
    if (!this.#fillsPlaces) return;
    this.#countRestart();
    this.#begin(place).catch((error: unknown) => {
      if (!this.#fillsPlaces) return;
      this.#options.log.error({ place, err: error }, 'a replacement thread did not start');
      // It could not be made at all; one that was made and has died was counted where its exit was seen.
      if (error instanceof NotMade) this.#places.onEmpty(place);
    });
  }

  /** A thread for a place of a generation that goes: spawned, linked, let go. Throws when it does not get that far. */
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

  #serves(place: number): boolean {
    for (const thread of this.#threads.values()) if (thread.place === place && thread.state === 'going') return true;
    return false;
  }
}

function methodsOf(rows: readonly ServedRow[]): string {
  return rows.map(({ service, method }) => `${service}/${method}`).join();
}
