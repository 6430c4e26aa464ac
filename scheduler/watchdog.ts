// Watchdog (main thread): finds threads that neither turn their event loop nor sleep. It looks at the board, where each
// turn counts up, and at Node's own account of the time that a thread spent waiting, which is read from outside; so
// parked, starting and busy threads are not taken for stuck, and no thread has to do anything for it.
//
// A thread that did neither for half of `stallWarning` is pinged, since one that is busy with a user's own callbacks has
// nothing of Heddle's to turn for. If it does not turn then: from `stallWarning` on the log names what it runs; at
// `stallLimit` it is profiled, and if it is still stuck after that, condemned.

import { hashText } from '../runtime/body-hash.ts';
import type { Clock } from '../runtime/clock.ts';
import { hottestLine } from '../runtime/cpu-profile.ts';
import type { Logger } from '../runtime/logger.ts';
import type { StallSettings } from '../runtime/settings.ts';
import type { Board } from '../runtime/shared/board.ts';
import { board as boardWord } from '../runtime/shared/layout.ts';
import { profileStuckThread } from './cpu-profile.ts';
import type { PoolThread } from './pool-thread.ts';
import type { ThreadPool } from './thread-pool.ts';

/** How often it looks, as a share of the smallest `stallWarning`; and the bounds of that, ms. */
const looksPerWarning = 2;
const lookMs = { min: 5, max: 100 } as const;
/**
 * Code that awaited something of its own goes on without a word on the board; and so seems a thread that collects
 * garbage, or that the machine gives no processor. So it is warned of later, by this factor.
 */
const unknownFactor = 4;
/** How long a stuck thread is profiled, ms. */
const profileMs = 200;
/** Threads that are profiled at once. Over it one is ended without. */
const profilesMax = 4;

export interface WatchedPool {
  pool: ThreadPool;
  stalls: StallSettings;
}

export interface WatchdogOptions {
  pools: readonly WatchedPool[];
  board: Board;
  /** Of a method of the process's table, with a body of this hash. */
  nameOf: (method: number, body: number) => string;
  clock: Clock;
  log: Logger;
  /** A warning was given. */
  onWarning: (pool: string) => void;
}

/** A thread, as last seen. */
interface Seen {
  turns: number;
  /** Time that its event loop spent waiting, ms, by Node's account. */
  idleMs: number;
  /** Since when it has neither turned nor waited, ms. */
  sinceMs: number;
  /** What began before this may have stood still with main, ms. */
  notBeforeMs: number;
  /** `#lostMs` at `sinceMs`. */
  lostMs: number;
  pinged: boolean;
  warned: boolean;
  ending: boolean;
}

export class Watchdog {
  readonly #options: WatchdogOptions;
  #pools: readonly WatchedPool[];
  /** 0: there is nothing to look for. */
  #everyMs: number;
  #started = false;
  readonly #seen = new WeakMap<PoolThread, Seen>();
  /** How long main, or the whole process, was held up in all: time that no thread can be charged with, ms. */
  #lostMs = 0;
  #isLate = false;
  #profiles = 0;
  #timer: unknown;
  #lastLookMs = 0;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#pools = options.pools;
    this.#everyMs = everyMsOf(options.pools);
  }

  start(): void {
    this.#started = true;
    if (this.#everyMs === 0 || this.#timer !== undefined) return;
    this.#lastLookMs = this.#options.clock.nowMs();
    this.#again();
  }

  stop(): void {
    this.#started = false;
    this.#clearTimer();
  }

  /** Other bounds from now on, by the pool's name; also for a thread that is stuck already. */
  change(stalls: ReadonlyMap<string, StallSettings>): void {
    this.#pools = this.#pools.map(({ pool, stalls: before }) => ({ pool, stalls: stalls.get(pool.name) ?? before }));
    this.#everyMs = everyMsOf(this.#pools);
    if (!this.#started) return;
    this.#clearTimer();
    this.start();
  }

  #clearTimer(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #again(): void {
    this.#timer = this.#options.clock.setTimer(this.#everyMs, () => {
      this.#look();
      this.#again();
    });
  }

  #look(): void {
    const nowMs = this.#options.clock.nowMs();
    // Main was held up itself, or the whole process was: what the others did meanwhile was not seen.
    const lateMs = nowMs - this.#lastLookMs - this.#everyMs;
    this.#isLate = lateMs > this.#everyMs / 2;
    if (this.#isLate) this.#lostMs += lateMs;
    this.#lastLookMs = nowMs;
    for (const { pool, stalls } of this.#pools) {
      for (const thread of pool.threads) {
        if (thread.state === 'going' || thread.state === 'retiring') this.#lookAt(pool, thread, stalls, nowMs);
      }
    }
  }

  #lookAt(pool: ThreadPool, thread: PoolThread, stalls: StallSettings, nowMs: number): void {
    const { number, worker } = thread;
    const turns = this.#options.board.gauge(number, boardWord.turns);
    const seen = this.#seen.get(thread);
    if (seen === undefined || seen.turns !== turns) {
      this.#seen.set(thread, {
        turns,
        idleMs: seen?.idleMs ?? 0,
        sinceMs: nowMs,
        notBeforeMs: this.#isLate ? nowMs : Number.NEGATIVE_INFINITY,
        lostMs: this.#lostMs,
        pinged: false,
        warned: false,
        ending: seen?.ending ?? false,
      });
      return;
    }
    const idleMs = worker?.performance.eventLoopUtilization().idle ?? 0;
    if (idleMs !== seen.idleMs) {
      seen.idleMs = idleMs;
      seen.sinceMs = nowMs;
      seen.lostMs = this.#lostMs;
      if (this.#isLate) seen.notBeforeMs = nowMs;
      seen.pinged = false;
      return;
    }
    // The board knows better when it began: the turn that it names has not ended.
    const running = this.#options.board.running(number);
    const beganMs = Math.max(running?.sinceMs ?? nowMs, seen.notBeforeMs);
    const stuckMs = nowMs - Math.min(seen.sinceMs, beganMs) - (this.#lostMs - seen.lostMs);
    if (!seen.pinged) {
      seen.pinged = true;
      thread.control.postMessage({ type: 'ping' });
      return;
    }
    const { stallWarningMs, stallLimitMs } = stalls;
    const warnAtMs = running === undefined ? unknownFactor * stallWarningMs : stallWarningMs;
    if (stallWarningMs > 0 && stuckMs >= warnAtMs && !seen.warned) {
      seen.warned = true;
      this.#options.onWarning(pool.name);
      this.#options.log.warn(
        { ...this.#what(thread, nowMs), stuckMs: Math.round(stuckMs) },
        'a handler keeps its thread',
      );
    }
    if (stallLimitMs > 0 && stuckMs >= stallLimitMs && !seen.ending) {
      seen.ending = true;
      void this.#end(pool, thread, seen.turns, stuckMs);
    }
  }

  /** What it runs now, for the log. */
  #what({ name, number }: PoolThread, nowMs: number): object {
    const running = this.#options.board.running(number);
    // Code that had awaited something of its own, which Heddle does not see begin.
    if (running === undefined) return { thread: name, method: 'unknown' };
    const { method, fiber, body, sinceMs } = running;
    return {
      thread: name,
      method: this.#options.nameOf(method, body),
      fiber,
      fingerprint: hashText(body),
      runsMs: Math.round(nowMs - sinceMs),
    };
  }

  async #end(pool: ThreadPool, thread: PoolThread, turns: number, stuckMs: number): Promise<void> {
    const { board, clock, log } = this.#options;
    const what = this.#what(thread, clock.nowMs());
    let profile: string | undefined;
    const profiles = thread.worker !== undefined && this.#profiles < profilesMax;
    if (thread.worker !== undefined && profiles) {
      this.#profiles++;
      try {
        profile = await profileStuckThread(thread.worker, profileMs, clock);
      } finally {
        this.#profiles--;
      }
    }
    const seen = this.#seen.get(thread);
    const isSame = pool.thread(thread.number) === thread && (thread.state === 'going' || thread.state === 'retiring');
    if (!isSame || board.gauge(thread.number, boardWord.turns) !== turns) {
      if (seen !== undefined) seen.ending = false;
      if (isSame)
        log.warn(
          { ...what, stuckMs: Math.round(stuckMs) },
          'a handler that kept its thread too long has ended just now',
        );
      return;
    }
    const line = profile === undefined ? undefined : hottestLine(profile);
    log.error(
      {
        ...what,
        stuckMs: Math.round(stuckMs),
        hottest: line === undefined ? undefined : { ...line, share: Number(line.share.toFixed(3)) },
      },
      profiles && profile === undefined
        ? 'a handler keeps its thread beyond stallLimit, in native code; the thread is ended and replaced'
        : 'a handler keeps its thread beyond stallLimit; the thread is ended and replaced',
    );
    pool.condemn(thread.number);
  }
}

/** How often it looks, ms; 0: nobody is to be warned of, nor ended. */
function everyMsOf(pools: readonly WatchedPool[]): number {
  const bounds = pools.flatMap(({ stalls }) => [stalls.stallWarningMs, stalls.stallLimitMs].filter((ms) => ms > 0));
  if (bounds.length === 0) return 0;
  return Math.min(lookMs.max, Math.max(lookMs.min, Math.min(...bounds) / looksPerWarning));
}
