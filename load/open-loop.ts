// OpenLoop: requests begin when they arrive, whatever became of those before. When as many are under way as are allowed, or
// this thread is late, an arrival waits, and its latency counts from when it came: what a stall does to those behind it is
// not left out (coordinated omission). Arrivals are drawn one by one, so those that wait cost no memory.

import type { Clock } from '../runtime/clock.ts';
import type { Arrivals } from './arrivals.ts';
import type { Loop, LoopHost } from './loop.ts';

export interface OpenLoopOptions {
  arrivals: Arrivals;
  /** No arrival from here on, ms on the clock. */
  endMs: number;
  maxInFlight: number;
  /** See LoadOptions. */
  spinMs: number;
}

export class OpenLoop implements Loop {
  readonly tags: number;
  readonly #arrivals: Arrivals;
  readonly #endMs: number;
  readonly #spinMs: number;
  readonly #clock: Clock;
  readonly #host: LoopHost;
  /** Tags that are free: the first `#freeCount`. */
  readonly #free: Int32Array;
  #freeCount: number;
  #timer: unknown;
  #isSpinning = false;
  #isPumping = false;
  /** The next arrival is due, and as many requests as are allowed are under way. */
  #isFull = false;
  #stopped = false;
  #late = 0;
  #spunMs = 0;
  /** When it last looked at the clock in vain, or 0. */
  #idleSinceMs = 0;

  constructor({ arrivals, endMs, maxInFlight, spinMs }: OpenLoopOptions, clock: Clock, host: LoopHost) {
    this.tags = maxInFlight;
    this.#arrivals = arrivals;
    this.#endMs = endMs;
    this.#spinMs = spinMs;
    this.#clock = clock;
    this.#host = host;
    this.#free = Int32Array.from({ length: maxInFlight }, (_, index) => maxInFlight - 1 - index);
    this.#freeCount = maxInFlight;
  }

  get late(): number {
    return this.#late;
  }

  /** Time that was spent looking at the clock while there was nothing else to do, ms: no load, though it costs a processor. */
  get spunMs(): number {
    return this.#spunMs;
  }

  start(): void {
    this.#pump(this.#clock.nowMs());
    this.#schedule();
  }

  ended(tag: number, nowMs: number): void {
    this.#free[this.#freeCount++] = tag;
    this.#idleSinceMs = 0;
    if (this.#stopped) return;
    const wasFull = this.#isFull;
    if (this.#arrivals.nextMs <= nowMs) this.#pump(nowMs);
    // While it was full, no timer ran: this was what it waited for.
    if (wasFull && !this.#isFull) this.#schedule();
  }

  stop(nowMs: number): number {
    if (this.#stopped) return 0;
    // This thread may be late; what came in time begins in time.
    if (!this.#isFull) this.#pump(nowMs);
    this.#stopped = true;
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    const untilMs = Math.min(nowMs, this.#endMs);
    let unsent = 0;
    for (; this.#arrivals.nextMs < untilMs; this.#arrivals.advance()) unsent++;
    return unsent;
  }

  /** Sends all that is due, as far as there is room. */
  #pump(nowMs: number): void {
    // A request that ends within `send` leaves its tag for the loop below.
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (!this.#stopped) {
      const startMs = this.#arrivals.nextMs;
      if (startMs > nowMs || startMs >= this.#endMs) {
        this.#isFull = false;
        break;
      }
      if (this.#freeCount === 0) {
        this.#isFull = true;
        break;
      }
      if (this.#isFull) this.#late++;
      this.#arrivals.advance();
      this.#host.send(this.#free[--this.#freeCount]!, startMs, nowMs);
    }
    this.#isPumping = false;
  }

  #schedule(): void {
    if (this.#stopped || this.#isFull || this.#arrivals.nextMs >= this.#endMs) return;
    if (this.#timer !== undefined || this.#isSpinning) return;
    const waitMs = this.#arrivals.nextMs - this.#clock.nowMs();
    if (waitMs > this.#spinMs || this.#spinMs === 0) {
      this.#timer = this.#clock.setTimer(Math.max(0, waitMs - this.#spinMs), () => {
        this.#timer = undefined;
        this.#wake();
      });
    } else {
      this.#isSpinning = true;
      setImmediate(() => this.#spin());
    }
  }

  /** One turn of the event loop, in which answers are read, and the clock again. */
  #spin(): void {
    this.#isSpinning = false;
    if (this.#stopped) return;
    const nowMs = this.#clock.nowMs();
    if (this.#idleSinceMs > 0) this.#spunMs += nowMs - this.#idleSinceMs;
    this.#idleSinceMs = this.#arrivals.nextMs > nowMs ? nowMs : 0;
    this.#wake();
  }

  #wake(): void {
    this.#pump(this.#clock.nowMs());
    this.#schedule();
  }
}
