// MemoryGuard (main thread): the soft limit of a pool's `memory`. It samples each thread's heap and ArrayBuffers from
// outside; a thread that stays past the limit, or comes near V8's hard one, is drained and replaced, and no request fails.

import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { formatBytes } from '../runtime/units.ts';
import type { PoolThread } from './pool-thread.ts';
import type { ThreadPool } from './thread-pool.ts';

/** Between two samples of a thread, ms. */
const sampleEveryMs = 500;
/** Samples in a row past the limit: garbage that only waits for its collection falls below it in between. */
const samplesPast = 3;
/** At this multiple of the limit one sample is enough: V8's hard limit stands at twice. */
const urgentFactor = 1.5;
/** A new thread that is past the limit at once would be replaced for ever: so long between two, unless urgent, ms. */
const restMs = 5_000;

/** The wait after a replacement that was not done; doubles up to the second, ms. */
const retryMs = { first: sampleEveryMs, max: 60_000 } as const;

export interface GuardedPool {
  pool: ThreadPool;
  /** Undefined: no limit but V8's. */
  memoryBytes?: number | undefined;
}

export class MemoryGuard {
  #pools: readonly GuardedPool[];
  #started = false;
  readonly #clock: Clock;
  readonly #log: Logger;
  /** Samples in a row past the limit, by thread. */
  readonly #past = new WeakMap<PoolThread, number>();
  /** Threads whose sample is under way: one that is stuck gives none. */
  readonly #asked = new WeakSet<PoolThread>();
  readonly #replacedMs = new Map<ThreadPool, number>();
  /** When a replacement was last tried, and how long to wait from then on. */
  readonly #triedMs = new Map<ThreadPool, number>();
  readonly #waitMs = new Map<ThreadPool, number>();
  readonly #used = new WeakMap<PoolThread, number>();
  #timer: unknown;

  constructor(pools: readonly GuardedPool[], clock: Clock, log: Logger) {
    this.#pools = pools;
    this.#clock = clock;
    this.#log = log;
  }

  start(): void {
    this.#started = true;
    if (this.#timer !== undefined || this.#pools.every(({ memoryBytes }) => memoryBytes === undefined)) return;
    this.#again();
  }

  /** Other limits from now on, by the pool's name. */
  change(limits: ReadonlyMap<string, Pick<GuardedPool, 'memoryBytes'>>): void {
    this.#pools = this.#pools.map(({ pool }) => ({ pool, memoryBytes: limits.get(pool.name)?.memoryBytes }));
    if (this.#started) this.start();
  }

  stop(): void {
    this.#started = false;
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  /** Heap and ArrayBuffers of a thread at the last sample, bytes; undefined: there was none. */
  usedBytes(thread: PoolThread): number | undefined {
    return this.#used.get(thread);
  }

  #again(): void {
    this.#timer = this.#clock.setTimer(sampleEveryMs, () => {
      this.#timer = undefined;
      for (const guarded of this.#pools) {
        if (guarded.memoryBytes === undefined) continue;
        for (const thread of guarded.pool.threads) if (thread.state === 'going') void this.#sample(guarded, thread);
      }
      this.start();
    });
  }

  async #sample(guarded: GuardedPool, thread: PoolThread): Promise<void> {
    if (thread.worker === undefined || this.#asked.has(thread)) return;
    this.#asked.add(thread);
    try {
      const { used_heap_size: heap, external_memory: buffers } = await thread.worker.getHeapStatistics();
      this.#used.set(thread, heap + buffers);
      void this.#judge(guarded, thread, heap, buffers);
    } catch {
      // It has ended meanwhile.
    } finally {
      this.#asked.delete(thread);
    }
  }

  async #judge({ pool, memoryBytes }: GuardedPool, thread: PoolThread, heap: number, buffers: number): Promise<void> {
    if (memoryBytes === undefined) return;
    const used = heap + buffers;
    const past = used > memoryBytes ? (this.#past.get(thread) ?? 0) + 1 : 0;
    this.#past.set(thread, past);
    const isUrgent = used >= urgentFactor * memoryBytes;
    if (past < samplesPast && !isUrgent) return;
    const nowMs = this.#clock.nowMs();
    if (!this.#started || thread.state !== 'going') return;
    if (!isUrgent && nowMs - (this.#replacedMs.get(pool) ?? Number.NEGATIVE_INFINITY) < restMs) return;
    const fields = { thread: thread.name, heapBytes: heap, bufferBytes: buffers };
    const waitMs = this.#waitMs.get(pool) ?? 0;
    if (nowMs - (this.#triedMs.get(pool) ?? Number.NEGATIVE_INFINITY) < waitMs) return;
    this.#triedMs.set(pool, nowMs);
    // False: the new one did not start, or another is being replaced just now. Asked again, ever later.
    if (!(await pool.replace(thread.number))) {
      this.#waitMs.set(pool, Math.min(retryMs.max, Math.max(retryMs.first, waitMs * 2)));
      return;
    }
    this.#waitMs.delete(pool);
    this.#replacedMs.set(pool, nowMs);
    this.#log.warn(
      { ...fields, memory: formatBytes(memoryBytes) },
      'a thread is past the memory of its pool: another has taken its place, and it ends when what it runs is finished',
    );
  }
}
